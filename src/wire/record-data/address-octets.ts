// IPv4 and IPv6 addresses between text and octets, as A, AAAA and service hints carry them.

import { addressOfOctets, formatAddress, parseAddress } from '../../model/address.ts';

/** Four octets, or undefined. */
export function parseIpv4(text: string): readonly number[] | undefined {
  return parseFamily(text, 4);
}

/** Sixteen octets, or undefined. Zones (`%eth0`) are no part of an address in DNS. */
export function parseIpv6(text: string): readonly number[] | undefined {
  return parseFamily(text, 6);
}

/** A plain array: a typed one takes ten times as much memory to begin with, and a zone may have a million addresses. */
function parseFamily(text: string, family: 4 | 6): readonly number[] | undefined {
  const address = parseAddress(text);
  if (address?.family !== family) return undefined;
  const octets: number[] = [];
  for (const word of address.words) octets.push(word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff);
  return octets;
}

/** Text of the four octets at `at`. */
export function formatIpv4(octets: Uint8Array, at: number): string {
  return formatAddress(addressOfOctets(octets, at, 4));
}

/** Text of the sixteen octets at `at`, as RFC 5952 wants it. */
export function formatIpv6(octets: Uint8Array, at: number): string {
  return formatAddress(addressOfOctets(octets, at, 6));
}
