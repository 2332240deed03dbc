// The ballots of all targets, kept from one look to the next, so that a look costs what changed and not what there is. Slots
// come whole, again and again, and nearly all of their votes are those of before.
//
//   slots ── whose votes changed, who fell silent ──► the targets that must be judged anew
//
// A box has one owner, who puts every look's slots into it. What it holds then is what `collectBallots` would collect of them.

import type { Ballot } from './ballot.ts';
import type { SeenSlot } from './liveness.ts';
import { slotKey } from './merge-slots.ts';
import type { TargetVote } from './slot.ts';
import { findChangedTargets, findVote } from './vote-table.ts';

export type BallotBox = {
  /** By target id: of each worker that voted on it its ballot. */
  readonly ballots: ReadonlyMap<string, Map<string, Ballot>>;
  readonly slots: Map<string, SeenSlot>;
};

export function openBallotBox(targets: Iterable<string>): BallotBox {
  return { ballots: new Map(Array.from(targets, (target) => [target, new Map()])), slots: new Map() };
}

/** Takes what is seen now, and adds the targets on which a ballot changed to `changed`. */
export function fillBallotBox(box: BallotBox, seen: readonly SeenSlot[], changed: Set<string>): void {
  const keys = new Set<string>();
  for (const next of seen) {
    const key = slotKey(next.slot);
    keys.add(key);
    const before = box.slots.get(key);
    box.slots.set(key, next);
    if (before?.slot.votes === next.slot.votes && before.alive === next.alive) continue;
    const targets = before?.alive === next.alive ? findChangedTargets(before.slot.votes, next.slot.votes) : undefined;
    if (targets === undefined) replaceBallots(box, key, before, next, changed);
    else for (const target of targets) replaceBallot(box, key, next, target, changed);
  }
  for (const [key, before] of box.slots) {
    if (keys.has(key)) continue;
    box.slots.delete(key);
    takeBallots(box, key, before, changed);
  }
}

function replaceBallots(
  { ballots }: BallotBox,
  key: string,
  before: SeenSlot | undefined,
  { slot, alive }: SeenSlot,
  changed: Set<string>,
): void {
  const votedOn = new Set<string>();
  for (const vote of slot.votes) {
    const ofTarget = ballots.get(vote.target);
    if (ofTarget === undefined) continue;
    votedOn.add(vote.target);
    if (putBallot(ofTarget, key, { vantage: slot.vantage, worker: slot.worker, alive, vote })) changed.add(vote.target);
  }
  for (const { target } of before?.slot.votes ?? []) {
    if (!votedOn.has(target) && ballots.get(target)?.delete(key) === true) changed.add(target);
  }
}

/** Of a slot of which it is known that it changed there. */
function replaceBallot(
  { ballots }: BallotBox,
  key: string,
  { slot, alive }: SeenSlot,
  target: string,
  changed: Set<string>,
): void {
  const ofTarget = ballots.get(target);
  if (ofTarget === undefined) return;
  const vote = findVote(slot.votes, target);
  const isOther =
    vote === undefined
      ? ofTarget.delete(key)
      : putBallot(ofTarget, key, { vantage: slot.vantage, worker: slot.worker, alive, vote });
  if (isOther) changed.add(target);
}

/** Whether it says something else than the one before. */
function putBallot(ofTarget: Map<string, Ballot>, key: string, ballot: Ballot): boolean {
  const old = ofTarget.get(key);
  if (old !== undefined && old.alive === ballot.alive && isSameVote(old.vote, ballot.vote)) return false;
  ofTarget.set(key, ballot);
  return true;
}

function takeBallots({ ballots }: BallotBox, key: string, { slot }: SeenSlot, changed: Set<string>): void {
  for (const { target } of slot.votes) {
    if (ballots.get(target)?.delete(key) === true) changed.add(target);
  }
}

function isSameVote(a: TargetVote, b: TargetVote): boolean {
  return a === b || (a.vote === b.vote && a.reason === b.reason && a.share === b.share);
}
