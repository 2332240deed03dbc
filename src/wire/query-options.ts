// The EDNS options of a query that mean something to us; all others are passed over (RFC 6891 section 6.1.2). Read strictly:
// what is badly formed makes the whole query FORMERR.
//
// Serves RFC 5001 (NSID), RFC 7828 (keepalive), RFC 7830 (padding), RFC 7871 (client subnet), RFC 7873 (cookies).

import { OPTION_CLIENT_SUBNET, OPTION_COOKIE, OPTION_KEEPALIVE, OPTION_NSID, OPTION_PADDING } from './record-types.ts';

/** The part of a Query that is about its options. Byte offsets count from the start of the query's `bytes`. */
export type QueryOptions = {
  /** HAS_* bits: which of the options below the query has. */
  options: number;
  /** Where the data of the cookie option begins and how long it is: 8 for a client's cookie alone, 16 to 40 with a server's. */
  cookieStart: number;
  cookieBytes: number;
  readonly subnet: ClientSubnet;
};

/** EDNS client subnet: the prefix on whose behalf a resolver asks (RFC 7871 section 6). */
export type ClientSubnet = {
  present: boolean;
  /** 1 IPv4, 2 IPv6; 0 only together with a source length of 0. */
  family: number;
  sourceLength: number;
  /** The address, left aligned, as 32-bit words; IPv4 uses the first only. */
  readonly words: Uint32Array;
};

export const HAS_NSID = 1;
export const HAS_COOKIE = 2;
export const HAS_KEEPALIVE = 4;
export const HAS_PADDING = 8;

/** RFC 7873 section 4. */
export const CLIENT_COOKIE_BYTES = 8;
const MIN_COOKIES_BYTES = 16;
const MAX_COOKIES_BYTES = 40;

export function createSubnet(): ClientSubnet {
  return { present: false, family: 0, sourceLength: 0, words: new Uint32Array(4) };
}

/** What `options` does not name is not looked at, so that it need not be cleared. */
export function clearOptions(query: QueryOptions): void {
  query.options = 0;
  query.subnet.present = false;
}

/** Reads the options in `bytes[start .. end)`; false when one of them is badly formed. */
export function parseOptions(query: QueryOptions, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    if (at + 4 > end) return false;
    const code = read16(bytes, at);
    const optionStart = at + 4;
    const optionEnd = optionStart + read16(bytes, at + 2);
    if (optionEnd > end) return false;
    if (code === OPTION_CLIENT_SUBNET) {
      if (query.subnet.present || !parseClientSubnet(query.subnet, bytes, optionStart, optionEnd)) return false;
    } else if (!parseOther(query, code, optionStart, optionEnd - optionStart)) return false;
    at = optionEnd;
  }
  return true;
}

function parseOther(query: QueryOptions, code: number, start: number, length: number): boolean {
  switch (code) {
    case OPTION_COOKIE:
      return parseCookie(query, start, length);
    // Of the others it counts that they are there. What a client writes into NSID (RFC 5001 section 2.1), keepalive
    // (RFC 7828 section 3.2.1) and padding (RFC 7830 section 3) has no meaning.
    case OPTION_NSID:
      query.options |= HAS_NSID;
      return true;
    case OPTION_KEEPALIVE:
      query.options |= HAS_KEEPALIVE;
      return true;
    case OPTION_PADDING:
      query.options |= HAS_PADDING;
      return true;
    default:
      return true;
  }
}

/**
 * RFC 7873 section 5.2.2: too short for a client cookie, or between that and the shortest with a server cookie, or longer
 * than the longest is FORMERR. Of several, the first counts.
 */
function parseCookie(query: QueryOptions, start: number, length: number): boolean {
  if (query.options & HAS_COOKIE) return true;
  if (length !== CLIENT_COOKIE_BYTES && (length < MIN_COOKIES_BYTES || length > MAX_COOKIES_BYTES)) return false;
  query.options |= HAS_COOKIE;
  query.cookieStart = start;
  query.cookieBytes = length;
  return true;
}

/**
 * RFC 7871 section 6: family, source and scope length, then just the bytes that the source length covers, the bits
 * behind it zero. Section 7.2.1: "A query with a wrongly formatted option (e.g., an unknown FAMILY) MUST be rejected".
 */
function parseClientSubnet(subnet: ClientSubnet, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 4) return false;
  const family = read16(bytes, start);
  const sourceLength = bytes[start + 2] ?? 0;
  const scopeLength = bytes[start + 3] ?? 0;
  const longest = family === 1 ? 32 : family === 2 ? 128 : 0;
  const addressStart = start + 4;
  if (family > 2 || sourceLength > longest || scopeLength !== 0) return false;
  if (end - addressStart !== (sourceLength + 7) >>> 3) return false;
  const spareBits = -sourceLength & 7;
  if (spareBits !== 0 && ((bytes[end - 1] ?? 0) & ((1 << spareBits) - 1)) !== 0) return false;
  const { words } = subnet;
  // A loop: fill is a call, and these are four words.
  for (let word = 0; word < words.length; word++) words[word] = 0;
  for (let at = addressStart; at < end; at++) {
    const index = at - addressStart;
    words[index >>> 2] = (words[index >>> 2] ?? 0) | ((bytes[at] ?? 0) << (24 - 8 * (index & 3)));
  }
  subnet.present = true;
  subnet.family = family;
  subnet.sourceLength = sourceLength;
  return true;
}

function read16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
