// Keeps the newest known version of every slot, from what a health store says: deltas for speed, the index for certainty,
// full slots to close gaps. Never goes backwards. A slot that is absent from the index stays, for an emptied store must not
// make anyone forget: it only stops advancing, and whoever judges freshness by their own clock sees it grow stale.
//
//   delta that follows on ──────────────► table
//   delta with a gap ──┐                    ▲
//   index names newer ─┴─► wanted ─► one batch of full reads at a time
//   removal ────────────────────────────► out of the table, and that version and older stay out
//   table full: the one that has not moved for longest ──► likewise, until it moves

import { applySlotDelta, compareSlotVersions, mergeSlot, slotKey } from '../health/merge-slots.ts';
import type { Slot, SlotDelta, SlotId, SlotRemoval, SlotVersion } from '../health/slot.ts';
import type { Subscription } from './configuration-store.ts';
import type { HealthStore } from './health-store.ts';

/** By `slotKey`. */
export type SlotTable = ReadonlyMap<string, Slot>;

export type SlotTableChange = {
  /** The whole table after the change; the same map each time, so keep nothing of it. */
  readonly slots: SlotTable;
  /** Slots that advanced: what freshness is counted from. */
  readonly advanced: readonly Slot[];
  /** Workers that left in order, or whose slots are held no longer for another reason. */
  readonly removed: readonly SlotId[];
};

export type FollowSlotsOptions = {
  /** Once when the store begins to fail, not at every try. */
  readonly onError: (error: Error) => void;
  /** How many slots, and votes in them, to hold; beyond it go those that have not moved for longest. */
  readonly slotLimit?: number;
  readonly voteLimit?: number;
  /** Whose messages are taken in. Absent: everybody's. */
  readonly admission?: Admission;
};

export type Admission = {
  /** Whether slots of that worker may be looked for at all. */
  concerns(id: SlotId): boolean;
  /** Whether a message may be taken in: asked before it changes anything, once for each that is new. */
  admits(message: Slot | SlotDelta | SlotRemoval): boolean;
  /** Whether a slot that was taken in may stay. */
  keeps(slot: Slot): boolean;
};

export type SlotsSubscription = Subscription & {
  /** To be called when the admission became another one: drops what it does not keep. */
  recheck(): void;
};

export const SLOT_LIMIT = 10_000;
/**
 * Some 90 octets each. What is alive is far below: 10,000 targets from ten vantages of three workers are 100,000. But workers
 * that are killed, and come back under another name each time, leave their slots behind for a day.
 */
export const VOTE_LIMIT = 2_000_000;

/** How many slots one read asks for. */
export const READ_BATCH_LIMIT = 256;

/** Follows until closed; `onChange` is called from the store's own callbacks, never before this function returned. */
export function followSlotTable(
  health: Pick<HealthStore, 'followSlots' | 'readSlots'>,
  options: FollowSlotsOptions,
  onChange: (change: SlotTableChange) => void,
): SlotsSubscription {
  const { admission } = options;
  const limit = options.slotLimit ?? SLOT_LIMIT;
  const voteLimit = options.voteLimit ?? VOTE_LIMIT;
  const slots = new Map<string, Slot>();
  /** The keys of `slots`, the one first that has not moved for longest. */
  const idlest = new Set<string>();
  let voteCount = 0;
  const departed = new Map<string, SlotVersion>();
  const wanted = new Map<string, SlotId>();
  let reading = false;
  let closed = false;

  const subscription = health.followSlots({
    onDelta: (delta) => receiveDelta(delta),
    onRemoved: (last) => removeSlot(last),
    onIndex: (index) => compareIndex(index),
    onError: (error) => options.onError(error),
  });

  return {
    close() {
      closed = true;
      subscription.close();
    },
    recheck() {
      const removed = [...slots.values()].filter((slot) => admission?.keeps(slot) === false);
      for (const slot of removed) forget(slotKey(slot));
      // A removal from before may not be theirs who sent it, and keeps out nothing that is newer than what is held.
      departed.clear();
      if (removed.length > 0) onChange({ slots, advanced: [], removed });
    },
  };

  function receiveDelta(delta: SlotDelta): void {
    const known = slots.get(slotKey(delta));
    if (closed || (known && compareSlotVersions(delta, known) <= 0) || admission?.admits(delta) === false) return;
    const outcome = applySlotDelta(known, delta);
    if (outcome.status === 'applied') accept([outcome.slot]);
    else if (outcome.status === 'gap') want(delta);
  }

  function compareIndex(index: readonly SlotVersion[]): void {
    if (closed) return;
    for (const version of index) {
      if (admission?.concerns(version) === false) continue;
      const known = slots.get(slotKey(version));
      if (!known || compareSlotVersions(version, known) > 0) want(version);
    }
  }

  function removeSlot(last: SlotRemoval): void {
    const key = slotKey(last);
    const known = slots.get(key);
    if (closed || (known && compareSlotVersions(known, last) > 0) || admission?.admits(last) === false) return;
    keepOut(key, last);
    if (forget(key)) onChange({ slots, advanced: [], removed: [last] });
  }

  /** That version and older ones. */
  function keepOut(key: string, { vantage, worker, epoch, sequence }: SlotVersion): void {
    const before = departed.get(key);
    const last = { vantage, worker, epoch, sequence };
    departed.delete(key);
    departed.set(key, before && compareSlotVersions(before, last) > 0 ? before : last);
    for (const oldest of departed.keys()) {
      if (departed.size <= limit) break;
      departed.delete(oldest);
    }
  }

  function hold(key: string, slot: Slot): void {
    voteCount += slot.votes.length - (slots.get(key)?.votes.length ?? 0);
    slots.set(key, slot);
    idlest.delete(key);
    idlest.add(key);
  }

  function forget(key: string): Slot | undefined {
    const slot = slots.get(key);
    if (slot === undefined) return undefined;
    voteCount -= slot.votes.length;
    slots.delete(key);
    idlest.delete(key);
    return slot;
  }

  function want(version: SlotVersion): void {
    const key = slotKey(version);
    const last = departed.get(key);
    if (last && compareSlotVersions(version, last) <= 0) return;
    // The next index names the rest.
    if (wanted.size >= limit) return;
    wanted.set(key, { vantage: version.vantage, worker: version.worker });
    // A microtask later, so that all that one message or one index asks for becomes one read.
    if (!reading) {
      reading = true;
      queueMicrotask(() => void readWanted());
    }
  }

  /** Reads until nothing is wanted. After an error the rest is dropped: the next index asks for it again. */
  async function readWanted(): Promise<void> {
    try {
      while (wanted.size > 0 && !closed) {
        const batch = [...wanted].slice(0, READ_BATCH_LIMIT);
        for (const [key] of batch) wanted.delete(key);
        const read = await health.readSlots(batch.map(([, id]) => id));
        if (!closed) accept(chooseNews(read));
      }
    } catch {
      // The store reports its own failure once, through the index poll that fails as well.
      wanted.clear();
    } finally {
      reading = false;
    }
  }

  /** Of each slot the newest that may be taken in; there may be several, since stores that know nothing of each other answer. */
  function chooseNews(read: readonly Slot[]): readonly Slot[] {
    const news = new Map<string, Slot>();
    for (const slot of read) {
      const key = slotKey(slot);
      const known = news.get(key) ?? slots.get(key);
      if (mergeSlot(known, slot) !== known && admission?.admits(slot) !== false) news.set(key, slot);
    }
    return [...news.values()];
  }

  function accept(incoming: readonly Slot[]): void {
    const advanced: Slot[] = [];
    for (const slot of incoming) {
      const key = slotKey(slot);
      const known = slots.get(key);
      const last = departed.get(key);
      if (mergeSlot(known, slot) === known || (last && compareSlotVersions(slot, last) <= 0)) continue;
      departed.delete(key);
      hold(key, slot);
      advanced.push(slot);
    }
    if (advanced.length === 0) return;
    const removed = dropIdlest();
    onChange({ slots, advanced: advanced.filter((slot) => slots.has(slotKey(slot))), removed });
  }

  /** What was dropped is not read again as it is, or the index would ask for it each time. One slot is held, whatever its size. */
  function dropIdlest(): readonly Slot[] {
    const dropped: Slot[] = [];
    for (const key of idlest) {
      if ((slots.size <= limit && voteCount <= voteLimit) || slots.size === 1) break;
      const slot = forget(key);
      if (slot === undefined) continue;
      keepOut(key, slot);
      dropped.push(slot);
    }
    return dropped;
  }
}
