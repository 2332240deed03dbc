// A problem: one fault in something that people wrote, with its place and what to do about it.

export type Problem = {
  /** JSON pointer (RFC 6901) into the document, e.g. /clusters/2/endpoints/0/address. */
  readonly path: string;
  /** What is wrong, and what to do, in one or two sentences. */
  readonly message: string;
};

/** Either the value, or every problem that was found (at least one). */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `/clusters/2/region: no region has the id "eu-wst"`. */
export function formatProblem({ path, message }: Problem): string {
  return `${path}: ${message}`;
}
