// Who is preferred for what, without a leader: rendezvous hashing (Thaler and Ravishankar, 1998). Every worker of a vantage
// gives every target a weight; whoever gives the highest owns it. When a worker comes or goes only its own targets move. What
// follows from it for one worker is in probe/share-of-work.ts.

import { combineHashes, hash32 } from './hash.ts';

/** A worker or a target, hashed once: weighing all pairs of 30 workers and 10,000 targets then takes a millisecond or two. */
export type Weighable = { readonly name: string; readonly hash: number };

export function makeWeighable(name: string): Weighable {
  return { name, hash: hash32(name) };
}

/** Above 0: `a` is preferred to `b` for the target; the same everywhere. */
export function comparePreference(target: Weighable, a: Weighable, b: Weighable): number {
  const difference = combineHashes(a.hash, target.hash) - combineHashes(b.hash, target.hash);
  if (difference !== 0 || a.name === b.name) return difference;
  return a.name < b.name ? 1 : -1;
}

/** The workers in falling preference for a target; the first owns it. */
export function rankWorkers(target: string, workers: readonly string[]): readonly string[] {
  if (workers.length < 2) return workers;
  const weighable = makeWeighable(target);
  const ranked = workers.map(makeWeighable).sort((a, b) => comparePreference(weighable, b, a));
  return ranked.map(({ name }) => name);
}
