// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), the keyed hash of DNS server cookies (RFC 9018
// section 4.4). JavaScript has no 64-bit integers that cost nothing, so each is two of 32 bits: low and high.

/** A key of 128 bits is four words, as `readSipKey` gives them. */
export const SIP_KEY_WORDS = 4;

/** `key[at ..]`: where the words of a key go; `bytes`: its octets in the order in which people write them. */
export function readSipKey(key: Int32Array, at: number, bytes: ArrayLike<number>): void {
  for (let word = 0; word < SIP_KEY_WORDS; word++) {
    let value = 0;
    for (let index = 3; index >= 0; index--) value = (value << 8) | (bytes[4 * word + index] ?? 0);
    key[at + word] = value;
  }
}

/**
 * Hashes `bytes[0 .. length)` with the key at `key[keyAt ..]` into `out`: the low word, then the high one. The octets of the
 * hash are those words, least significant octet first.
 */
export function sipHash24(key: Int32Array, keyAt: number, bytes: Uint8Array, length: number, out: Int32Array): void {
  const key0Low = key[keyAt] ?? 0;
  const key0High = key[keyAt + 1] ?? 0;
  const key1Low = key[keyAt + 2] ?? 0;
  const key1High = key[keyAt + 3] ?? 0;
  // "somepseudorandomlygeneratedbytes".
  let v0Low = key0Low ^ 0x70736575;
  let v0High = key0High ^ 0x736f6d65;
  let v1Low = key1Low ^ 0x6e646f6d;
  let v1High = key1High ^ 0x646f7261;
  let v2Low = key0Low ^ 0x6e657261;
  let v2High = key0High ^ 0x6c796765;
  let v3Low = key1Low ^ 0x79746573;
  let v3High = key1High ^ 0x74656462;
  const whole = length & ~7;
  // Each turn takes in eight octets; the last but one what is left of them, with the length; the last one finishes.
  for (let at = 0; at <= whole + 8; at += 8) {
    const isFinish = at > whole;
    let wordLow = 0;
    let wordHigh = 0;
    if (isFinish) v2Low ^= 0xff;
    else if (at < whole) {
      wordLow = readWord(bytes, at, 4);
      wordHigh = readWord(bytes, at + 4, 4);
    } else {
      wordLow = readWord(bytes, at, Math.min(4, length - at));
      wordHigh = readWord(bytes, at + 4, length - at - 4) | (length << 24);
    }
    v3Low ^= wordLow;
    v3High ^= wordHigh;
    for (let round = isFinish ? 4 : 2; round > 0; round--) {
      let low = (v0Low + v1Low) | 0;
      v0High = (v0High + v1High + carry(low, v0Low)) | 0;
      v0Low = low;
      let high = (v1High << 13) | (v1Low >>> 19);
      v1Low = ((v1Low << 13) | (v1High >>> 19)) ^ v0Low;
      v1High = high ^ v0High;
      low = v0Low;
      v0Low = v0High;
      v0High = low;

      low = (v2Low + v3Low) | 0;
      v2High = (v2High + v3High + carry(low, v2Low)) | 0;
      v2Low = low;
      high = (v3High << 16) | (v3Low >>> 16);
      v3Low = ((v3Low << 16) | (v3High >>> 16)) ^ v2Low;
      v3High = high ^ v2High;

      low = (v0Low + v3Low) | 0;
      v0High = (v0High + v3High + carry(low, v0Low)) | 0;
      v0Low = low;
      high = (v3High << 21) | (v3Low >>> 11);
      v3Low = ((v3Low << 21) | (v3High >>> 11)) ^ v0Low;
      v3High = high ^ v0High;

      low = (v2Low + v1Low) | 0;
      v2High = (v2High + v1High + carry(low, v2Low)) | 0;
      v2Low = low;
      high = (v1High << 17) | (v1Low >>> 15);
      v1Low = ((v1Low << 17) | (v1High >>> 15)) ^ v2Low;
      v1High = high ^ v2High;
      low = v2Low;
      v2Low = v2High;
      v2High = low;
    }
    v0Low ^= wordLow;
    v0High ^= wordHigh;
  }
  out[0] = v0Low ^ v1Low ^ v2Low ^ v3Low;
  out[1] = v0High ^ v1High ^ v2High ^ v3High;
}

/** What the sum `low` of something and `part` carries into the high word. */
function carry(low: number, part: number): number {
  return low >>> 0 < part >>> 0 ? 1 : 0;
}

/** Up to four octets, least significant first; none where `count` is not above 0. */
function readWord(bytes: Uint8Array, at: number, count: number): number {
  let word = 0;
  for (let index = count - 1; index >= 0; index--) word = (word << 8) | (bytes[at + index] ?? 0);
  return word;
}
