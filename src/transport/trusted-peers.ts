// The balancers whose word about their clients is taken: those who send the PROXY protocol (setting dns.proxyProtocol.from).

import type { Client } from '../answer/desk.ts';
import { maskPrefix, type Prefix } from '../model/address.ts';

/** Without bits behind their lengths. */
export type TrustedPeers = readonly Prefix[];

/** Undefined where there are none: then nothing is asked of a datagram. */
export function trustPeers(prefixes: readonly Prefix[]): TrustedPeers | undefined {
  return prefixes.length === 0 ? undefined : prefixes.map(maskPrefix);
}

/** Asked for every datagram where there are any: it allocates nothing. */
export function isTrusted(trusted: TrustedPeers, { family, words }: Client): boolean {
  for (const prefix of trusted) {
    if (prefix.family === family && isWithin(words, prefix)) return true;
  }
  return false;
}

function isWithin(words: Uint32Array, { words: wanted, length }: Prefix): boolean {
  for (let word = 0; 32 * word < length; word++) {
    const kept = length - 32 * word;
    const mask = kept >= 32 ? 0xffffffff : -1 << (32 - kept);
    if ((((words[word] ?? 0) ^ (wanted[word] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
