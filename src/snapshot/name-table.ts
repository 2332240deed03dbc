// The index of names: one hash table for all zones. The hash of a name is built from its last label to its first, so that
// the hashes of all its suffixes, which a search for the closest encloser needs, come out of one pass over the name.

import type { FlatName } from '../wire/flat-name.ts';
import { MAX_LABELS } from '../wire/flat-name.ts';
import type { NameTable } from './snapshot.ts';
import { NONE } from './snapshot.ts';

/** 32-bit FNV-1a (Fowler, Noll, Vo), label by label. */
const HASH_START = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** Suffix hashes of one name: entry i is the hash of the name from label i on; the entry at `labelCount` is the root's. */
export function createSuffixHashes(): Uint32Array {
  return new Uint32Array(MAX_LABELS + 1);
}

export function hashSuffixes(name: FlatName, hashes: Uint32Array): void {
  let hash = HASH_START;
  hashes[name.labelCount] = hash;
  for (let label = name.labelCount - 1; label >= 0; label--) {
    const start = name.labelStarts[label] ?? 0;
    const end = start + 1 + (name.bytes[start] ?? 0);
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (name.bytes[at] ?? 0), HASH_PRIME);
    hashes[label] = hash;
  }
}

/** The node of the name's suffix that begins at label `label`, or NONE. */
export function findNode(names: NameTable, name: FlatName, label: number, hash: number): number {
  const { slots } = names;
  const mask = slots.length - 1;
  const start = name.labelStarts[label] ?? 0;
  const length = name.length - start;
  // At most half of the slots are taken, so an empty one ends every search.
  for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
    const node = (slots[slot] ?? 0) - 1;
    if (node < 0) return NONE;
    if (names.hashes[node] === hash && names.textLengths[node] === length) {
      if (sameBytes(names.text, names.textStarts[node] ?? 0, name.bytes, start, length)) return node;
    }
  }
}

/** Enters `node`, whose hash is known, into `slots`: used while compiling. */
export function insertNode(slots: Uint32Array, node: number, hash: number): void {
  const mask = slots.length - 1;
  let slot = spread(hash) & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = node + 1;
}

/** Slots for `count` names: a power of two, at most half full. */
export function slotCountFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count) * 2));
}

/** FNV's low bits are its weakest: fold the high ones in. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}

function sameBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (a[aStart + index] !== b[bStart + index]) return false;
  }
  return true;
}
