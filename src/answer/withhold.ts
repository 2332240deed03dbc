// What is said where a zone is withheld: nothing, since nobody knows what it holds (any more).

import { INVALID_DATA } from '../wire/extended-error.ts';
import { RCODE_NOERROR, RCODE_SERVFAIL, TYPE_A, TYPE_AAAA, TYPE_ANY } from '../wire/record-types.ts';
import { noteExtendedError } from '../wire/response-options.ts';
import type { Desk } from './desk.ts';
import { isKeySet } from './find-name.ts';

/**
 * Returns the rcode: of an alias that led here, what was found so far is the answer. RFC 8914 section 4.25: "Examples […]
 * include that its most recent zone might be too old or may have expired."
 */
export function withhold(desk: Desk): number {
  desk.trace?.push({ step: 'withheld' });
  desk.signer.proofCount = 0;
  if (desk.chainLength > 0) return RCODE_NOERROR;
  noteExtendedError(desk.response, INVALID_DATA);
  return RCODE_SERVFAIL;
}

/** Whether a type at a steered name of a withheld zone is not ours to speak of: addresses are, for there are none beside a service's. */
export function isForeignType({ query, found }: Desk): boolean {
  const { type } = query;
  if (!found.image.isWithheld) return false;
  return type !== TYPE_A && type !== TYPE_AAAA && type !== TYPE_ANY && !isKeySet(found, type);
}
