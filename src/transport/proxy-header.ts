// The header of the PROXY protocol, version 2, with which a balancer says on whose behalf it speaks (haproxy's
// proxy-protocol.txt section 2.2). At the start of a connection, or of each datagram (as dnsdist and PowerDNS have it):
//
//    0                         12         13          14       16            16 + length
//   | 0D0A0D0A 000D0A5155495 40A | 2, command | family, … | length | addresses, TLVs | what the client sent …
//
// Version 1, the one in text, is refused: it has no place in a datagram, and every balancer speaks this one.

import type { Client } from '../answer/desk.ts';

/** Room for the addresses (36 bytes for IPv6) and for TLVs, which are skipped; dnsdist takes half of it by default. */
export const MAX_PROXY_HEADER_BYTES = 1024;

/** More bytes are needed. */
export const HEADER_INCOMPLETE = 0;
export const HEADER_MALFORMED = -1;

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const FIXED_BYTES = 16;

const COMMAND_LOCAL = 0;
const COMMAND_PROXY = 1;
const FAMILY_INET = 1;
const FAMILY_INET6 = 2;
const FAMILY_UNIX = 3;
const MAX_TRANSPORT = 2;

/**
 * Reads the header that begins at `start`; nothing at or behind `end` is looked at. Returns its length, HEADER_INCOMPLETE or
 * HEADER_MALFORMED. The client that it names takes the place of the one in `client`, which must be the balancer: that one
 * stays where the balancer speaks for itself (LOCAL), or for something without an address that we know.
 */
export function readProxyHeader(bytes: Uint8Array, start: number, end: number, client: Client): number {
  const available = end - start;
  for (let index = 0; index < SIGNATURE.length && index < available; index++) {
    if (bytes[start + index] !== SIGNATURE[index]) return HEADER_MALFORMED;
  }
  if (available < FIXED_BYTES) return HEADER_INCOMPLETE;
  const command = (bytes[start + 12] ?? 0) & 15;
  const family = (bytes[start + 13] ?? 0) >>> 4;
  const transport = (bytes[start + 13] ?? 0) & 15;
  if ((bytes[start + 12] ?? 0) >>> 4 !== 2 || command > COMMAND_PROXY) return HEADER_MALFORMED;
  if (family > FAMILY_UNIX || transport > MAX_TRANSPORT) return HEADER_MALFORMED;
  const bodyBytes = ((bytes[start + 14] ?? 0) << 8) | (bytes[start + 15] ?? 0);
  const length = FIXED_BYTES + bodyBytes;
  if (length > MAX_PROXY_HEADER_BYTES || bodyBytes < leastBody(command, family)) return HEADER_MALFORMED;
  if (length > available) return HEADER_INCOMPLETE;
  if (command === COMMAND_LOCAL) return length;
  if (family === FAMILY_INET) setV4(client, read32(bytes, start + FIXED_BYTES));
  if (family === FAMILY_INET6) setV6(client, bytes, start + FIXED_BYTES);
  return length;
}

/** Source and destination, addresses and then ports; of LOCAL they are to be ignored, whatever they are. */
function leastBody(command: number, family: number): number {
  if (command === COMMAND_LOCAL) return 0;
  if (family === FAMILY_INET) return 12;
  return family === FAMILY_INET6 ? 36 : 0;
}

function setV4(client: Client, word: number): void {
  client.family = 4;
  client.words.fill(0);
  client.words[0] = word;
}

/** A balancer whose socket takes both families has IPv4 clients as ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
function setV6(client: Client, bytes: Uint8Array, at: number): void {
  const isMapped = read32(bytes, at) === 0 && read32(bytes, at + 4) === 0 && read32(bytes, at + 8) === 0xffff;
  if (isMapped) {
    setV4(client, read32(bytes, at + 12));
    return;
  }
  client.family = 6;
  for (let word = 0; word < 4; word++) client.words[word] = read32(bytes, at + 4 * word);
}

function read32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}
