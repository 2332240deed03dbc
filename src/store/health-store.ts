// What a health store does, whatever keeps it: one slot per worker, written whole by its owner and fenced by (epoch,
// sequence); deltas for speed; a tiny index to poll, for certainty. And the latest load report of each subject.
// Drivers: redis/ and embedded/. One suite of tests holds both to this page.

import type { Slot, SlotDelta, SlotId, SlotVersion } from '../health/slot.ts';
import type { LoadReport, StoredLoadReport } from '../model/load-report.ts';
import type { Subscription } from './configuration-store.ts';

export type SlotListener = {
  /** A change published by a worker. May be lost, repeated or late: the receiver merges by version. */
  onDelta(delta: SlotDelta): void;
  /** A worker left in order, and this was its last version. May be lost: then the slot grows stale instead. */
  onRemoved(last: SlotVersion): void;
  /** The poll of the index, every second: what every slot's version is now. */
  onIndex(index: readonly SlotVersion[]): void;
  /** Once when the store begins to fail, not at every try. */
  onError(error: Error): void;
};

export type HealthStore = {
  /**
   * max(last epoch of this slot + 1, the store's clock in ms), so that it grows even when the store was emptied. From
   * then on writes with an older epoch are refused: a worker that was replaced learns it at its next write.
   */
  allocateEpoch(id: SlotId): Promise<number>;
  /** Stores the slot if it is newer than what is there and its epoch not fenced, updates the index, publishes the delta. */
  writeSlot(slot: Slot, delta: SlotDelta | undefined): Promise<'stored' | 'refused'>;
  /** Slots that the store does not hold, or that cannot be read, are absent. */
  readSlots(ids: readonly SlotId[]): Promise<readonly Slot[]>;
  /** Takes the slot out of the index, tells the followers, and fences its epoch: as when a worker leaves in order. */
  removeSlot(id: SlotId): Promise<void>;
  followSlots(listener: SlotListener): Subscription;
  /** The sequence is max(the store's last + 1, the store's clock in ms, `atLeast`). */
  writeLoadReport(report: LoadReport, atLeast?: number): Promise<StoredLoadReport>;
  /** Calls `listener` with every report that is known now, and with each new one: by push, and by polling every second. */
  followLoadReports(
    listener: (reports: readonly StoredLoadReport[]) => void,
    onError: (error: Error) => void,
  ): Subscription;
  close(): Promise<void>;
};

/**
 * After so long without a write, a slot or a load report is garbage (a worker with a random name that crashed) and may be
 * swept. Never a sign of death: followers judge that by their own clocks.
 */
export const SWEEP_AFTER_MS = 24 * 3600 * 1000;
