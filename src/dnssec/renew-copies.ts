// Other servers that hold a copy of a signed zone take its new signatures only with a new serial, and serials are those of
// revisions: where nothing else is committed for long, the keyring notes the time, which makes a revision of it.
//
//   signatures of a node    |———————— at least half of their validity remains, always ————————|
//   a copy                  taken with every revision, at the latest a quarter of the validity after the one before

import { isUsed, type Keyring } from './keyring.ts';

/** A copy is at most so much of a validity old, and what it holds good for as much at least. */
const RENEWAL_SHARE = 1 / 4;

export type Renewal = {
  /** The same as before where nothing is due. */
  readonly keyring: Keyring;
  /** Undefined: never, for nobody copies the zone, or it is not signed. */
  readonly nextAtMs: number | undefined;
};

export function renewCopies(keyring: Keyring, hasCopies: boolean, signatureSeconds: number, atMs: number): Renewal {
  if (!hasCopies || !isUsed(keyring)) return { keyring, nextAtMs: undefined };
  const intervalMs = 1000 * signatureSeconds * RENEWAL_SHARE;
  const { renewedAtMs } = keyring;
  // A clock that was ahead must not hold up the next one.
  if (renewedAtMs !== undefined && renewedAtMs <= atMs && atMs < renewedAtMs + intervalMs) {
    return { keyring, nextAtMs: renewedAtMs + intervalMs };
  }
  return { keyring: { ...keyring, renewedAtMs: atMs }, nextAtMs: atMs + intervalMs };
}
