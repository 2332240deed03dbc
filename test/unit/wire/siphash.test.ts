import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSipKey, SIP_KEY_WORDS, sipHash24 } from '../../../src/wire/siphash.ts';

/** Octets of the hash, as hex. */
function hashOf(key: Uint8Array, message: Uint8Array, keyAt = 0): string {
  const words = new Int32Array(keyAt + SIP_KEY_WORDS).fill(-1);
  readSipKey(words, keyAt, key);
  const out = new Int32Array(2);
  const memory = new Uint8Array(message.length + 9).fill(0xee);
  memory.set(message);
  sipHash24(words, keyAt, memory, message.length, out);
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(out[0] ?? 0, 0);
  bytes.writeInt32LE(out[1] ?? 0, 4);
  return bytes.toString('hex');
}

const counting = (length: number) => Uint8Array.from({ length }, (_, index) => index);

/** The same with 64-bit integers, straight from the paper. */
function slowHash(key: Uint8Array, message: Uint8Array): string {
  const mask = (1n << 64n) - 1n;
  const word = (bytes: Uint8Array, at: number) => Buffer.from(bytes).readBigUInt64LE(at);
  const rotate = (value: bigint, by: bigint) => ((value << by) | (value >> (64n - by))) & mask;
  const [k0, k1] = [word(key, 0), word(key, 8)];
  let [v0, v1, v2, v3] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const rounds = (count: number) => {
    for (let round = 0; round < count; round++) {
      v0 = (v0 + v1) & mask;
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & mask;
      v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & mask;
      v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & mask;
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  const padded = new Uint8Array((message.length & ~7) + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length;
  for (let at = 0; at < padded.length; at += 8) {
    v3 ^= word(padded, at);
    rounds(2);
    v0 ^= word(padded, at);
  }
  v2 ^= 0xffn;
  rounds(4);
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3);
  return out.toString('hex');
}

describe('SipHash-2-4', () => {
  // The paper's appendix A, and vectors.h of the reference implementation: key 00 01 … 0f, message 00 01 … .
  const VECTORS: readonly (readonly [number, string])[] = [
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [2, '5a4fa9d909806c0d'],
    [3, '2d7efbd796666785'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
    [63, '724506eb4c328a95'],
  ];

  it('gives what the reference implementation gives', () => {
    for (const [length, hash] of VECTORS)
      assert.equal(hashOf(counting(16), counting(length)), hash, `${length} octets`);
  });

  it('is the same as with 64-bit integers, for any key, length and content', () => {
    let state = 1;
    const random = (length: number) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 0x6c078965) + 12345) | 0;
        return state >>> 24;
      });
    for (let turn = 0; turn < 400; turn++) {
      const [key, message] = [random(16), random(turn % 41)];
      assert.equal(hashOf(key, message, turn % 3), slowHash(key, message));
    }
  });
});
