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
import { cutSegments, NO_PREFIX_RULES, type Segments } from './rank-cidr.ts';
import { createListInterner, finishLists } from './rank-lists.ts';
import { createPlaceRanker, type PlaceRanker } from './rank-places.ts';
import type { Ranking } from './ranking.ts';
import { indexV4, indexV6, type RankMap, shareUint32, TIER_START } from './run-map.ts';

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

/** Whether nothing in the ranking asks where a client is. */
function isSameForAll({ candidates, rules }: Ranking): boolean {
  const [first] = rules;
  return first?.kind === 'priority' || (first?.kind === 'proximity' && candidates.length < 2);
}

/** One run for everyone: the candidates in their order, a tier each. No address needs to be looked at. */
function rankAlike({ candidates }: Ranking): RankMap {
  const zero = shareUint32(new Uint32Array(1), 1);
  const entries = new Uint16Array(new SharedArrayBuffer(2 * candidates.length));
  for (const position of candidates.keys()) entries[position] = TIER_START | position;
  return {
    v4: { starts: zero, lists: zero, index: indexV4(zero) },
    v6: { startsHigh: zero, startsLow: zero, lists: zero, index: indexV6(zero, zero) },
    lists: { offsets: shareUint32(Uint32Array.of(0, candidates.length), 2), entries },
  };
}

/** The place map of one family. An IPv4 address counts as the high half of a 64-bit number whose low half is 0. */
type Intervals = { readonly high: Uint32Array; readonly low: Uint32Array | undefined; readonly places: Uint32Array };

type Runs = { readonly high: Uint32Array; readonly low: Uint32Array; readonly lists: Uint32Array };

/** Where the address space ends: above every high half. */
const END = 2 ** 32;

/**
 * Walks intervals and segments side by side; a run begins where either begins, unless the list stays the same. The loop goes
 * through millions of intervals: it keeps to local variables, which is why it is one function.
 */
function cutRuns({ high, low, places }: Intervals, segments: Segments, ranker: PlaceRanker): Runs {
  const most = places.length + segments.rules.length;
  // Reserved for the worst case; only the part that is written takes memory, and only that is kept.
  const runs = { high: new Uint32Array(most), low: new Uint32Array(low ? most : 0), lists: new Uint32Array(most) };
  const { everywhere } = ranker;
  let count = 0;
  let last = -1;
  let segment = 0;
  let prefixRules = segments.rules[0] ?? NO_PREFIX_RULES;
  let nextHigh = segments.high[1] ?? END;
  let nextLow = segments.low[1] ?? 0;
  for (let interval = 0; interval < places.length; interval += 1) {
    const place = places[interval] ?? 0;
    const endHigh = high[interval + 1] ?? END;
    const endLow = low?.[interval + 1] ?? 0;
    let startHigh = high[interval] ?? 0;
    let startLow = low?.[interval] ?? 0;
    for (;;) {
      while (nextHigh < startHigh || (nextHigh === startHigh && nextLow <= startLow)) {
        segment += 1;
        prefixRules = segments.rules[segment] ?? NO_PREFIX_RULES;
        nextHigh = segments.high[segment + 1] ?? END;
        nextLow = segments.low[segment + 1] ?? 0;
      }
      const isPlain = prefixRules === NO_PREFIX_RULES;
      const list = isPlain ? (everywhere[place] ?? 0) : ranker.rankWithPrefixes(place, prefixRules);
      if (list !== last) {
        last = list;
        runs.high[count] = startHigh;
        if (low !== undefined) runs.low[count] = startLow;
        runs.lists[count] = list;
        count += 1;
      }
      const isCut = nextHigh < endHigh || (nextHigh === endHigh && nextLow < endLow);
      if (!isCut) break;
      startHigh = nextHigh;
      startLow = nextLow;
    }
  }
  return {
    high: shareUint32(runs.high, count),
    low: shareUint32(runs.low, low ? count : 0),
    lists: shareUint32(runs.lists, count),
  };
}
