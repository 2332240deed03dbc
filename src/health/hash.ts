// A short stable hash for spreading work and naming checks: FNV-1a over UTF-16 units, twice with different seeds, each
// finished with murmur3's avalanche. Not cryptographic: whoever can choose its inputs can make them collide.

const FNV_PRIME = 0x01000193;
const FNV_OFFSET = 0x811c9dc5;
const SECOND_SEED = 0x9e3779b9;

/** 32 bits, evenly spread even over inputs that differ in one character. */
export function hash32(text: string, seed = FNV_OFFSET): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME);
  }
  return avalanche(hash);
}

/** 52 bits: an integer that a double holds exactly. */
export function hash52(text: string): number {
  return (hash32(text) >>> 12) * 2 ** 32 + hash32(text, SECOND_SEED);
}

/** Two hashes as one of 32 bits: for the pairs of two lists whose members are hashed once each. */
export function combineHashes(a: number, b: number): number {
  return avalanche(a ^ b);
}

/** The fmix32 step of MurmurHash3 (Austin Appleby, public domain): every input bit reaches every output bit. */
function avalanche(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
