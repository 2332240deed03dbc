// The secrets of server cookies, where all answer threads see them.

import { MAX_COOKIE_SECRETS } from '../model/limits.ts';
import { sharedInt32 } from '../snapshot/shared-array.ts';
import { readSipKey, SIP_KEY_WORDS } from '../wire/siphash.ts';

/**
 * Shared by all threads, and written by one while the others read: how many secrets, then SIP_KEY_WORDS for each, the one that
 * makes cookies first. Whoever reads while it is written may find a cookie invalid that was not, and then makes a good one.
 */
export type CookieSecrets = Int32Array;

export function createCookieSecrets(): CookieSecrets {
  return sharedInt32(1 + MAX_COOKIE_SECRETS * SIP_KEY_WORDS);
}

/** `secrets`: 16 octets each, MAX_COOKIE_SECRETS of them at most. */
export function writeCookieSecrets(shared: CookieSecrets, secrets: readonly Uint8Array[]): void {
  for (const [index, secret] of secrets.entries()) readSipKey(shared, 1 + index * SIP_KEY_WORDS, secret);
  shared[0] = secrets.length;
}
