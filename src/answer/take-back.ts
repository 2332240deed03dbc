// Undoing what does not fit.

import type { Response } from '../wire/response.ts';

/**
 * A set of records goes in whole, with its signatures, or not at all: what was begun at `at` is taken back, and TC set (RFC 2181
 * section 9, RFC 4035 section 3.1.1). Returns false, as whoever began it does then.
 */
export function takeBack(response: Response, at: number): false {
  response.at = at;
  response.truncated = true;
  return false;
}
