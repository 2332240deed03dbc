// What counts as one client where many are to have their share.

import type { Client } from './desk.ts';

/** One IPv4 address; of IPv6, what one site has at most (RFC 6177 section 2). */
const IPV6_PREFIX_BITS = 56;

/** Differs from any other's; for maps. */
export function prefixOf({ family, words }: Client): string {
  if (family === 4) return String(words[0]);
  return `${words[0]}:${(words[1] ?? 0) >>> (64 - IPV6_PREFIX_BITS)}`;
}
