// What changed between two vote tables of the same worker: the body of a slot's delta.

import type { SlotDelta, TargetVote } from './slot.ts';

export function diffVotes(
  before: readonly TargetVote[],
  after: readonly TargetVote[],
): Pick<SlotDelta, 'changed' | 'removed'> {
  const remaining = new Map(before.map((vote) => [vote.target, vote]));
  const changed: TargetVote[] = [];
  for (const vote of after) {
    const old = remaining.get(vote.target);
    if (old?.vote !== vote.vote || old.reason !== vote.reason || old.share !== vote.share) changed.push(vote);
    remaining.delete(vote.target);
  }
  return { changed, removed: [...remaining.keys()] };
}
