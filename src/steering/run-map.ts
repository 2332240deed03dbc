// The run map: what a ranking becomes when it is compiled. The address space is cut into runs, the widest stretches of
// addresses that share one preference list; a lookup is some reads in an index and a few in the runs, without any allocation.
//
//   address    ├───────────────┼─────────┼───────────────────────┼───────┤
//   run        │ 0             │ 1       │ 2                     │ 3     │      starts: where each run begins
//   list       │ eu us ap      │ us eu   │ eu us ap              │ ap us │      lists:  which preference list it has
//
// In front of the runs stands an index (run-index.ts), which leaves a handful of them to be looked through.
//
// Everything is typed arrays over shared memory. Neighbouring runs never have the same list.
//
// THE SCOPE of an answer (RFC 7871 section 7.2.1) is the widest prefix that holds the client and lies wholly inside its
// run. A prefix of length p leaves the run exactly when it also holds the last address before the run or the first one
// after it, and it holds those exactly when p is at most the number of leading bits that they share with the client:
//
//        before = start - 1 │ start ······ client ······ end │ after = end + 1
//                           ╰─ shares a bits ─╯╰─ shares b bits ─╯
//        scope = 1 + max(a, b), and 0 when one run covers everything

import { BITS_MASK, COUNT_SHIFT, POINTER_MASK, ROOT_BITS } from './run-index.ts';

/** IPv4: run i begins at the address runs[2 i], and its list is runs[2 i + 1]. */
export type RunTableV4 = { readonly width: 2; readonly runs: Uint32Array; readonly index: Uint32Array };

/** IPv6, by 64-bit prefixes: run i begins at (runs[3 i] << 32) | runs[3 i + 1], and its list is runs[3 i + 2]. */
export type RunTableV6 = { readonly width: 3; readonly runs: Uint32Array; readonly index: Uint32Array };

/** Marks the first entry of each tier. */
export const TIER_START = 0x8000;

/**
 * List i is entries[offsets[i]] up to entries[offsets[i + 1]]; an entry is a position in the ranking's candidates, with
 * TIER_START set on the first of every tier. A list may be shorter than the candidates (a fence), never empty unless the
 * ranking has no candidates or a fence uses none.
 */
export type PreferenceLists = { readonly offsets: Uint32Array; readonly entries: Uint16Array };

export type RankMap = { readonly v4: RunTableV4; readonly v6: RunTableV6; readonly lists: PreferenceLists };

const HALF_BITS = 32;

/** The run that holds the address, given as an unsigned 32-bit number. */
export function lookupV4({ runs, index }: RunTableV4, address: number): number {
  let entry = index[address >>> (HALF_BITS - ROOT_BITS)] ?? 0;
  for (let depth = ROOT_BITS; (entry | 0) < 0; ) {
    const bits = ((entry >>> COUNT_SHIFT) & BITS_MASK) + 1;
    entry = index[(entry & POINTER_MASK) + ((address << depth) >>> (HALF_BITS - bits))] ?? 0;
    depth += bits;
  }
  let run = entry & POINTER_MASK;
  for (let left = entry >>> COUNT_SHIFT; left > 0; left -= 1) {
    if ((runs[2 * run + 2] ?? 0) > address) break;
    run += 1;
  }
  return run;
}

/** The run that holds the 64-bit prefix (high << 32) | low, both unsigned 32-bit numbers. */
export function lookupV6({ runs, index }: RunTableV6, high: number, low: number): number {
  let entry = index[high >>> (HALF_BITS - ROOT_BITS)] ?? 0;
  for (let depth = ROOT_BITS; (entry | 0) < 0; ) {
    const bits = ((entry >>> COUNT_SHIFT) & BITS_MASK) + 1;
    // A shift by 32 more is the same shift, in the other half.
    const half = depth < HALF_BITS ? high : low;
    entry = index[(entry & POINTER_MASK) + ((half << depth) >>> (HALF_BITS - bits))] ?? 0;
    depth += bits;
  }
  let run = entry & POINTER_MASK;
  for (let left = entry >>> COUNT_SHIFT; left > 0; left -= 1) {
    const start = runs[3 * run + 3] ?? 0;
    if (start > high || (start === high && (runs[3 * run + 4] ?? 0) > low)) break;
    run += 1;
  }
  return run;
}

/** The preference list of a run. */
export function listOf({ width, runs }: RunTableV4 | RunTableV6, run: number): number {
  return runs[width * run + width - 1] ?? 0;
}

/** How many runs there are: 1 when everybody has the same list. */
export function countRuns({ width, runs }: RunTableV4 | RunTableV6): number {
  return runs.length / width;
}

/** The scope for an address in `run`: 0..32. */
export function scopeV4({ runs }: RunTableV4, run: number, address: number): number {
  let scope = 0;
  if (run > 0) scope = 1 + Math.clz32(address ^ ((runs[2 * run] ?? 0) - 1));
  if (2 * run + 2 < runs.length) scope = Math.max(scope, 1 + Math.clz32(address ^ (runs[2 * run + 2] ?? 0)));
  return scope;
}

/** The scope for a 64-bit prefix in `run`: 0..64. */
export function scopeV6({ runs }: RunTableV6, run: number, high: number, low: number): number {
  let scope = 0;
  if (run > 0) {
    const startLow = runs[3 * run + 1] ?? 0;
    const beforeHigh = (runs[3 * run] ?? 0) - (startLow === 0 ? 1 : 0);
    scope = 1 + commonBits64(high, low, beforeHigh, startLow - 1);
  }
  if (3 * run + 3 < runs.length) {
    scope = Math.max(scope, 1 + commonBits64(high, low, runs[3 * run + 3] ?? 0, runs[3 * run + 4] ?? 0));
  }
  return scope;
}

/** How many leading bits two 64-bit values share; the halves may be any 32-bit numbers, signed or not. */
function commonBits64(highA: number, lowA: number, highB: number, lowB: number): number {
  const difference = highA ^ highB;
  return difference !== 0 ? Math.clz32(difference) : 32 + Math.clz32(lowA ^ lowB);
}
