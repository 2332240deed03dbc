// The rule by which slots merge: of two versions of a slot the greater (epoch, sequence) wins, and a delta counts only on
// top of exactly the version that it was made from. So messages may be lost, repeated or reordered, and all receivers that
// end up with the same slots, by whatever way, hold the same votes.

import type { Slot, SlotDelta, SlotId, SlotVersion } from './slot.ts';
import { changeVotes } from './vote-table.ts';

/** What becomes of a delta: a newer slot; nothing, being old; or a gap, which only a full read of the slot closes. */
export type DeltaOutcome =
  | { readonly status: 'applied'; readonly slot: Slot }
  | { readonly status: 'old' }
  | { readonly status: 'gap' };

/** `vantage/worker`; a vantage's id holds no slash. */
export function slotKey(id: SlotId): string {
  return `${id.vantage}/${id.worker}`;
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when `a` is newer. */
export function compareSlotVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}

type Version = Pick<SlotVersion, 'epoch' | 'sequence'>;

/** The newer of two versions of the same slot; `known` itself when `incoming` brings nothing new. */
export function mergeSlot(known: Slot | undefined, incoming: Slot): Slot {
  return known && compareSlotVersions(incoming, known) <= 0 ? known : incoming;
}

/** Applies `delta` if it follows on `known`. Votes keep their places, new targets go to the end. */
export function applySlotDelta(known: Slot | undefined, delta: SlotDelta): DeltaOutcome {
  if (!known) return { status: 'gap' };
  if (compareSlotVersions(delta, known) <= 0) return { status: 'old' };
  if (delta.epoch !== known.epoch || delta.sequence !== known.sequence + 1) return { status: 'gap' };
  const { vantage, worker, epoch, sequence, seal } = delta;
  const votes = changeVotes(known.votes, delta);
  return { status: 'applied', slot: { vantage, worker, epoch, sequence, votes, ...(seal && { seal }) } };
}
