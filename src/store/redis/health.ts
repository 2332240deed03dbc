// The health store in Redis: slots, their index, and load reports, all over the quick connection.

import type { Redis } from 'ioredis';
import { slotKey } from '../../health/merge-slots.ts';
import { packSlot, packSlotDelta, packSlotRemoval, unpackSlot, unpackSlotMessage } from '../../health/pack-slot.ts';
import type { Slot, SlotDelta, SlotId, SlotVersion } from '../../health/slot.ts';
import type { LoadReport, StoredLoadReport } from '../../model/load-report.ts';
import type { Subscription } from '../configuration-store.ts';
import { type HealthStore, type SlotListener, SWEEP_AFTER_MS } from '../health-store.ts';
import { composeLoadReport } from '../load-report-text.ts';
import { startPoll } from '../poll.ts';
import { createStoreError } from '../store-error.ts';
import type { StoreCounters } from '../store-server.ts';
import type { RedisConnection } from './connection.ts';
import { followRedisLoadReports } from './follow-load-reports.ts';
import { CHANNELS, KEYS } from './keys.ts';

export type RedisHealthOptions = { readonly pollIntervalMs: number };

/** How many slots one command fetches. */
const SLOT_BATCH_LIMIT = 64;

/** How often a removal is tried while the slot goes on changing. */
const REMOVE_ATTEMPT_LIMIT = 4;

const SLOT_KEYS = [KEYS.epochs, KEYS.index, KEYS.slots] as const;

export function createRedisHealthStore(
  options: RedisHealthOptions,
  connection: RedisConnection,
  counters: Pick<StoreCounters, 'droppedWrites'>,
): Omit<HealthStore, 'close'> {
  /** One that was not taken in time is repeated by nobody. */
  function write(run: (redis: Redis) => Promise<unknown>): Promise<unknown> {
    return connection.call(run).catch((error: unknown) => {
      counters.droppedWrites++;
      throw error;
    });
  }

  async function allocateEpoch(id: SlotId): Promise<number> {
    const reply = await connection.call((redis) => redis.allocateEpoch(...SLOT_KEYS, slotKey(id), SWEEP_AFTER_MS));
    return readNumber(reply, 'allocate-epoch');
  }

  async function writeSlot(slot: Slot, delta: SlotDelta | undefined): Promise<'stored' | 'refused'> {
    const packed = asBuffer(packSlot(slot));
    const packedDelta = delta ? asBuffer(packSlotDelta(delta)) : '';
    const reply = await write((redis) =>
      redis.writeSlot(
        ...[...SLOT_KEYS, slotKey(slot), String(slot.epoch), String(slot.sequence)],
        packed,
        packedDelta,
        CHANNELS.deltas,
      ),
    );
    return readNumber(reply, 'write-slot') === 1 ? 'stored' : 'refused';
  }

  async function readSlots(ids: readonly SlotId[]): Promise<readonly Slot[]> {
    const slots: Slot[] = [];
    for (let start = 0; start < ids.length; start += SLOT_BATCH_LIMIT) {
      const keys = ids.slice(start, start + SLOT_BATCH_LIMIT).map(slotKey);
      const packed = await connection.call((redis) => redis.hmgetBuffer(KEYS.slots, ...keys));
      packed.forEach((bytes, index) => {
        const slot = bytes ? unpackSlot(bytes) : undefined;
        if (slot && slotKey(slot) === keys[index]) slots.push(slot);
      });
    }
    return slots;
  }

  async function removeSlot(id: SlotId): Promise<void> {
    const key = slotKey(id);
    for (let attempt = 0; attempt < REMOVE_ATTEMPT_LIMIT; attempt++) {
      const entry = await connection.call((redis) => redis.hget(KEYS.index, key));
      const last = entry === null ? undefined : readIndexEntry(key, entry);
      if (entry === null || !last) return;
      const packed = asBuffer(packSlotRemoval(last));
      const reply = await connection.call((redis) =>
        redis.removeSlot(...SLOT_KEYS, key, entry, String(last.epoch + 1), packed, CHANNELS.deltas),
      );
      if (readNumber(reply, 'remove-slot') === 1) return;
    }
    throw createStoreError('STORE_REJECTED', `slot ${key} goes on being written while it is removed`);
  }

  async function readIndex(): Promise<readonly SlotVersion[]> {
    const entries = await connection.call((redis) => redis.hgetall(KEYS.index));
    return Object.entries(entries).flatMap(([key, entry]) => readIndexEntry(key, entry) ?? []);
  }

  function followSlots(listener: SlotListener): Subscription {
    const poll = startPoll({
      intervalMs: options.pollIntervalMs,
      read: readIndex,
      deliver: (index) => listener.onIndex(index),
      onError: (error) => listener.onError(error),
    });
    const deltas = connection.subscribe(CHANNELS.deltas, (payload) => {
      const message = unpackSlotMessage(payload);
      if (message?.kind === 'delta') listener.onDelta(message.delta);
      if (message?.kind === 'removal') listener.onRemoved(message.last);
    });
    const parts = [poll, deltas, connection.onReady(poll.wake)];
    return { close: () => parts.forEach((part) => void part.close()) };
  }

  async function writeLoadReport(report: LoadReport, atLeast = 0): Promise<StoredLoadReport> {
    const reply = await write((redis) =>
      redis.writeLoad(
        ...[KEYS.load, KEYS.loadOrder, KEYS.loadLast],
        ...[report.subject, composeLoadReport(report), CHANNELS.load, SWEEP_AFTER_MS, atLeast],
      ),
    );
    return { ...report, sequence: readNumber(reply, 'write-load') };
  }

  function followLoadReports(
    listener: (reports: readonly StoredLoadReport[]) => void,
    onError: (error: Error) => void,
  ): Subscription {
    return followRedisLoadReports({ ...options, listener, onError }, connection);
  }

  return { allocateEpoch, writeSlot, readSlots, removeSlot, followSlots, writeLoadReport, followLoadReports };
}

const INDEX_ENTRY = /^(\d{1,16})\.(\d{1,16})\.\d{1,16}$/;

/** Undefined for an entry that no script of ours wrote. */
function readIndexEntry(key: string, entry: string): SlotVersion | undefined {
  const match = INDEX_ENTRY.exec(entry);
  const slash = key.indexOf('/');
  if (!match || slash < 0) return undefined;
  return {
    vantage: key.slice(0, slash),
    worker: key.slice(slash + 1),
    epoch: Number(match[1]),
    sequence: Number(match[2]),
  };
}

function readNumber(reply: unknown, script: string): number {
  if (typeof reply === 'number') return reply;
  throw createStoreError('STORE_REJECTED', `unknown reply of the ${script} script: ${String(reply)}`);
}

/** The same memory as the kind of bytes that ioredis takes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
