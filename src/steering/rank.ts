// Compiles a ranking: from every client address to the order in which it prefers the service's clusters. Linear in the place
// map's words; depends on nothing that changes while serving, so health and load never make it run again.
//
// A list is made of tiers, groups of clusters that count as equally good. The rules are taken in order:
//   match       a client that matches gets the rule's clusters next, each a tier of its own; a fence ends the list
//   proximity   all that remain by distance, ties by position; a tier starts at distance d and takes what follows up to
//               d × (1 + tolerance); ends the list
//   priority    all that remain in the service's order, each a tier of its own; ends the list
// A client without a location cannot be near anything: for it, proximity is priority.

import type { PlaceMap } from '../geo/place-map.ts';
import { LENGTH_HIGH, LENGTH_LOW, LENGTH_MASK, PLACE_SHIFT } from '../geo/place-steps.ts';
import { cutSegments, NO_PREFIX_RULES, type Segments } from './rank-cidr.ts';
import { createListInterner, finishLists } from './rank-lists.ts';
import { createPlaceRanker, type PlaceRanker } from './rank-places.ts';
import type { Ranking } from './ranking.ts';
import { indexRuns, type RunWidth } from './run-index.ts';
import { type RankMap, TIER_START } from './run-map.ts';
import { shareUint32 } from './share-uint32.ts';

/** More clusters than this in one service are refused by the model. */
export const MAX_CANDIDATES = 256;

/**
 * Compiles a ranking over a place map. The result is in shared memory and never changes.
 * @throws RangeError when there are more than MAX_CANDIDATES candidates: the model has let through what it must not.
 */
export function compileRanking(placeMap: PlaceMap, ranking: Ranking): RankMap {
  if (ranking.candidates.length > MAX_CANDIDATES) {
    throw new RangeError(
      `a ranking has at most ${MAX_CANDIDATES} candidates, this one has ${ranking.candidates.length}`,
    );
  }
  if (isSameForAll(ranking)) return rankAlike(ranking);
  const interner = createListInterner(ranking.candidates.length);
  const ranker = createPlaceRanker(placeMap.places, ranking, interner);
  const v4 = cutRuns(placeMap.v4.words, cutSegments(ranking, 4), ranker, 2);
  const v6 = cutRuns(placeMap.v6.words, cutSegments(ranking, 6), ranker, 3);
  return {
    v4: { width: 2, runs: v4, index: indexRuns(v4, 2) },
    v6: { width: 3, runs: v6, index: indexRuns(v6, 3) },
    lists: finishLists(interner),
  };
}

/** Whether nothing in the ranking asks where a client is. */
function isSameForAll({ candidates, rules }: Ranking): boolean {
  const [first] = rules;
  return first?.kind === 'priority' || (first?.kind === 'proximity' && candidates.length < 2);
}

/** One run for everyone: the candidates in their order, a tier each. No address needs to be looked at. */
function rankAlike({ candidates }: Ranking): RankMap {
  const zeros = (width: RunWidth): Uint32Array => shareUint32(new Uint32Array(width), width);
  const [v4, v6] = [zeros(2), zeros(3)];
  const entries = new Uint16Array(new SharedArrayBuffer(2 * candidates.length));
  for (const position of candidates.keys()) entries[position] = TIER_START | position;
  return {
    v4: { width: 2, runs: v4, index: indexRuns(v4, 2) },
    v6: { width: 3, runs: v6, index: indexRuns(v6, 3) },
    lists: { offsets: shareUint32(Uint32Array.of(0, candidates.length), 2), entries },
  };
}

/** Where the address space ends: above every high half. */
const END = 2 ** 32;

/** The runs so far, and how far they go: to the address (high, low), in the word `at`, which begins at (wordHigh, wordLow). */
type RunWriter = {
  readonly runs: Uint32Array;
  readonly width: RunWidth;
  used: number;
  lastList: number;
  high: number;
  low: number;
  at: number;
  wordHigh: number;
  wordLow: number;
};

/** Goes through the words of one family, segment by segment; neighbours with the same list become one run. */
function cutRuns(words: Uint32Array, segments: Segments, ranker: PlaceRanker, width: RunWidth): Uint32Array {
  // Reserved for the worst case; only the part that is written takes memory, and only that is kept.
  const runs = new Uint32Array(width * (words.length + segments.rules.length));
  const writer = { runs, width, used: 0, lastList: -1, high: 0, low: 0, at: 0, wordHigh: 0, wordLow: 0 };
  for (const [segment, prefixRules] of segments.rules.entries()) {
    const endHigh = segments.high[segment + 1] ?? END;
    const endLow = segments.low[segment + 1] ?? 0;
    cutSegment(writer, words, ranker, prefixRules, endHigh, endLow);
  }
  const kept = shareUint32(runs, writer.used);
  // Given back now: nothing else would make this thread collect garbage soon.
  runs.buffer.transfer(0);
  return kept;
}

/** Goes on up to where a segment ends. Sees millions of words: it keeps to local variables, which is why it is long. */
function cutSegment(
  writer: RunWriter,
  words: Uint32Array,
  ranker: PlaceRanker,
  prefixRules: readonly number[],
  segmentEndHigh: number,
  segmentEndLow: number,
): void {
  const { runs, width } = writer;
  const { everywhere } = ranker;
  const isPlain = prefixRules === NO_PREFIX_RULES;
  let { used, lastList, high, low, at, wordHigh, wordLow } = writer;
  for (;;) {
    const word = words[at] ?? 0;
    const place = word >>> PLACE_SHIFT;
    const list = isPlain ? (everywhere[place] ?? 0) : ranker.rankWithPrefixes(place, prefixRules);
    if (list !== lastList) {
      lastList = list;
      runs[used] = high;
      if (width === 3) runs[used + 1] = low;
      runs[used + width - 1] = list;
      used += width;
    }
    let endHigh = wordHigh + (LENGTH_HIGH[word & LENGTH_MASK] ?? 0);
    let endLow = wordLow + (LENGTH_LOW[word & LENGTH_MASK] ?? 0);
    if (endLow >= END) {
      endLow -= END;
      endHigh += 1;
    }
    if (endHigh > segmentEndHigh || (endHigh === segmentEndHigh && endLow > segmentEndLow)) break;
    at += 1;
    high = wordHigh = endHigh;
    low = wordLow = endLow;
    if (endHigh === segmentEndHigh && endLow === segmentEndLow) break;
  }
  Object.assign(writer, { used, lastList, high: segmentEndHigh, low: segmentEndLow, at, wordHigh, wordLow });
}
