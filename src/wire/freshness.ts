// How long an answer may be kept, read from the answer itself: what HTTP caches are told (RFC 8484 section 5.1).

import { HEADER_BYTES } from './query.ts';
import { TYPE_SOA } from './record-types.ts';

/**
 * Seconds for which the answer in `bytes`, one that we composed ourselves, holds: the least TTL of its answer section;
 * where that is empty, the SOA's TTL or MINIMUM, whichever is less (RFC 2308 section 5); 0 where there is neither.
 */
export function freshnessOf(bytes: Uint8Array): number {
  const answers = read16(bytes, 6);
  const records = answers > 0 ? answers : read16(bytes, 8);
  let least = Number.POSITIVE_INFINITY;
  let at = HEADER_BYTES;
  for (let question = 0; question < read16(bytes, 4); question++) at = skipName(bytes, at) + 4;
  for (let record = 0; record < records; record++) {
    at = skipName(bytes, at);
    const end = at + 10 + read16(bytes, at + 8);
    if (answers > 0) least = Math.min(least, read32(bytes, at + 4));
    else if (read16(bytes, at) === TYPE_SOA) least = Math.min(least, read32(bytes, at + 4), read32(bytes, end - 4));
    at = end;
  }
  return Number.isFinite(least) ? least : 0;
}

/** The offset behind the name. A pointer ends it. */
function skipName(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let length = bytes[at] ?? 0; length !== 0; length = bytes[at] ?? 0) {
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return at + 1;
}

function read16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function read32(bytes: Uint8Array, at: number): number {
  return read16(bytes, at) * 0x10000 + read16(bytes, at + 2);
}
