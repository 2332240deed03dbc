// To whom it is said that a zone has changed at its primary (RFC 1996): whoever copies it, in another thread and perhaps on
// another machine. Saying so costs a query nothing and waits for nobody; how often it is passed on is not decided here.

export type HintDesk = {
  /** `zone`: its name as the snapshot has it; `address`: who said so, in its canonical form. */
  note(hint: { readonly zone: string; readonly address: string }): void;
};
