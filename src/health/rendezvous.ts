// Who checks what, without a leader: rendezvous hashing (Thaler and Ravishankar, 1998). Every worker of a vantage gives
// every target a weight; the live worker with the highest owns it. When a worker comes or goes only its own targets move.

import { hash32 } from './hash.ts';

/** The workers in falling preference for a target; the first owns it. */
export function rankWorkers(target: string, workers: readonly string[]): readonly string[] {
  if (workers.length < 2) return workers;
  const weighted = workers.map((worker) => ({ worker, weight: weighWorker(target, worker) }));
  weighted.sort((a, b) => b.weight - a.weight || (a.worker < b.worker ? -1 : 1));
  return weighted.map(({ worker }) => worker);
}

/**
 * Whether `worker` checks `target`. The owner does. Whoever holds a vote from before goes on until the vote of a worker
 * that is preferred to it is visible: so a joiner takes over once it has voted, and a target is never left unchecked.
 * `live` are the live workers of the vantage; `hasVote` tells whose vote on the target can be seen now.
 */
export function isChecking(
  target: string,
  worker: string,
  live: readonly string[],
  hasVote: (worker: string) => boolean,
): boolean {
  const ranked = rankWorkers(target, live.includes(worker) ? live : [...live, worker]);
  if (ranked[0] === worker) return true;
  if (!hasVote(worker)) return false;
  return !ranked.slice(0, ranked.indexOf(worker)).some(hasVote);
}

function weighWorker(target: string, worker: string): number {
  return hash32(`${worker}\u0000${target}`);
}
