// Several stores as one: what is written where, whose word counts, and that a slow or dead one delays nothing. The members are
// real embedded stores with clocks of their own, behind a gate that lets calls through, holds them back or rejects them.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SlotVersion, TargetVote } from '../../../../src/health/slot.ts';
import type { StoredLoadReport } from '../../../../src/model/load-report.ts';
import { createEmbeddedHealthStore } from '../../../../src/store/embedded/health.ts';
import { type Admission, followSlotTable, SLOT_LIMIT, type SlotTable } from '../../../../src/store/follow-slots.ts';
import type { HealthStore, SlotListener } from '../../../../src/store/health-store.ts';
import { createMergedHealthStore } from '../../../../src/store/merged/health.ts';
import { mergeSlotSources } from '../../../../src/store/merged/slots.ts';
import { createStoreError } from '../../../../src/store/store-error.ts';
import { createStoreCounters } from '../../../../src/store/store-server.ts';
import { makeSlot, waitUntil } from '../../../support/store-contract.ts';

const ID = { vantage: 'eu', worker: 'w1' };
const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

type Member = ReturnType<typeof makeMember>;

/** A gate before a store: open, or a reason, or held back until it is opened. */
function makeMember(nowMs: number) {
  const inner = createEmbeddedHealthStore({ nowMs: () => nowMs, pollIntervalMs: 20 });
  const counters = createStoreCounters();
  const state: { gate: 'open' | 'gone' | 'frozen'; calls: number; waiting: (() => void)[] } = {
    gate: 'open',
    calls: 0,
    waiting: [],
  };
  const pass = async <Value>(run: () => Promise<Value>): Promise<Value> => {
    state.calls++;
    if (state.gate === 'gone') throw createStoreError('STORE_UNAVAILABLE', 'gone');
    if (state.gate === 'frozen') await new Promise<void>((resolve) => state.waiting.push(resolve));
    return run();
  };
  const health: Omit<HealthStore, 'close'> = {
    ...inner,
    allocateEpoch: (id) => pass(() => inner.allocateEpoch(id)),
    writeSlot: (slot, delta) => pass(() => inner.writeSlot(slot, delta)),
    readSlots: (ids) => pass(() => inner.readSlots(ids)),
    removeSlot: (id) => pass(() => inner.removeSlot(id)),
    writeLoadReport: (report, atLeast) => pass(() => inner.writeLoadReport(report, atLeast)),
  };
  return {
    inner,
    health,
    counters,
    state,
    open() {
      state.gate = 'open';
      for (const resolve of state.waiting.splice(0)) resolve();
    },
  };
}

function openMembers(context: TestContext, clocks: readonly number[] = [NOW_MS, NOW_MS, NOW_MS]) {
  const members = clocks.map(makeMember);
  context.after(() => Promise.all(members.map(({ inner }) => inner.close())));
  return { members, store: createMergedHealthStore(members, () => NOW_MS) };
}

async function readAt({ inner }: Member): Promise<string> {
  const [slot] = await inner.readSlots([ID]);
  return slot === undefined ? 'nothing' : `${slot.epoch}.${slot.sequence}`;
}

test('a slot is written to all, and one that is gone delays nothing and is counted', async (context) => {
  const { members, store } = openMembers(context);
  const [first, second, third] = members;
  assert.ok(first && second && third);
  first.state.gate = 'gone';
  assert.equal(await store.writeSlot(makeSlot(7, 1, ['up']), undefined), 'stored');
  await pause(0);
  assert.deepEqual(await Promise.all(members.map(readAt)), ['nothing', '7.1', '7.1']);
  second.state.gate = 'gone';
  third.state.gate = 'gone';
  await assert.rejects(store.writeSlot(makeSlot(7, 2, ['up']), undefined), { code: 'STORE_UNAVAILABLE' });
});

test('one that is frozen is passed over while it is at a write, and gets nothing of what came meanwhile', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS]);
  const [fast, frozen] = members;
  assert.ok(fast && frozen);
  frozen.state.gate = 'frozen';
  for (let sequence = 1; sequence <= 5; sequence++) {
    assert.equal(await store.writeSlot(makeSlot(7, sequence, ['up']), undefined), 'stored');
  }
  assert.equal(frozen.state.calls, 1);
  assert.equal(frozen.counters.droppedWrites, 4);
  assert.equal(await readAt(fast), '7.5');
  frozen.open();
  await pause(5);
  assert.equal(await readAt(frozen), '7.1', 'what was under way, and nothing that was passed over');
  await store.writeSlot(makeSlot(7, 6, ['up']), undefined);
  await pause(5);
  assert.equal(await readAt(frozen), '7.6');
});

test('with all of them at a write nothing is stored, and nothing waits', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS]);
  members[0]?.state && Object.assign(members[0].state, { gate: 'frozen' });
  const first = store.writeSlot(makeSlot(7, 1, ['up']), undefined);
  await assert.rejects(store.writeSlot(makeSlot(7, 2, ['up']), undefined), { code: 'STORE_TIMEOUT' });
  members[0]?.open();
  assert.equal(await first, 'stored');
});

test('an epoch is the greatest of those that answer, and the first write fences it at all of them', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS + HOUR_MS, NOW_MS]);
  const [first, , third] = members;
  assert.ok(first && third);
  third.state.gate = 'gone';
  const epoch = await store.allocateEpoch(ID);
  assert.equal(epoch, NOW_MS + HOUR_MS);
  third.state.gate = 'open';
  await store.writeSlot(makeSlot(epoch, 1, ['up']), undefined);
  await pause(0);
  assert.equal(await third.inner.writeSlot(makeSlot(NOW_MS + 5, 9, ['up']), undefined), 'refused');
});

test('a worker whose name has a greater epoch at one server learns it, though the others take its votes', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS]);
  const [first, away] = members;
  assert.ok(first && away);
  away.state.gate = 'gone';
  const epoch = await store.allocateEpoch(ID);
  const rival = epoch + 1000;
  await away.inner.writeSlot(makeSlot(rival, 1, ['down']), undefined);
  away.state.gate = 'open';
  assert.equal(await store.writeSlot(makeSlot(epoch, 1, ['up']), undefined), 'refused');
  // And where that one is slow, at the write after the one that it refused.
  away.state.gate = 'frozen';
  assert.equal(await store.writeSlot(makeSlot(epoch, 2, ['up']), undefined), 'stored');
  away.open();
  await pause(5);
  assert.equal(await store.writeSlot(makeSlot(epoch, 3, ['up']), undefined), 'refused');
  const next = await store.allocateEpoch(ID);
  assert.ok(next > rival);
  assert.equal(await store.writeSlot(makeSlot(next, 1, ['up']), undefined), 'stored');
  await pause(0);
  assert.deepEqual(await Promise.all(members.map(readAt)), [`${next}.1`, `${next}.1`]);
});

test('a follower holds the newest of all servers, and hears of a failure only when all fail', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS]);
  const [first, second] = members;
  assert.ok(first && second);
  let table: SlotTable = new Map();
  const following = followSlotTable(store, { onError: assert.fail }, ({ slots }) => {
    table = slots;
  });
  context.after(() => following.close());
  await first.inner.writeSlot(makeSlot(7, 3, ['down']), undefined);
  await second.inner.writeSlot(makeSlot(7, 9, ['up']), undefined);
  await second.inner.writeSlot({ ...makeSlot(5, 1, ['up']), worker: 'other' }, undefined);
  await waitUntil(() => table.size === 2 && table.get('eu/w1')?.sequence === 9);
  first.state.gate = 'frozen';
  const startedAt = performance.now();
  await second.inner.writeSlot(makeSlot(8, 1, ['down']), undefined);
  await waitUntil(() => table.get('eu/w1')?.epoch === 8, 500);
  assert.ok(performance.now() - startedAt < 500, 'a frozen server held up a read');
});

test('what a slow server answers too late is there for the next read, unless its worker has left meanwhile', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS]);
  const [fast, slow] = members;
  assert.ok(fast && slow);
  const following = store.followSlots({ onDelta() {}, onIndex() {}, onRemoved() {}, onError: assert.fail });
  context.after(() => following.close());
  await slow.inner.writeSlot(makeSlot(7, 1, ['up']), undefined);
  await pause(50);
  slow.state.gate = 'frozen';
  assert.deepEqual(await store.readSlots([ID]), []);
  slow.open();
  await pause(5);
  slow.state.gate = 'frozen';
  assert.equal((await store.readSlots([ID]))[0]?.sequence, 1);
  assert.equal(slow.state.waiting.length, 1, 'asked again all the same');
  await slow.inner.removeSlot(ID);
  await pause(5);
  slow.open();
  await pause(5);
  slow.state.gate = 'gone';
  assert.deepEqual(await store.readSlots([ID]), []);
});

test('a report comes once, whatever number the servers give it, and the next one is greater wherever it is read', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS + HOUR_MS]);
  const [first, ahead] = members;
  assert.ok(first && ahead);
  const heard: StoredLoadReport[] = [];
  const following = store.followLoadReports((reports) => heard.push(...reports), assert.fail);
  context.after(() => following.close());
  for (const connections of [1, 2]) {
    await store.writeLoadReport({ subject: 'web-eu', connections });
    await waitUntil(() => heard.length === connections);
    await pause(20);
  }
  // Now only the one whose clock is behind is left: its numbers go on above those of the other.
  ahead.state.gate = 'gone';
  await store.writeLoadReport({ subject: 'web-eu', connections: 3 });
  await waitUntil(() => heard.length === 3);
  assert.deepEqual(
    heard.map(({ connections }) => connections),
    [1, 2, 3],
  );
  const sequences = heard.map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    [...sequences].sort((one, other) => one - other),
  );
});

test('a slot that its worker took back is gone everywhere', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS]);
  await store.writeSlot(makeSlot(7, 1, ['up']), undefined);
  await pause(0);
  await store.removeSlot(ID);
  assert.deepEqual(await Promise.all(members.map(readAt)), ['nothing', 'nothing']);
});

test('a server that tells of forged versions silences no worker at the others', async (context) => {
  const { members, store } = openMembers(context, [NOW_MS, NOW_MS, NOW_MS]);
  const [broken, ...sound] = members;
  assert.ok(broken);
  const isForged = (votes: readonly TargetVote[]) => votes.some(({ vote }) => vote === 'down');
  const admission: Admission = {
    concerns: () => true,
    isNamed: () => true,
    keeps: () => true,
    admits: (message) => !isForged('votes' in message ? message.votes : 'changed' in message ? message.changed : []),
  };
  let table: SlotTable = new Map();
  const following = followSlotTable(store, { onError: assert.fail, admission }, ({ slots }) => {
    table = slots;
  });
  context.after(() => following.close());
  const newest = Number.MAX_SAFE_INTEGER;
  const forgedVotes = makeSlot(newest, 1, ['down']).votes;
  const forged = { ...ID, epoch: newest, sequence: 1, changed: forgedVotes, removed: [] };
  await broken.inner.writeSlot(makeSlot(newest, 1, ['down']), forged);
  await pause(30);
  for (let sequence = 1; sequence <= 3; sequence++) {
    const slot = makeSlot(7, sequence, ['up']);
    const delta = { ...ID, epoch: 7, sequence, changed: sequence === 1 ? slot.votes : [], removed: [] };
    await Promise.all(sound.map(({ inner }) => inner.writeSlot(slot, delta)));
    await waitUntil(() => table.get('eu/w1')?.sequence === sequence, 1000);
  }
});

test('a server that lists names without end hides none that others list', () => {
  const listeners: SlotListener[] = [];
  const source = {
    followSlots(listener: SlotListener) {
      listeners.push(listener);
      return { close: () => undefined };
    },
    readSlots: async () => [],
  };
  let index: readonly SlotVersion[] = [];
  const ignore = () => undefined;
  mergeSlotSources([source, source]).followSlots({
    ...{ onDelta: ignore, onRemoved: ignore, onError: assert.fail },
    onIndex(merged) {
      index = merged;
    },
  });
  const version = { epoch: 7, sequence: 1 };
  const madeUp = Array.from({ length: SLOT_LIMIT + 2 }, (_, worker) => ({
    vantage: 'x',
    worker: `${worker}`,
    ...version,
  }));
  listeners[0]?.onIndex([{ ...ID, ...version }]);
  listeners[1]?.onIndex(madeUp);
  assert.deepEqual(index[0], { ...ID, ...version });
});
