// What this worker knows of all others, from the slots that it follows: who is alive in its own vantage and what they have
// voted on, which decides who checks what; and which votes of other vantages just turned, which is a reason to look again.

import { forgetSlots, mayBeAlive, NO_SIGHTINGS, noteVersions, type Sightings } from '../health/liveness.ts';
import { slotKey } from '../health/merge-slots.ts';
import type { Slot, SlotId, TargetVote, Vote } from '../health/slot.ts';
import { findChangedTargets, findVote } from '../health/vote-table.ts';

/** A worker that was seen to begin is settled once it was heard so many heartbeats later; to have begun long ago is not enough. */
export const SETTLED_AFTER_HEARTBEATS = 3;

/** What a worker said is remembered for so many heartbeats after it was last heard: more than it takes to replace it. */
export const REMEMBERED_HEARTBEATS = 10;

/** A change of the slot table, as store/follow-slots.ts reports it. */
export type SlotsChange = { readonly advanced: readonly Slot[]; readonly removed: readonly SlotId[] };

/** A vote of another vantage that turned. */
export type ForeignTurn = { readonly target: string; readonly vote: Vote };

/** Another worker of this vantage that is, or may be, alive. */
export type Colleague = {
  readonly worker: string;
  /** Has been there for some time, as far as is known, so that it may be relied on to stay. */
  readonly isSettled: boolean;
  /** When it was seen to begin (monotonic). */
  readonly begunAtMs: number;
};

/** The very same while nothing of them changes. */
export type VotesByTarget = Pick<ReadonlyMap<string, TargetVote>, 'get'>;

export type Peers = {
  /** Takes a change in and returns the votes of other vantages that turned with it. */
  accept(change: SlotsChange, nowMs: number): readonly ForeignTurn[];
  listColleagues(nowMs: number): readonly Colleague[];
  /** As that worker of this vantage was last heard to vote. */
  votesOf(worker: string): VotesByTarget;
  /** What was last heard of the target in this vantage, up or down, from another worker, alive or lately so. */
  recall(target: string, nowMs: number): TargetVote | undefined;
};

type Table = {
  readonly id: SlotId;
  readonly epoch: number;
  readonly votes: readonly TargetVote[];
  readonly byTarget: VotesByTarget;
  /** When it was seen to begin an epoch, nothing being said yet (monotonic). */
  readonly begunAtMs: number;
  readonly heardAtMs: number;
};

const NO_VOTES: readonly TargetVote[] = [];
const NO_VOTES_BY_TARGET: VotesByTarget = new Map();

export function createPeers(self: SlotId, heartbeatMs: number): Peers {
  const selfKey = slotKey(self);
  const tables = new Map<string, Table>();
  /** The tables of this vantage, by worker. */
  const colleagues = new Map<string, Table>();
  /** What those of this vantage said last who left, or began anew, by worker. */
  const former = new Map<string, Table>();
  let sightings: Sightings = NO_SIGHTINGS;

  return {
    accept({ advanced, removed }, nowMs) {
      for (const id of removed) {
        const table = tables.get(slotKey(id));
        tables.delete(slotKey(id));
        if (table !== undefined && table.id.vantage === self.vantage) {
          colleagues.delete(id.worker);
          keepFormer(table, nowMs);
        }
      }
      sightings = noteVersions(forgetSlots(sightings, removed), advanced, nowMs);
      return advanced.flatMap((slot) => (slotKey(slot) === selfKey ? [] : acceptSlot(slot, nowMs)));
    },
    listColleagues: (nowMs) =>
      [...colleagues.values()].flatMap(({ id, begunAtMs, heardAtMs }) => {
        if (!mayBeAlive(id, sightings, nowMs, heartbeatMs)) return [];
        const isSettled = heardAtMs - begunAtMs >= SETTLED_AFTER_HEARTBEATS * heartbeatMs;
        return [{ worker: id.worker, isSettled, begunAtMs }];
      }),
    votesOf: (worker) => colleagues.get(worker)?.byTarget ?? NO_VOTES_BY_TARGET,
    recall(target, nowMs) {
      let latest: Table | undefined;
      for (const known of [colleagues, former]) {
        for (const table of known.values()) {
          if (isForgotten(table, nowMs) || !isVote(table.byTarget.get(target)?.vote)) continue;
          if (latest === undefined || table.heardAtMs > latest.heardAtMs) latest = table;
        }
      }
      return latest?.byTarget.get(target);
    },
  };

  function acceptSlot(slot: Slot, nowMs: number): readonly ForeignTurn[] {
    const key = slotKey(slot);
    const before = tables.get(key);
    const { vantage, worker, epoch, votes } = slot;
    const isBeginning = votes.length === 0 && (before === undefined || epoch > before.epoch);
    if (isBeginning && before !== undefined && vantage === self.vantage && before.votes.length > 0)
      keepFormer(before, nowMs);
    const begunAtMs = isBeginning ? nowMs : (before?.begunAtMs ?? Number.NEGATIVE_INFINITY);
    // A heartbeat without a change shares its votes with the one before. An index of all of them is not made for each that changes.
    const byTarget = before?.votes === votes ? before.byTarget : { get: (target: string) => findVote(votes, target) };
    const table: Table = { id: { vantage, worker }, epoch, votes, byTarget, begunAtMs, heardAtMs: nowMs };
    tables.set(key, table);
    if (vantage === self.vantage) colleagues.set(worker, table);
    return vantage === self.vantage ? [] : listTurns(before?.votes ?? NO_VOTES, votes);
  }

  function keepFormer(table: Table, nowMs: number): void {
    for (const [worker, known] of former) if (isForgotten(known, nowMs)) former.delete(worker);
    former.set(table.id.worker, table);
  }

  function isForgotten({ heardAtMs }: Table, nowMs: number): boolean {
    return nowMs - heardAtMs >= REMEMBERED_HEARTBEATS * heartbeatMs;
  }
}

/** Votes that say something else than before. Of thousands a message changes a few, and costs no more than these. */
function listTurns(before: readonly TargetVote[], after: readonly TargetVote[]): readonly ForeignTurn[] {
  const changed = findChangedTargets(before, after);
  const candidates = changed === undefined ? after : [...changed].flatMap((target) => findVote(after, target) ?? []);
  return candidates.filter(({ target, vote }) => findVote(before, target)?.vote !== vote);
}

/** Whether there is a vote to hand over to: someone who abstains does not take over. */
export function isVote(vote: Vote | undefined): boolean {
  return vote !== undefined && vote !== 'abstain';
}
