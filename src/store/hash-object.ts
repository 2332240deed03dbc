// The name of an object in the store: the SHA-256 of its text, as git does it, so that equal objects are stored and
// fetched once and a damaged one is noticed.

import { createHash } from 'node:crypto';

/** Lower-case hex SHA-256 of the text in UTF-8. */
export function hashObject(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
