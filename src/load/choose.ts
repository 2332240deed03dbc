// The balancing algorithms: from candidates, choose up to `wanted` different ones. The same for clusters of a tier and for
// endpoints of a cluster. Each takes its choice out of the candidates, so that the next choice is another one.

import { type Candidates, dropUnfit, removeCandidate } from './candidates.ts';
import { type Chance, throwDice } from './chance.ts';
import { findNext, type Turns, takeTurn } from './turns.ts';

export const PICK_WEIGHTED = 0;
export const PICK_ROUND_ROBIN = 1;
export const PICK_LEAST_CONNECTIONS = 2;
export const PICK_ALL = 3;

/**
 * Writes the chosen ids to `chosen` from `at` on; returns how many there are. `algorithm` is one of PICK_*. The one that
 * comes first has had its turn, as most clients use the first address only.
 */
export function choose(
  algorithm: number,
  candidates: Candidates,
  chance: Chance,
  turns: Turns,
  wanted: number,
  chosen: Int32Array,
  at: number,
): number {
  // As in most decisions: one cluster in the tier, one endpoint in the cluster.
  if (candidates.count === 1 && wanted > 0) return takeOnly(candidates, turns, chosen, at);
  dropUnfit(candidates);
  let next = findNext(candidates, turns);
  let count = 0;
  while (count < wanted && candidates.count > 0) {
    const index = nextIndex(algorithm, candidates, chance, next);
    const id = candidates.ids[index] ?? 0;
    if (count === 0) takeTurn(turns, id);
    chosen[at + count] = id;
    removeCandidate(candidates, index);
    // Who stood behind it has moved up to where it was; behind the last one stands the first.
    next = index < candidates.count ? index : 0;
    count++;
  }
  return count;
}

/** There is nothing to choose, whatever the algorithm. */
function takeOnly(candidates: Candidates, turns: Turns, chosen: Int32Array, at: number): number {
  const id = candidates.ids[0] ?? 0;
  takeTurn(turns, id);
  chosen[at] = id;
  candidates.count = 0;
  return 1;
}

function nextIndex(algorithm: number, candidates: Candidates, chance: Chance, next: number): number {
  if (algorithm === PICK_WEIGHTED) return drawWeighted(candidates, chance);
  if (algorithm === PICK_LEAST_CONNECTIONS) return findLeastConnections(candidates, next);
  // Polling, and all of them in turn.
  return findNextWithRoom(candidates, chance, next);
}

/** The next in turn; one with little room lets its turn pass to the one behind it, as often as its room is small. */
function findNextWithRoom({ count, rooms }: Candidates, chance: Chance, next: number): number {
  for (let step = 0; step < count; step++) {
    const index = (next + step) % count;
    const room = rooms[index] ?? 0;
    if (room >= 1 || throwDice(chance) < room) return index;
  }
  return next;
}

/** Each with the probability of its weight times its room. */
function drawWeighted({ count, weights, rooms }: Candidates, chance: Chance): number {
  let total = 0;
  for (let index = 0; index < count; index++) total += (weights[index] ?? 0) * (rooms[index] ?? 0);
  let rest = throwDice(chance) * (total > 0 ? total : count);
  for (let index = 0; index < count; index++) {
    rest -= total > 0 ? (weights[index] ?? 0) * (rooms[index] ?? 0) : 1;
    if (rest < 0) return index;
  }
  return count - 1;
}

/** Fewest connections for its weight; among equals the next in turn, so that an idle pair is not served by one of them. */
function findLeastConnections({ count, weights, connections }: Candidates, next: number): number {
  let best = next;
  let least = Number.POSITIVE_INFINITY;
  for (let step = 0; step < count; step++) {
    const index = (next + step) % count;
    const weight = weights[index] ?? 0;
    const perWeight = (connections[index] ?? 0) / (weight > 0 ? weight : 1);
    if (perWeight < least) {
      least = perWeight;
      best = index;
    }
  }
  return best;
}
