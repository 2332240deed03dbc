// IPv4 and IPv6 addresses between text and octets, as A, AAAA and service hints carry them.

import { addressOfOctets, formatAddress, octetsOfAddress, parseAddress } from '../../model/address.ts';

/** Four octets, or undefined. */
export function parseIpv4(text: string): readonly number[] | undefined {
  return parseFamily(text, 4);
}

/** Sixteen octets, or undefined. Zones (`%eth0`) are no part of an address in DNS. */
export function parseIpv6(text: string): readonly number[] | undefined {
  return parseFamily(text, 6);
}

function parseFamily(text: string, family: 4 | 6): readonly number[] | undefined {
  const address = parseAddress(text);
  return address?.family === family ? [...octetsOfAddress(address)] : undefined;
}

/** Text of the four octets at `at`. */
export function formatIpv4(octets: Uint8Array, at: number): string {
  return formatAddress(addressOfOctets(octets, at, 4));
}

/** Text of the sixteen octets at `at`, as RFC 5952 wants it. */
export function formatIpv6(octets: Uint8Array, at: number): string {
  return formatAddress(addressOfOctets(octets, at, 6));
}
