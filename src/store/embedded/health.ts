// The health store of a single process: the same fence and the same messages as in Redis, in memory. Listeners are called
// from the event loop, never from inside the call that wrote, so that writer and follower cannot get entangled.

import { compareSlotVersions, slotKey } from '../../health/merge-slots.ts';
import type { Slot, SlotDelta, SlotId, SlotVersion } from '../../health/slot.ts';
import type { LoadReport, StoredLoadReport } from '../../model/load-report.ts';
import type { Subscription } from '../configuration-store.ts';
import { type HealthStore, type SlotListener, SWEEP_AFTER_MS } from '../health-store.ts';
import { startPoll } from '../poll.ts';
import { createStoreError } from '../store-error.ts';

export type EmbeddedHealthOptions = {
  readonly pollIntervalMs: number;
  /** The store's clock. */
  readonly nowMs: () => number;
};

type Written<Value> = { readonly value: Value; readonly writtenAtMs: number };

export function createEmbeddedHealthStore(options: EmbeddedHealthOptions): HealthStore {
  const slots = new Map<string, Written<Slot>>();
  const epochs = new Map<string, number>();
  const reports = new Map<string, Written<StoredLoadReport>>();
  const slotListeners = new Set<(tell: (listener: SlotListener) => void) => void>();
  const loadListeners = new Set<(report: StoredLoadReport) => void>();
  const subscriptions = new Set<Subscription>();
  let lastSequence = 0;
  let closed = false;

  async function allocateEpoch(id: SlotId): Promise<number> {
    checkOpen();
    const nowMs = options.nowMs();
    sweep(slots, nowMs);
    for (const [key, epoch] of epochs) if (!slots.has(key) && epoch < nowMs - SWEEP_AFTER_MS) epochs.delete(key);
    const epoch = Math.max((epochs.get(slotKey(id)) ?? 0) + 1, nowMs);
    epochs.set(slotKey(id), epoch);
    return epoch;
  }

  async function writeSlot(slot: Slot, delta: SlotDelta | undefined): Promise<'stored' | 'refused'> {
    checkOpen();
    const key = slotKey(slot);
    const known = slots.get(key)?.value;
    const fence = epochs.get(key) ?? 0;
    if (slot.epoch < fence || (known && compareSlotVersions(slot, known) <= 0)) return 'refused';
    renew(slots, key, { value: slot, writtenAtMs: options.nowMs() });
    epochs.set(key, slot.epoch);
    if (delta) for (const tell of slotListeners) tell((listener) => listener.onDelta(delta));
    return 'stored';
  }

  async function readSlots(ids: readonly SlotId[]): Promise<readonly Slot[]> {
    checkOpen();
    return ids.flatMap((id) => slots.get(slotKey(id))?.value ?? []);
  }

  async function removeSlot(id: SlotId): Promise<void> {
    checkOpen();
    const key = slotKey(id);
    const slot = slots.get(key)?.value;
    if (!slot) return;
    slots.delete(key);
    epochs.set(key, Math.max(epochs.get(key) ?? 0, slot.epoch + 1));
    const last = versionOf(slot);
    for (const tell of slotListeners) tell((listener) => listener.onRemoved(last));
  }

  function followSlots(listener: SlotListener): Subscription {
    const poll = startPoll({
      intervalMs: options.pollIntervalMs,
      read: async () => [...slots.values()].map(({ value }) => versionOf(value)),
      deliver: (index) => listener.onIndex(index),
      onError: (error) => listener.onError(error),
    });
    let open = true;
    const tell = (say: (listener: SlotListener) => void): void => {
      setImmediate(() => {
        if (open) say(listener);
      });
    };
    slotListeners.add(tell);
    return register(() => {
      open = false;
      slotListeners.delete(tell);
      poll.close();
    });
  }

  async function writeLoadReport(report: LoadReport, atLeast = 0): Promise<StoredLoadReport> {
    checkOpen();
    const nowMs = options.nowMs();
    lastSequence = Math.max(lastSequence + 1, nowMs, atLeast);
    const stored = { ...report, sequence: lastSequence };
    sweep(reports, nowMs);
    renew(reports, report.subject, { value: stored, writtenAtMs: nowMs });
    for (const tell of loadListeners) tell(stored);
    return stored;
  }

  /** All in one process: no message is lost, so nothing needs a poll. */
  function followLoadReports(listener: (reports: readonly StoredLoadReport[]) => void): Subscription {
    let pending: StoredLoadReport[] = [...reports.values()].map(({ value }) => value);
    let immediate: NodeJS.Immediate | undefined;
    const deliver = (): void => {
      const batch = pending;
      immediate = undefined;
      pending = [];
      if (batch.length > 0) listener(batch);
    };
    const tell = (report: StoredLoadReport): void => {
      pending.push(report);
      immediate ??= setImmediate(deliver);
    };
    immediate = setImmediate(deliver);
    loadListeners.add(tell);
    return register(() => {
      loadListeners.delete(tell);
      clearImmediate(immediate);
    });
  }

  function register(end: () => void): Subscription {
    const subscription: Subscription = {
      close() {
        subscriptions.delete(subscription);
        end();
      },
    };
    subscriptions.add(subscription);
    return subscription;
  }

  function checkOpen(): void {
    if (closed) throw createStoreError('STORE_CLOSED', 'the store is closed');
  }

  async function close(): Promise<void> {
    closed = true;
    for (const subscription of [...subscriptions]) subscription.close();
  }

  return {
    allocateEpoch,
    writeSlot,
    readSlots,
    removeSlot,
    followSlots,
    writeLoadReport,
    followLoadReports,
    close,
  };
}

function versionOf({ vantage, worker, epoch, sequence }: Slot): SlotVersion {
  return { vantage, worker, epoch, sequence };
}

/** Sets and moves to the end, so that the map stays in the order of writing. */
function renew<Value>(map: Map<string, Written<Value>>, key: string, written: Written<Value>): void {
  map.delete(key);
  map.set(key, written);
}

/** Drops what was not written for SWEEP_AFTER_MS. */
function sweep<Value>(map: Map<string, Written<Value>>, nowMs: number): void {
  for (const [key, { writtenAtMs }] of map) {
    if (writtenAtMs >= nowMs - SWEEP_AFTER_MS) return;
    map.delete(key);
  }
}
