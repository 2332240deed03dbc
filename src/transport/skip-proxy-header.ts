// The PROXY header of a datagram: who asked is put onto the desk, and the query begins behind it.

import { countDropped, DROPPED_PROXY_HEADER } from '../answer/counters.ts';
import type { Desk } from '../answer/desk.ts';
import { readProxyHeader } from './proxy-header.ts';
import { isTrusted, type TrustedPeers } from './trusted-peers.ts';

/**
 * How many bytes of the datagram in `bytes[start .. start + length)` are its header: none where its sender, who is on the
 * desk, is no balancer; -1 for a balancer's that has none, or not a whole one: it is counted, and not to be answered.
 */
export function skipProxyHeader(
  trusted: TrustedPeers,
  { client, counters }: Desk,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  if (!isTrusted(trusted, client)) return 0;
  const header = readProxyHeader(bytes, start, start + length, client);
  if (header > 0) return header;
  countDropped(counters, DROPPED_PROXY_HEADER, 1);
  return -1;
}
