// The run map: what a ranking becomes when it is compiled. The address space is cut into runs, the widest stretches of
// addresses that share one preference list; a lookup is an index read and a short binary search, without any allocation.
//
//   address    ├───────────────┼─────────┼───────────────────────┼───────┤
//   run        │ 0             │ 1       │ 2                     │ 3     │      starts: where each run begins
//   list       │ eu us ap      │ us eu   │ eu us ap              │ ap us │      lists:  which preference list it has
//   index      ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵   ╵        the run at the start of every block
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

/** Runs of IPv4 addresses as unsigned 32-bit numbers. */
export type RunTableV4 = {
  readonly starts: Uint32Array;
  readonly lists: Uint32Array;
  /** The run that holds the first address of each /20, and one entry more: the last run. */
  readonly index: Uint32Array;
};

/** Runs of 64-bit IPv6 prefixes. */
export type RunTableV6 = {
  readonly startsHigh: Uint32Array;
  readonly startsLow: Uint32Array;
  readonly lists: Uint32Array;
  /** The run that holds the first address of each /23 within 2000::/3, and one entry more: that of 4000::. */
  readonly index: Uint32Array;
};

/** Marks the first entry of each tier. */
export const TIER_START = 0x8000;

/**
 * List i is entries[offsets[i]] up to entries[offsets[i + 1]]; an entry is a position in the ranking's candidates, with
 * TIER_START set on the first of every tier. A list may be shorter than the candidates (a fence), never empty unless the
 * ranking has no candidates or a fence uses none.
 */
export type PreferenceLists = { readonly offsets: Uint32Array; readonly entries: Uint16Array };

export type RankMap = { readonly v4: RunTableV4; readonly v6: RunTableV6; readonly lists: PreferenceLists };

const V4_BLOCK_BITS = 12;
const V6_BLOCK_BITS = 9;
const V6_INDEX_MASK = 0xfffff;
/** 2000:: */
const V6_INDEX_START = 0x20000000;

/** The run that holds the address, given as an unsigned 32-bit number. */
export function lookupV4(table: RunTableV4, address: number): number {
  const { starts, index } = table;
  const block = address >>> V4_BLOCK_BITS;
  let low = index[block] ?? 0;
  let high = index[block + 1] ?? 0;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((starts[middle] ?? 0) <= address) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The run that holds the 64-bit prefix (high << 32) | low, both unsigned 32-bit numbers. */
export function lookupV6(table: RunTableV6, high: number, low: number): number {
  const { startsHigh, startsLow, index } = table;
  let first = 0;
  let last = startsHigh.length - 1;
  if (high >>> 29 === 1) {
    const block = (high >>> V6_BLOCK_BITS) & V6_INDEX_MASK;
    first = index[block] ?? 0;
    last = index[block + 1] ?? 0;
  }
  while (first < last) {
    const middle = (first + last + 1) >>> 1;
    const start = startsHigh[middle] ?? 0;
    if (start < high || (start === high && (startsLow[middle] ?? 0) <= low)) first = middle;
    else last = middle - 1;
  }
  return first;
}

/** The preference list of a run. */
export function listOf(table: RunTableV4 | RunTableV6, run: number): number {
  return table.lists[run] ?? 0;
}

/** The scope for an address in `run`: 0..32. */
export function scopeV4(table: RunTableV4, run: number, address: number): number {
  const { starts } = table;
  let scope = 0;
  if (run > 0) scope = 1 + Math.clz32(address ^ ((starts[run] ?? 0) - 1));
  if (run + 1 < starts.length) scope = Math.max(scope, 1 + Math.clz32(address ^ (starts[run + 1] ?? 0)));
  return scope;
}

/** The scope for a 64-bit prefix in `run`: 0..64. */
export function scopeV6(table: RunTableV6, run: number, high: number, low: number): number {
  const { startsHigh, startsLow } = table;
  let scope = 0;
  if (run > 0) {
    const startLow = startsLow[run] ?? 0;
    const beforeHigh = (startsHigh[run] ?? 0) - (startLow === 0 ? 1 : 0);
    scope = 1 + commonBits64(high, low, beforeHigh, startLow - 1);
  }
  if (run + 1 < startsHigh.length) {
    scope = Math.max(scope, 1 + commonBits64(high, low, startsHigh[run + 1] ?? 0, startsLow[run + 1] ?? 0));
  }
  return scope;
}

/** The index of a finished table of starts: every run fills in the blocks whose first address it holds. */
export function indexV4(starts: Uint32Array): Uint32Array {
  const blocks = 2 ** (32 - V4_BLOCK_BITS);
  const index = new Uint32Array(blocks + 1);
  for (let run = 1; run < starts.length; run += 1) {
    const first = Math.ceil((starts[run] ?? 0) / 2 ** V4_BLOCK_BITS);
    const end = Math.ceil((starts[run + 1] ?? 2 ** 32) / 2 ** V4_BLOCK_BITS);
    if (first < end) index.fill(run, first, end);
  }
  index[blocks] = starts.length - 1;
  return shareUint32(index, index.length);
}

/** The index of a finished table of starts. */
export function indexV6(startsHigh: Uint32Array, startsLow: Uint32Array): Uint32Array {
  const blocks = V6_INDEX_MASK + 1;
  const index = new Uint32Array(blocks + 1);
  let first = blockBehind(startsHigh[0] ?? 0, startsLow[0] ?? 0);
  for (let run = 0; run < startsHigh.length; run += 1) {
    const end =
      run + 1 < startsHigh.length ? blockBehind(startsHigh[run + 1] ?? 0, startsLow[run + 1] ?? 0) : blocks + 1;
    if (first < end) index.fill(run, first, end);
    first = end;
  }
  return shareUint32(index, index.length);
}

/** A copy of the first `length` numbers in shared memory. */
export function shareUint32(numbers: Uint32Array, length: number): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * length));
  shared.set(numbers.subarray(0, length));
  return shared;
}

/** The first block of the index, 0 to one behind the last, that begins at or after a start. */
function blockBehind(high: number, low: number): number {
  const block = Math.ceil((high + (low === 0 ? 0 : 1) - V6_INDEX_START) / 2 ** V6_BLOCK_BITS);
  return Math.max(0, Math.min(V6_INDEX_MASK + 2, block));
}

/** How many leading bits two 64-bit values share; the halves may be any 32-bit numbers, signed or not. */
function commonBits64(highA: number, lowA: number, highB: number, lowB: number): number {
  const difference = highA ^ highB;
  return difference !== 0 ? Math.clz32(difference) : 32 + Math.clz32(lowA ^ lowB);
}
