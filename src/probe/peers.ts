// What this worker knows of all others, from the slots that it follows: who is alive in its own vantage and what they have
// voted on, which decides who checks what; and which votes of other vantages just turned, which is a reason to look again.

import { forgetSlots, mayBeAlive, NO_SIGHTINGS, noteVersions, type Sightings } from '../health/liveness.ts';
import { slotKey } from '../health/merge-slots.ts';
import type { Slot, SlotId, TargetVote, Vote } from '../health/slot.ts';

/** A change of the slot table, as store/follow-slots.ts reports it. */
export type SlotsChange = { readonly advanced: readonly Slot[]; readonly removed: readonly SlotId[] };

/** A vote of another vantage that turned. */
export type ForeignTurn = { readonly target: string; readonly vote: Vote };

export type Peers = {
  /** Takes a change in and returns the votes of other vantages that turned with it. */
  accept(change: SlotsChange, nowMs: number): readonly ForeignTurn[];
  /** The workers of this vantage that are, or may be, alive; without this one. */
  listLive(nowMs: number): readonly string[];
  /** Whether that worker of this vantage was seen to hold a vote on the target, other than an abstention. */
  hasVote(worker: string, target: string): boolean;
};

type VoteTable = { readonly votes: readonly TargetVote[]; readonly byTarget: ReadonlyMap<string, Vote> };

export function createPeers(self: SlotId, heartbeatMs: number): Peers {
  const selfKey = slotKey(self);
  const tables = new Map<string, VoteTable>();
  const colleagues = new Map<string, SlotId>();
  let sightings: Sightings = NO_SIGHTINGS;

  return {
    accept({ advanced, removed }, nowMs) {
      for (const id of removed) {
        tables.delete(slotKey(id));
        colleagues.delete(slotKey(id));
      }
      sightings = noteVersions(forgetSlots(sightings, removed), advanced, nowMs);
      return advanced.flatMap((slot) => (slotKey(slot) === selfKey ? [] : acceptSlot(slot)));
    },
    listLive: (nowMs) =>
      [...colleagues.values()].filter((id) => mayBeAlive(id, sightings, nowMs, heartbeatMs)).map((id) => id.worker),
    hasVote: (worker, target) => isVote(tables.get(slotKey({ vantage: self.vantage, worker }))?.byTarget.get(target)),
  };

  function acceptSlot(slot: Slot): readonly ForeignTurn[] {
    const key = slotKey(slot);
    const before = tables.get(key);
    if (slot.vantage === self.vantage) colleagues.set(key, { vantage: slot.vantage, worker: slot.worker });
    // A heartbeat without a change shares its votes with the one before.
    if (before?.votes === slot.votes) return [];
    const byTarget = new Map(slot.votes.map(({ target, vote }) => [target, vote]));
    tables.set(key, { votes: slot.votes, byTarget });
    if (slot.vantage === self.vantage) return [];
    return slot.votes.filter(({ target, vote }) => before?.byTarget.get(target) !== vote);
  }
}

/** Whether there is a vote to hand over to: someone who abstains does not take over. */
export function isVote(vote: Vote | undefined): boolean {
  return vote !== undefined && vote !== 'abstain';
}
