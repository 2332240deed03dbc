// The hash of a name, built from its last label to its first, so that the hashes of all its suffixes, which a search for
// the closest encloser needs, come out of one pass over the name.

import type { FlatName } from './flat-name.ts';
import { MAX_LABELS } from './flat-name.ts';

/** 32-bit FNV-1a (Fowler, Noll, Vo), label by label. */
const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/** Suffix hashes of one name, signed: entry i is the hash of the name from label i on; the entry at `labelCount` is the root's. */
export function createSuffixHashes(): Int32Array {
  return new Int32Array(MAX_LABELS + 1);
}

export function hashSuffixes(name: FlatName, hashes: Int32Array): void {
  let hash = HASH_START;
  hashes[name.labelCount] = hash;
  for (let label = name.labelCount - 1; label >= 0; label--) {
    const start = name.labelStarts[label] ?? 0;
    const end = start + 1 + (name.bytes[start] ?? 0);
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (name.bytes[at] ?? 0), HASH_PRIME);
    hashes[label] = hash;
  }
}

/** Slots for `count` names in a table with open addressing: a power of two, at most half full, so that searches end. */
export function slotCountFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count) * 2));
}

/** FNV's low bits are its weakest: fold the high ones in. `mask`: the number of slots less one. */
export function firstSlot(hash: number, mask: number): number {
  return (hash ^ (hash >>> 15)) & mask;
}
