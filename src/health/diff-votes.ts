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
    if (old === undefined || !sameVote(old, vote)) changed.push(vote);
    remaining.delete(vote.target);
  }
  return { changed, removed: [...remaining.keys()] };
}

function sameVote(a: TargetVote, b: TargetVote): boolean {
  return a.vote === b.vote && a.reason === b.reason && a.share === b.share;
}
