// The index in front of the runs of a rank map: a trie over the first addresses of runs, whose nodes are as wide as there are
// runs below them. Address space is used very unevenly, that of IPv6 most of all: an index of equal blocks would leave ten
// thousand runs to be searched in one of them, and none in most.
//
//   root: 65,536 blocks by the first 16 bits      ┌────┬────┬────┬─────┐
//                                                 │    │ ·  │    │  ·  │
//                                                 └────┴─┼──┴────┴──┼──┘
//   a block with many runs has a node of its own    ┌──┬─┴┬──┐   ┌──┴─────────────┐
//   by the next 1 to 16 bits                        └──┴──┴──┘   └────────────────┘
//
//   a block with few      0 │ runs that begin inside (4 bits) │ the run that holds its first address (27)
//   a block with a node   1 │ bits of the node - 1 (4)        │ where the node is in the index (27)
//
// (S. Nilsson, G. Karlsson, IP-address lookup using LC-tries, 1999; here a node's width follows from the number of runs.)

import { shareUint32 } from './share-uint32.ts';

export const ROOT_BITS = 16;
/** Where the count of runs, or the bits of a node, stand in an entry. */
export const COUNT_SHIFT = 27;
export const POINTER_MASK = 2 ** COUNT_SHIFT - 1;
export const BITS_MASK = 15;

/** Numbers of a run: its first address (IPv4: one half, IPv6: two), and its list. */
export type RunWidth = 2 | 3;

/** So many runs that begin inside a block are looked through one by one. At most 15. */
const MOST_SCANNED = 8;
/** A node has as many blocks that each has so many runs, were they spread evenly. */
const RUNS_PER_BLOCK = 4;
const MOST_BITS = 16;
const HALF_BITS = 32;

/** `runs`: the numbers as signed ones, which V8 keeps in a register whatever they are. */
type Index = { entries: Uint32Array; used: number; readonly runs: Int32Array; readonly width: RunWidth };

/** The index of finished runs, in shared memory. @throws RangeError when there are more than 2^27 of either. */
export function indexRuns(runs: Uint32Array, width: RunWidth): Uint32Array {
  const count = runs.length / width;
  const signed = new Int32Array(runs.buffer, runs.byteOffset, runs.length);
  const index = { entries: new Uint32Array(2 ** ROOT_BITS + count), used: 2 ** ROOT_BITS, runs: signed, width };
  fillNode(index, { at: 0, depth: 0, bits: ROOT_BITS, first: 0, end: count });
  if (Math.max(count, index.used) > POINTER_MASK) throw new RangeError(`${count} runs are more than an index can tell`);
  return shareUint32(index.entries, index.used);
}

/**
 * A node at `at`, for the block of addresses whose first `depth` bits are decided, by the next `bits`. The run `first` holds
 * the block's first address, the runs from first + 1 up to end begin inside it.
 */
type Node = {
  readonly at: number;
  readonly depth: number;
  readonly bits: number;
  readonly first: number;
  readonly end: number;
};

/** From one block in which runs begin to the next; those between them have no more to say than which run holds them. */
function fillNode(index: Index, { at, depth, bits, first, end }: Node): void {
  const { runs, width } = index;
  const half = depth < HALF_BITS ? 0 : 1;
  const shift = HALF_BITS - bits;
  const below = depth + bits;
  let run = first;
  let next = first + 1;
  let filled = 0;
  while (next < end) {
    // The 32 bits from `depth` on of the address at which the next run begins; a shift by 32 more is the same shift.
    const block = ((runs[width * next + half] ?? 0) << depth) >>> shift;
    while (filled < block) index.entries[at + filled++] = run;
    if (isFirstAddress(index, next, below)) {
      run = next;
      next += 1;
    }
    const begin = next;
    while (next < end && ((runs[width * next + half] ?? 0) << depth) >>> shift === block) next += 1;
    const entry = indexBlock(index, below, run, begin, next);
    index.entries[at + block] = entry;
    filled = block + 1;
    run = next - 1;
  }
  while (filled < 2 ** bits) index.entries[at + filled++] = run;
}

/**
 * The entry of a block whose first address is in the run `first`, with the runs from `begin` up to `end` beginning inside. May
 * put larger entries in place of the index's.
 */
function indexBlock(index: Index, depth: number, first: number, begin: number, end: number): number {
  const inside = end - begin;
  if (inside <= MOST_SCANNED) return (inside << COUNT_SHIFT) | first;
  const child = { at: index.used, depth, bits: chooseBits(inside, depth), first, end };
  reserve(index, 2 ** child.bits);
  fillNode(index, child);
  return (1 << 31) | ((child.bits - 1) << COUNT_SHIFT) | child.at;
}

/** Whether a run begins where a block does whose first `decided` bits tell it from others. */
function isFirstAddress({ runs, width }: Index, run: number, decided: number): boolean {
  const high = runs[width * run] ?? 0;
  const low = width === 3 ? (runs[width * run + 1] ?? 0) : 0;
  if (decided < HALF_BITS) return low === 0 && high << decided === 0;
  return decided === HALF_BITS ? low === 0 : decided === 2 * HALF_BITS || low << decided === 0;
}

/** Never across the middle of an address, so that one half is enough to find a block in a node. */
function chooseBits(runs: number, depth: number): number {
  const wanted = Math.ceil(Math.log2(runs / RUNS_PER_BLOCK));
  return Math.max(1, Math.min(wanted, MOST_BITS, HALF_BITS - (depth % HALF_BITS)));
}

function reserve(index: Index, entries: number): void {
  index.used += entries;
  if (index.used <= index.entries.length) return;
  const grown = new Uint32Array(2 * index.used);
  grown.set(index.entries);
  index.entries = grown;
}
