// Writes the OPT record of a response and its options (RFC 6891 section 6.1). What it says beside the client subnet is chosen
// before the response is begun, so that room is kept; an extended error is found out while composing, and takes what is left.
//
// Serves RFC 5001 (NSID), RFC 7828 (keepalive), RFC 7830 and RFC 8467 (padding), RFC 7871 (client subnet), RFC 7873
// (cookies), RFC 8914 (extended errors).

import { extraTextOf } from './extended-error.ts';
import {
  type ClientSubnet,
  HAS_COOKIE,
  HAS_KEEPALIVE,
  HAS_NSID,
  HAS_PADDING,
  type QueryOptions,
} from './query-options.ts';
import {
  OPTION_CLIENT_SUBNET,
  OPTION_COOKIE,
  OPTION_EXTENDED_ERROR,
  OPTION_KEEPALIVE,
  OPTION_NSID,
  OPTION_PADDING,
} from './record-types.ts';
import { copyBytes, write16 } from './write-bytes.ts';

/** What the response says in options. `options` is chosen by whoever answers, and stays until it is chosen anew. */
export type ResponseOptions = {
  /** HAS_* bits of query-options.ts: which of the following are sent. None where the query has no EDNS. */
  options: number;
  nsid: Uint8Array;
  /** The client's cookie and ours. */
  readonly cookies: Uint8Array;
  /** How long a connection may be idle, in units of 100 ms (RFC 7828 section 3.1). */
  keepaliveUnits: number;
  /** INFO-CODE, or NO_EXTENDED_ERROR. */
  extendedError: number;
};

/** A client cookie and a server cookie of RFC 9018. */
export const COOKIES_BYTES = 24;
export const OPT_BYTES = 11;
const OPTION_HEADER_BYTES = 4;
const SUBNET_HEADER_BYTES = 4;
const KEEPALIVE_BYTES = 2;
const INFO_CODE_BYTES = 2;
/** RFC 8467 section 4.1: responses are padded to a multiple of this. */
const PADDING_BLOCK_BYTES = 468;

/** Room that the options need, the subnet, an extended error and padding apart: those two take what is left. */
export function chosenOptionBytes({ options, nsid }: ResponseOptions): number {
  let bytes = 0;
  if (options & HAS_NSID) bytes += OPTION_HEADER_BYTES + nsid.length;
  if (options & HAS_COOKIE) bytes += OPTION_HEADER_BYTES + COOKIES_BYTES;
  if (options & HAS_KEEPALIVE) bytes += OPTION_HEADER_BYTES + KEEPALIVE_BYTES;
  return bytes;
}

export function subnetOptionBytes(subnet: ClientSubnet): number {
  return OPTION_HEADER_BYTES + SUBNET_HEADER_BYTES + ((subnet.sourceLength + 7) >>> 3);
}

/** RFC 7871 section 7.2.1: the option as it was sent, with how far the answer holds. Returns the offset behind it. */
export function writeSubnet(bytes: Uint8Array, at: number, { subnet }: QueryOptions, scopeLength: number): number {
  const addressBytes = (subnet.sourceLength + 7) >>> 3;
  at = write16(bytes, at, OPTION_CLIENT_SUBNET);
  at = write16(bytes, at, SUBNET_HEADER_BYTES + addressBytes);
  at = write16(bytes, at, subnet.family);
  bytes[at++] = subnet.sourceLength;
  bytes[at++] = scopeLength;
  for (let index = 0; index < addressBytes; index++) {
    bytes[at++] = (subnet.words[index >>> 2] ?? 0) >>> (24 - 8 * (index & 3));
  }
  return at;
}

/** Those for which room was kept. Returns the offset behind them. */
export function writeChosenOptions(bytes: Uint8Array, at: number, response: ResponseOptions): number {
  const { options, nsid, cookies, keepaliveUnits } = response;
  if (options & HAS_NSID) {
    at = write16(bytes, write16(bytes, at, OPTION_NSID), nsid.length);
    at = copyBytes(bytes, at, nsid, 0, nsid.length);
  }
  if (options & HAS_COOKIE) {
    at = write16(bytes, write16(bytes, at, OPTION_COOKIE), COOKIES_BYTES);
    at = copyBytes(bytes, at, cookies, 0, COOKIES_BYTES);
  }
  if (options & HAS_KEEPALIVE) {
    at = write16(bytes, write16(bytes, at, OPTION_KEEPALIVE), KEEPALIVE_BYTES);
    at = write16(bytes, at, keepaliveUnits);
  }
  return at;
}

/** Room that the extended error takes: with its text, without, or none where not even the code fits into `room`. */
export function extendedErrorBytes(code: number, room: number): number {
  const bare = OPTION_HEADER_BYTES + INFO_CODE_BYTES;
  const whole = bare + extraTextOf(code).length;
  return room >= whole ? whole : room >= bare ? bare : 0;
}

/** `length` as extendedErrorBytes said. */
export function writeExtendedError(bytes: Uint8Array, at: number, code: number, length: number): number {
  const dataBytes = length - OPTION_HEADER_BYTES;
  at = write16(bytes, write16(bytes, at, OPTION_EXTENDED_ERROR), dataBytes);
  at = write16(bytes, at, code);
  return copyBytes(bytes, at, extraTextOf(code), 0, dataBytes - INFO_CODE_BYTES);
}

/**
 * The last option of all: fills the message, `length` bytes long so far, up to a whole block, or to `limit` where that comes
 * first. Octets of 0 (RFC 7830 section 3).
 */
export function writePadding(bytes: Uint8Array, at: number, length: number, limit: number): number {
  const bare = length + OPTION_HEADER_BYTES;
  if (bare > limit) return at;
  const whole = Math.min(limit, Math.ceil(bare / PADDING_BLOCK_BYTES) * PADDING_BLOCK_BYTES);
  at = write16(bytes, write16(bytes, at, OPTION_PADDING), whole - bare);
  bytes.fill(0, at, at + whole - bare);
  return at + whole - bare;
}

export function isPadded({ options }: ResponseOptions): boolean {
  return (options & HAS_PADDING) !== 0;
}
