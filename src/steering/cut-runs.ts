// From places to runs: goes once through all words of a family's place map and notes where the preference list changes. The
// prefixes of rules cut the address space into segments, each with rules of its own; words know nothing of them:
//
//   words      ├────────────┼──────┼──────────────────┼─────────┤
//   segments   ├───────────────────────┼─────┼──────────────────┤
//   a run may begin   ↑     ↑      ↑   ↑     ↑         ↑
//
// Words are taken in portions: first the list of each, then the runs of all. There are millions of words, and whether the list
// of the next is another one is anybody's guess, so the second loop has no branch to be guessed. Its numbers are 32 bits
// with a sign, which V8 keeps in a register whatever they are; in the runs they are the same bits without one.

import {
  type FoundWord,
  findWord,
  LENGTH_HIGH,
  LENGTH_LOW,
  LENGTH_MASK,
  PLACE_SHIFT,
  type PlaceSteps,
} from '../geo/place-steps.ts';
import { NO_PREFIX_RULES, type Segments } from './rank-cidr.ts';
import type { PlaceRanker } from './rank-places.ts';
import type { RunWidth } from './run-index.ts';
import { shareUint32 } from './share-uint32.ts';

type Address = { readonly high: number; readonly low: number };

/** Runs in the making, `used` numbers of them. */
type RunWriter = { readonly runs: Int32Array; readonly width: RunWidth; used: number; lastList: number };

const HALF = 2 ** 32;
const PORTION_WORDS = 4096;
/** No list: ids begin at 0. */
const NO_LIST = -1;

const SIGNED_LENGTH_HIGH = Int32Array.from(LENGTH_HIGH);
const SIGNED_LENGTH_LOW = Int32Array.from(LENGTH_LOW);

/** The runs of one family, in shared memory. `width`: see RunTableV4 and RunTableV6. */
export function cutRuns(steps: PlaceSteps, segments: Segments, ranker: PlaceRanker, width: RunWidth): Uint32Array {
  // Reserved for the worst case and the draft of one more; only what is written takes memory, and only runs are kept.
  const runs = new Int32Array(width * (steps.words.length + segments.rules.length + 1));
  const writer: RunWriter = { runs, width, used: 0, lastList: NO_LIST };
  let begin: FoundWord = { at: 0, high: 0, low: 0 };
  for (const [segment, prefixRules] of segments.rules.entries()) {
    const next = { high: segments.high[segment + 1] ?? HALF, low: segments.low[segment + 1] ?? 0 };
    const end = next.high === HALF ? { at: steps.words.length, ...next } : findWord(steps, next.high, next.low);
    const start = { high: segments.high[segment] ?? 0, low: segments.low[segment] ?? 0 };
    const isAtWord = end.high === next.high && end.low === next.low;
    cutSegment(writer, steps.words, begin, isAtWord ? end.at : end.at + 1, start, ranker, prefixRules);
    begin = end;
  }
  const kept = shareUint32(new Uint32Array(runs.buffer), writer.used);
  // Given back now: nothing else would make this thread collect garbage soon.
  runs.buffer.transfer(0);
  return kept;
}

/** The words from `begin` up to `endAt`; of the first one only what lies behind `start`. */
function cutSegment(
  writer: RunWriter,
  words: Uint32Array,
  begin: FoundWord,
  endAt: number,
  start: Address,
  ranker: PlaceRanker,
  prefixRules: readonly number[],
): void {
  const lists = new Int32Array(PORTION_WORDS);
  let { high, low } = begin;
  for (let at = begin.at; at < endAt; at += PORTION_WORDS) {
    const portion = words.subarray(at, Math.min(endAt, at + PORTION_WORDS));
    if (prefixRules === NO_PREFIX_RULES) findLists(lists, portion, ranker.everywhere);
    else findListsWithPrefixes(lists, portion, ranker, prefixRules);
    if (at === begin.at && lists[0] !== writer.lastList) writeRun(writer, lists[0] ?? 0, start);
    ({ high, low } = cutPortion(writer, portion, lists, high | 0, low | 0));
  }
}

function findLists(lists: Int32Array, portion: Uint32Array, everywhere: Uint32Array): void {
  for (let at = 0; at < portion.length; at += 1) lists[at] = everywhere[(portion[at] ?? 0) >>> PLACE_SHIFT] ?? 0;
}

function findListsWithPrefixes(
  lists: Int32Array,
  portion: Uint32Array,
  ranker: PlaceRanker,
  prefixRules: readonly number[],
): void {
  for (let at = 0; at < portion.length; at += 1) {
    lists[at] = ranker.rankWithPrefixes((portion[at] ?? 0) >>> PLACE_SHIFT, prefixRules);
  }
}

function writeRun(writer: RunWriter, list: number, { high, low }: Address): void {
  const { runs, width, used } = writer;
  runs[used] = high;
  runs[used + 1] = low;
  runs[used + width - 1] = list;
  writer.used += width;
  writer.lastList = list;
}

/**
 * The runs of words that begin at (high, low), and where they end. Each word is written as a run, and written over by the next
 * if its list is that of the run before it. With two numbers to a run the list takes the place of the lower half.
 */
function cutPortion(writer: RunWriter, portion: Uint32Array, lists: Int32Array, high: number, low: number): Address {
  const { runs, width } = writer;
  let { used, lastList } = writer;
  for (let at = 0; at < portion.length; at += 1) {
    const list = lists[at] ?? 0;
    runs[used] = high;
    runs[used + 1] = low;
    runs[used + width - 1] = list;
    // The sign of x | -x is that of any x but 0.
    const difference = list ^ lastList;
    used += width & ((difference | -difference) >> 31);
    lastList = list;
    const length = (portion[at] ?? 0) & LENGTH_MASK;
    const step = SIGNED_LENGTH_LOW[length] ?? 0;
    const sum = (low + step) | 0;
    // Both had the top bit, or one of them and the sum does not.
    const carry = ((low & step) | ((low | step) & ~sum)) >>> 31;
    high = (high + (SIGNED_LENGTH_HIGH[length] ?? 0) + carry) | 0;
    low = sum;
  }
  writer.used = used;
  writer.lastList = lastList;
  return { high, low };
}
