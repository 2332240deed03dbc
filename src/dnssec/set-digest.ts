// What a set of records is known by where its signature is looked for: 64 bits over who signs and when, the owner, the type,
// the original TTL and the records, in whatever order these stand. Two lanes of 32 bits that are mixed apart, as integers,
// for this is done for every signed answer; that two sets of an operator share all 64 is not to be expected in any time.

export type SetDigest = { a: number; b: number };

export function createSetDigest(): SetDigest {
  return { a: 0, b: 0 };
}

const PRIME_A = 0x9e3779b1 | 0;
const PRIME_B = 0x5f356495;

/** `identity`: two words that stand for the zone, its signers and the times; the owner as `words[start .. start + count)`. */
export function beginDigest(
  digest: SetDigest,
  identity: Int32Array,
  words: Int32Array,
  start: number,
  count: number,
  type: number,
  ttlSeconds: number,
): void {
  let a = (identity[0] ?? 0) ^ type;
  let b = (identity[1] ?? 0) ^ ttlSeconds;
  for (let at = start; at < start + count; at++) {
    const word = words[at] ?? 0;
    a = Math.imul(a ^ word, PRIME_A);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, PRIME_B);
    b ^= b >>> 13;
  }
  digest.a = mix(a ^ ttlSeconds);
  digest.b = mix(b ^ Math.imul(type, PRIME_A));
}

/** A sum does not ask in which order it was made. */
export function addRecord(digest: SetDigest, data: Uint8Array, start: number, length: number): void {
  let a = Math.imul(length, PRIME_B);
  let b = Math.imul(length, PRIME_A);
  for (let at = start; at < start + length; at++) {
    const octet = data[at] ?? 0;
    a = Math.imul(a ^ octet, PRIME_A);
    a ^= a >>> 15;
    b = Math.imul(b ^ octet, PRIME_B);
    b ^= b >>> 13;
  }
  digest.a = (digest.a + mix(a)) | 0;
  digest.b = (digest.b + mix(b)) | 0;
}

/** The last step of MurmurHash3 (Appleby): every bit depends on every other. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
