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
import { cutRuns } from './cut-runs.ts';
import { cutSegments } from './rank-cidr.ts';
import { createListInterner, finishLists } from './rank-lists.ts';
import { createPlaceRanker } from './rank-places.ts';
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
  const v4 = cutRuns(placeMap.v4, cutSegments(ranking, 4), ranker, 2);
  const v6 = cutRuns(placeMap.v6, cutSegments(ranking, 6), ranker, 3);
  return {
    v4: { width: 2, runs: v4, index: indexRuns(v4, 2) },
    v6: { width: 3, runs: v6, index: indexRuns(v6, 3) },
    lists: finishLists(interner),
  };
}

/** Whether nothing in the ranking asks where a client is. */
export function isSameForAll({ candidates, rules }: Ranking): boolean {
  const [first] = rules;
  return first?.kind === 'priority' || (first?.kind === 'proximity' && candidates.length < 2);
}

/** One run for everyone: the candidates in their order, a tier each. No address needs to be looked at. */
export function rankAlike({ candidates }: Ranking): RankMap {
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
