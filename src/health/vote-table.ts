// The votes of a slot as they change, delta by delta. Thousands of votes stand in a slot, a delta changes a few: what it costs
// to apply it, and to see what it changed, goes by the few. So votes that a delta made remember which it was, and what they
// were made from; and where the vote on a target stands is looked up in an index that they share.

import type { SlotDelta, TargetVote } from './slot.ts';

type Votes = readonly TargetVote[];

/** So many deltas back; who has missed more compares all. */
const MAX_STEPS = 64;

/** What votes were made from is kept by whoever compares, not by this. */
const origins = new WeakMap<Votes, { readonly base: WeakRef<Votes>; readonly delta: SlotDelta }>();
/** By target: its place in the votes. Shared by votes that have the same targets in the same places. */
const indices = new WeakMap<Votes, ReadonlyMap<string, number>>();

/** Votes keep their places, new targets go to the end. Without a change the array is shared, not copied. */
export function changeVotes(votes: Votes, delta: SlotDelta): Votes {
  if (delta.changed.length === 0 && delta.removed.length === 0) return votes;
  const removed = new Set(delta.removed);
  const next = removed.size === 0 ? votes.slice() : votes.filter(({ target }) => !removed.has(target));
  const before = removed.size === 0 ? indexOf(votes) : indexVotes(next);
  const added = new Map<string, number>();
  for (const vote of delta.changed) {
    const place = before.get(vote.target) ?? added.get(vote.target) ?? next.length;
    if (place === next.length) added.set(vote.target, place);
    next[place] = vote;
  }
  indices.set(next, added.size === 0 ? before : new Map([...before, ...added]));
  origins.set(next, { base: new WeakRef(votes), delta });
  return next;
}

/** The vote on a target. */
export function findVote(votes: Votes, target: string): TargetVote | undefined {
  const place = indexOf(votes).get(target);
  return place === undefined ? undefined : votes[place];
}

/** The targets on which `after` may say something else than `before`; undefined: on any of them. */
export function findChangedTargets(before: Votes, after: Votes): ReadonlySet<string> | undefined {
  const targets = new Set<string>();
  let votes: Votes | undefined = after;
  for (let step = 0; step < MAX_STEPS && votes !== undefined; step++) {
    if (votes === before) return targets;
    const origin = origins.get(votes);
    for (const { target } of origin?.delta.changed ?? []) targets.add(target);
    for (const target of origin?.delta.removed ?? []) targets.add(target);
    votes = origin?.base.deref();
  }
  return undefined;
}

function indexOf(votes: Votes): ReadonlyMap<string, number> {
  const known = indices.get(votes);
  if (known !== undefined) return known;
  const index = indexVotes(votes);
  indices.set(votes, index);
  return index;
}

function indexVotes(votes: Votes): Map<string, number> {
  return new Map(votes.map(({ target }, place) => [target, place]));
}
