// From places to runs: goes once through all words of a family's place map and notes where the preference list changes. The
// prefixes of rules cut the address space into segments, each with rules of its own; words know nothing of them:
//
//   words      ├────────────┼──────┼──────────────────┼─────────┤
//   segments   ├───────────────────────┼─────┼──────────────────┤
//   a run may begin   ↑     ↑      ↑   ↑     ↑         ↑

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

/** Runs in the making. */
type RunWriter = { readonly runs: Uint32Array; readonly width: RunWidth; used: number; lastList: number };

const HALF = 2 ** 32;
/**
 * Words are taken in portions of so many, because V8 makes better code of a function that is called often than of one long
 * loop: a third of the time.
 */
const PORTION = 4096;

/** The runs of one family, in shared memory. `width`: see RunTableV4 and RunTableV6. */
export function cutRuns(steps: PlaceSteps, segments: Segments, ranker: PlaceRanker, width: RunWidth): Uint32Array {
  // Reserved for the worst case; only the part that is written takes memory, and only that is kept.
  const runs = new Uint32Array(width * (steps.words.length + segments.rules.length));
  const writer: RunWriter = { runs, width, used: 0, lastList: -1 };
  let begin: FoundWord = { at: 0, high: 0, low: 0 };
  for (const [segment, prefixRules] of segments.rules.entries()) {
    const next = { high: segments.high[segment + 1] ?? HALF, low: segments.low[segment + 1] ?? 0 };
    const end = next.high === HALF ? { at: steps.words.length, ...next } : findWord(steps, next.high, next.low);
    const start = { high: segments.high[segment] ?? 0, low: segments.low[segment] ?? 0 };
    const isAtWord = end.high === next.high && end.low === next.low;
    cutSegment(writer, steps.words, begin, isAtWord ? end.at : end.at + 1, start, ranker, prefixRules);
    begin = end;
  }
  const kept = shareUint32(runs, writer.used);
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
  const place = (words[begin.at] ?? 0) >>> PLACE_SHIFT;
  const list = prefixRules === NO_PREFIX_RULES ? ranker.everywhere[place] : ranker.rankWithPrefixes(place, prefixRules);
  if (list !== undefined && list !== writer.lastList) writeRun(writer, list, start);
  const word = { ...begin };
  while (word.at < endAt) cutPortion(writer, words, word, Math.min(endAt, word.at + PORTION), ranker, prefixRules);
}

function writeRun(writer: RunWriter, list: number, { high, low }: Address): void {
  const { runs, width, used } = writer;
  runs[used] = high;
  if (width === 3) runs[used + 1] = low;
  runs[used + width - 1] = list;
  writer.used += width;
  writer.lastList = list;
}

/** Whole words, and moves `word` behind them. Sees millions: writeRun is written out, and all is in local variables. */
function cutPortion(
  writer: RunWriter,
  words: Uint32Array,
  word: { at: number; high: number; low: number },
  endAt: number,
  ranker: PlaceRanker,
  prefixRules: readonly number[],
): void {
  const { runs, width } = writer;
  const { everywhere } = ranker;
  const isPlain = prefixRules === NO_PREFIX_RULES;
  let { used, lastList } = writer;
  let { high, low } = word;
  for (let at = word.at; at < endAt; at += 1) {
    const bits = words[at] ?? 0;
    const place = bits >>> PLACE_SHIFT;
    const list = isPlain ? (everywhere[place] ?? 0) : ranker.rankWithPrefixes(place, prefixRules);
    if (list !== lastList) {
      lastList = list;
      runs[used] = high;
      if (width === 3) runs[used + 1] = low;
      runs[used + width - 1] = list;
      used += width;
    }
    high += LENGTH_HIGH[bits & LENGTH_MASK] ?? 0;
    low += LENGTH_LOW[bits & LENGTH_MASK] ?? 0;
    if (low >= HALF) {
      low -= HALF;
      high += 1;
    }
  }
  writer.used = used;
  writer.lastList = lastList;
  word.at = endAt;
  word.high = high;
  word.low = low;
}
