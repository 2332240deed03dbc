// How long signatures are good for, and when they are made anew (RFC 6781 section 4.4.2). All times in seconds since 1970.
//
//   inception   made                       due                        expiration
//   |-- an hour --|------------- half of the validity and a little more -------|
//
// Signatures of a zone do not all run out at once: each is cut by a share of its own, so that making them anew is spread
// over days, and is one and the same on every node.

import type { SignatureTimes } from './rrsig.ts';

/** Clocks of validators may be this far behind ours. */
const INCEPTION_MARGIN_SECONDS = 3600;
/** At most this share of the validity is cut from a signature. */
const JITTER_SHARE = 1 / 8;
/** A signature of which less than this share of the validity remains is made anew. */
const REFRESH_SHARE = 1 / 2;
/** What becomes due within this share of the validity is made anew already. */
const AHEAD_SHARE = 1 / 100;

/** `spread`: any 32 bits that belong to the set that is signed. */
export function chooseTimes(nowSeconds: number, validitySeconds: number, spread: number): SignatureTimes {
  const cut = Math.floor(((spread >>> 0) / 2 ** 32) * JITTER_SHARE * validitySeconds);
  return {
    inception: nowSeconds - INCEPTION_MARGIN_SECONDS,
    expiration: nowSeconds + validitySeconds - cut,
  };
}

/** From when on a signature must be made anew. */
export function dueTime(expiration: number, validitySeconds: number): number {
  return expiration - Math.floor(REFRESH_SHARE * validitySeconds);
}

/**
 * Whether one that was made before can be taken over: it is good already, and not due soon. What would be due within a
 * hundredth of the validity is signed with what is due: a zone of many names has one every few seconds otherwise.
 */
export function isGood(
  { inception, expiration }: SignatureTimes,
  validitySeconds: number,
  nowSeconds: number,
): boolean {
  const ahead = Math.floor(AHEAD_SHARE * validitySeconds);
  return inception <= nowSeconds && dueTime(expiration, validitySeconds) > nowSeconds + ahead;
}

/** A time as it stands on the wire, as the whole number nearest to `nowSeconds` (RFC 4034 section 3.1.5: RFC 1982 arithmetic). */
export function readTime(wireSeconds: number, nowSeconds: number): number {
  return nowSeconds + ((wireSeconds - nowSeconds) | 0);
}
