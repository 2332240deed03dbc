// The balancing algorithms: from candidates, choose up to `wanted` different ones. The same for clusters of a tier and for
// endpoints of a cluster. Each takes its choice out of the candidates, so that the next choice is another one.

import { type Candidates, dropUnfit, removeCandidate } from './candidates.ts';
import { type Chance, throwDice } from './chance.ts';

export const PICK_WEIGHTED = 0;
export const PICK_ROUND_ROBIN = 1;
export const PICK_LEAST_CONNECTIONS = 2;
export const PICK_ALL = 3;

/** Writes the chosen ids to `chosen` from `at` on; returns how many there are. `algorithm` is one of PICK_*. */
export function choose(
  algorithm: number,
  candidates: Candidates,
  chance: Chance,
  wanted: number,
  chosen: Uint32Array,
  at: number,
): number {
  dropUnfit(candidates);
  const first = candidates.count > 0 ? chance.turn % candidates.count : 0;
  let count = 0;
  while (count < wanted && candidates.count > 0) {
    const index = nextIndex(algorithm, candidates, chance, first);
    chosen[at + count] = candidates.ids[index] ?? 0;
    removeCandidate(candidates, index);
    count++;
  }
  return count;
}

function nextIndex(algorithm: number, candidates: Candidates, chance: Chance, first: number): number {
  if (algorithm === PICK_WEIGHTED) return drawWeighted(candidates, chance);
  if (algorithm === PICK_LEAST_CONNECTIONS) return findLeastConnections(candidates, first);
  // Polling, and all of them in turn: with each choice taken out, the next one moves up to where it stood.
  return first % candidates.count;
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
function findLeastConnections({ count, weights, connections }: Candidates, first: number): number {
  let best = first % count;
  let least = Number.POSITIVE_INFINITY;
  for (let step = 0; step < count; step++) {
    const index = (first + step) % count;
    const perWeight = (connections[index] ?? 0) / Math.max(weights[index] ?? 0, 1);
    if (perWeight < least) {
      least = perWeight;
      best = index;
    }
  }
  return best;
}
