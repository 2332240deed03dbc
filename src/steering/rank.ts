// Compiles a ranking: from every client address to the order in which it prefers the service's clusters. Linear in the place
// map's intervals; depends on nothing that changes while serving, so health and load never make it run again.
//
// A list is made of tiers, groups of clusters that count as equally good. The rules are taken in order:
//   match       a client that matches gets the rule's clusters next, each a tier of its own; a fence ends the list
//   proximity   all that remain by distance, ties by position; a tier starts at distance d and takes what follows up to
//               d × (1 + tolerance); ends the list
//   priority    all that remain in the service's order, each a tier of its own; ends the list
// A client without a location cannot be near anything: for it, proximity is priority.

import type { PlaceMap } from '../geo/place-map.ts';
import { cutSegments, type Segments } from './rank-cidr.ts';
import { createListInterner, finishLists } from './rank-lists.ts';
import { createPlaceRanker, type PlaceRanker } from './rank-places.ts';
import type { Ranking } from './ranking.ts';
import { indexV4, indexV6, type RankMap } from './run-map.ts';

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
  const interner = createListInterner(ranking.candidates.length);
  const ranker = createPlaceRanker(placeMap.places, ranking, interner);
  const { starts, places } = placeMap.v4;
  const v4 = cutRuns({ high: starts, low: undefined, places }, cutSegments(ranking, 4), ranker);
  const { startsHigh, startsLow, places: placesV6 } = placeMap.v6;
  const v6 = cutRuns({ high: startsHigh, low: startsLow, places: placesV6 }, cutSegments(ranking, 6), ranker);
  return {
    v4: { starts: v4.high, lists: v4.lists, index: indexV4(v4.high) },
    v6: { startsHigh: v6.high, startsLow: v6.low, lists: v6.lists, index: indexV6(v6.high, v6.low) },
    lists: finishLists(interner),
  };
}

/** The place map of one family. An IPv4 address counts as the high half of a 64-bit number whose low half is 0. */
type Intervals = { readonly high: Uint32Array; readonly low: Uint32Array | undefined; readonly places: Uint32Array };

type Runs = { readonly high: Uint32Array; readonly low: Uint32Array; readonly lists: Uint32Array };

/** Where the address space ends: above every high half. */
const END = 2 ** 32;

/** Walks intervals and segments side by side; a run begins where either begins, unless the list stays the same. */
function cutRuns(intervals: Intervals, segments: Segments, ranker: PlaceRanker): Runs {
  const { high, low, places } = intervals;
  const most = places.length + segments.rules.length;
  // Reserved for the worst case; only the part that is written takes memory, and only that is kept.
  const runs = { high: new Uint32Array(most), low: new Uint32Array(low ? most : 0), lists: new Uint32Array(most) };
  let count = 0;
  let last = -1;
  const addRun = (startHigh: number, startLow: number, list: number): void => {
    if (list === last) return;
    last = list;
    runs.high[count] = startHigh;
    runs.low[count] = startLow;
    runs.lists[count] = list;
    count += 1;
  };

  let segment = 0;
  let prefixRules = segments.rules[0] ?? [];
  let memo = ranker.memoOf(prefixRules);
  let nextHigh = segments.high[1] ?? END;
  let nextLow = segments.low[1] ?? 0;
  const enterNextSegment = (): void => {
    segment += 1;
    prefixRules = segments.rules[segment] ?? [];
    memo = ranker.memoOf(prefixRules);
    nextHigh = segments.high[segment + 1] ?? END;
    nextLow = segments.low[segment + 1] ?? 0;
  };

  const listOf = (place: number): number => {
    const known = memo[place] ?? 0;
    return known !== 0 ? known - 1 : ranker.rankPlace(place, prefixRules);
  };

  for (let interval = 0; interval < places.length; interval += 1) {
    const place = places[interval] ?? 0;
    const startHigh = high[interval] ?? 0;
    const startLow = low?.[interval] ?? 0;
    while (nextHigh < startHigh || (nextHigh === startHigh && nextLow <= startLow)) enterNextSegment();
    addRun(startHigh, startLow, listOf(place));
    const endHigh = high[interval + 1] ?? END;
    const endLow = low?.[interval + 1] ?? 0;
    while (nextHigh < endHigh || (nextHigh === endHigh && nextLow < endLow)) {
      const [cutHigh, cutLow] = [nextHigh, nextLow];
      enterNextSegment();
      addRun(cutHigh, cutLow, listOf(place));
    }
  }
  return { high: share(runs.high, count), low: share(runs.low, low ? count : 0), lists: share(runs.lists, count) };
}

/** A copy of the first `length` numbers in shared memory. */
function share(numbers: Uint32Array, length: number): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * length));
  shared.set(numbers.subarray(0, length));
  return shared;
}
