// The health store over several independent servers, none of which knows of the others. A slot is written to all of them at
// once, and the greater (epoch, sequence) wins wherever they are read, so that nothing needs to be replicated; a server that
// comes back empty or old is right again after the next heartbeat.
//
//   write ─┬─► A  stored ──► "stored", a moment later at most, whatever B and C do
//          ├─► B  (slow)     goes on by itself; while it does, later writes pass B over: nothing queues
//          └─► C  (gone)     dropped, and counted
//
// A server that refuses knows a greater epoch: another worker has the name. Then the others' word counts no more; where it
// comes late, the next write of that epoch is refused.

import { slotKey } from '../../health/merge-slots.ts';
import type { Slot, SlotDelta, SlotId } from '../../health/slot.ts';
import type { LoadReport, StoredLoadReport } from '../../model/load-report.ts';
import type { HealthStore } from '../health-store.ts';
import { createStoreError } from '../store-error.ts';
import type { StoreCounters } from '../store-server.ts';
import { firstOf, settledOf } from './calls.ts';
import { followMergedLoadReports } from './load-reports.ts';
import { mergeSlotSources } from './slots.ts';

export type HealthMember = {
  readonly health: Omit<HealthStore, 'close'>;
  readonly counters: StoreCounters;
};

/** How long the others are waited for once one has taken a write: so much later a change may follow on another. */
const SETTLE_MS = 50;
/** How long servers are waited for, once one has answered, when an epoch is allocated. */
const ALLOCATE_WAIT_MS = 500;
/** Where one has refused an epoch before: longer than any call takes. */
const ALLOCATE_AGAIN_WAIT_MS = 10_000;
/** How far ahead of our clock a load report is numbered, so that servers whose clocks are near give it the same number. */
const LOAD_LEAD_MS = 1000;

/** @param nowMs wall clock, milliseconds since 1970. */
export function createMergedHealthStore(
  members: readonly HealthMember[],
  nowMs: () => number = Date.now,
): Omit<HealthStore, 'close'> {
  const writing = new Map<HealthMember, Set<string>>(members.map((member) => [member, new Set()]));
  /** Epochs that a server has refused after another one had taken the same write. */
  const fenced = new Map<string, number>();
  let lastLoad = 0;
  const { followSlots, readSlots } = mergeSlotSources(members.map(({ health }) => health));
  return { allocateEpoch, writeSlot, readSlots, removeSlot, followSlots, writeLoadReport, followLoadReports };

  /**
   * The greatest epoch of those that answer. It fences all of them at the first write; one that was away and knows a
   * greater one refuses that, and is then waited for.
   */
  async function allocateEpoch(id: SlotId): Promise<number> {
    const calls = members.map(({ health }) => health.allocateEpoch(id));
    const waitMs = fenced.delete(slotKey(id)) ? ALLOCATE_AGAIN_WAIT_MS : ALLOCATE_WAIT_MS;
    return Math.max(...(await settledOf(calls, waitMs)));
  }

  async function writeSlot(slot: Slot, delta: SlotDelta | undefined): Promise<'stored' | 'refused'> {
    const key = slotKey(slot);
    if ((fenced.get(key) ?? -1) >= slot.epoch) return 'refused';
    const calls = members.flatMap((member) => {
      const busy = writing.get(member);
      if (busy === undefined || busy.has(key)) {
        member.counters.droppedWrites++;
        return [];
      }
      busy.add(key);
      return [member.health.writeSlot(slot, delta).finally(() => busy.delete(key))];
    });
    if (calls.length === 0)
      throw createStoreError('STORE_TIMEOUT', `every server is still at the last write of ${key}`);
    let isSettled = false;
    for (const call of calls)
      call.then(
        (result) => isSettled && noteLate(slot, result),
        () => undefined,
      );
    const results = await settledOf(calls, SETTLE_MS);
    isSettled = true;
    return results.includes('refused') ? 'refused' : 'stored';
  }

  function noteLate({ epoch, ...id }: Slot, result: 'stored' | 'refused'): void {
    if (result === 'refused') fenced.set(slotKey(id), Math.max(epoch, fenced.get(slotKey(id)) ?? -1));
  }

  async function removeSlot(id: SlotId): Promise<void> {
    const calls = members.map(({ health }) => health.removeSlot(id));
    await Promise.allSettled(calls);
    await firstOf(calls);
  }

  /** With a number above all that were given before, wherever the clocks of the servers stand. */
  async function writeLoadReport(report: LoadReport, atLeast = 0): Promise<StoredLoadReport> {
    const least = Math.max(atLeast, lastLoad + 1, nowMs() + LOAD_LEAD_MS);
    const calls = members.map(async ({ health }) => {
      const stored = await health.writeLoadReport(report, least);
      lastLoad = Math.max(lastLoad, stored.sequence);
      return stored;
    });
    return firstOf(calls);
  }

  function followLoadReports(
    listener: (reports: readonly StoredLoadReport[]) => void,
    onError: (error: Error) => void,
  ) {
    const note = (reports: readonly StoredLoadReport[]): void => {
      for (const { sequence } of reports) lastLoad = Math.max(lastLoad, sequence);
      listener(reports);
    };
    return followMergedLoadReports(
      members.map(({ health }) => health),
      note,
      onError,
    );
  }
}
