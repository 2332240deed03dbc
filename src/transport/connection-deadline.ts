// The deadline of a connection: one at a time, and each new one takes the place of the one before.

export class ConnectionDeadline {
  readonly #onExpire: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onExpire: () => void) {
    this.#onExpire = onExpire;
    this.set(ms);
  }

  /** From now on. */
  set(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onExpire, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
