// The follower of slots over a store that loses, repeats and reorders whatever it says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { slotKey } from '../../../src/health/merge-slots.ts';
import type { Slot, SlotDelta, SlotVersion, TargetVote } from '../../../src/health/slot.ts';
import { followSlotTable, READ_BATCH_LIMIT, type SlotTableChange } from '../../../src/store/follow-slots.ts';
import type { SlotListener } from '../../../src/store/health-store.ts';

test('converges to the slots of the store, and never goes backwards, however messages are lost, repeated or late', async () => {
  const step = fc.record({
    worker: fc.nat(2),
    what: fc.constantFrom('write', 'write', 'write', 'restart', 'replay', 'index', 'turn', 'settle', 'empty'),
    delivered: fc.constantFrom('once', 'once', 'never', 'twice', 'late'),
    target: fc.nat(3),
    vote: fc.constantFrom<TargetVote['vote']>('up', 'down', 'suspect'),
    drop: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const store = makeStore();
      const seen = new Map<string, SlotVersion>();
      let table: ReadonlyMap<string, Slot> = new Map();
      const following = followSlotTable(store.health, { onError: assert.fail }, ({ slots, advanced }) => {
        table = slots;
        for (const slot of advanced) {
          const before = seen.get(slotKey(slot));
          assert.ok(!before || slot.epoch > before.epoch || slot.sequence > before.sequence, 'advanced');
          assert.ok(!before || slot.epoch >= before.epoch, 'no older epoch');
          seen.set(slotKey(slot), slot);
        }
      });
      const truth = new Map<string, Slot>();
      const late: SlotDelta[] = [];
      for (const { worker, what, delivered, target, vote, drop } of steps) {
        const id = { vantage: 'eu', worker: `w${worker}` };
        const last = truth.get(slotKey(id));
        if (what === 'replay') for (const delta of late.splice(0)) store.listener().onDelta(delta);
        else if (what === 'index') store.listener().onIndex(store.index());
        else if (what === 'settle') await settle();
        else if (what === 'turn') await Promise.resolve();
        else if (what === 'empty') store.slots.clear();
        else {
          const epoch = (last?.epoch ?? 1) + (what === 'restart' ? 1 : 0);
          const sequence = what === 'restart' ? 1 : (last?.sequence ?? 0) + 1;
          const name = `t${target}`;
          const kept = what === 'restart' ? [] : (last?.votes ?? []).filter((held) => held.target !== name);
          const changed = drop ? [] : [{ target: name, vote, reason: '' }];
          const slot: Slot = { ...id, epoch, sequence, votes: [...kept, ...changed] };
          truth.set(slotKey(id), slot);
          store.slots.set(slotKey(id), slot);
          const delta: SlotDelta = { ...id, epoch, sequence, changed, removed: drop ? [name] : [] };
          if (delivered === 'late') late.push(delta);
          const times = delivered === 'once' ? 1 : delivered === 'twice' ? 2 : 0;
          for (let time = 0; time < times; time++) store.listener().onDelta(delta);
        }
      }
      // A cycle: every worker writes its slot whole, and one poll comes through.
      for (const [key, slot] of truth) store.slots.set(key, slot);
      store.listener().onIndex(store.index());
      await settle();
      assert.deepEqual(sorted(table), sorted(truth));
      following.close();
    }),
    { numRuns: 300, seed: 20260601 },
  );
});

test('a delta that follows on needs no read; a gap is closed by one read, without waiting for the index', async () => {
  const store = makeStore();
  const changes: number[] = [];
  followSlotTable(store.health, { onError: assert.fail }, ({ advanced }) => changes.push(advanced[0]?.sequence ?? -1));
  store.put(makeSlot('w1', 1));
  store.listener().onIndex(store.index());
  await settle();
  store.listener().onDelta(makeDelta('w1', 2));
  assert.deepEqual(store.reads, [['eu/w1']]);
  store.put(makeSlot('w1', 5));
  store.listener().onDelta(makeDelta('w1', 4));
  store.listener().onDelta(makeDelta('w1', 5));
  await settle();
  assert.deepEqual(changes, [1, 2, 5]);
  assert.deepEqual(store.reads, [['eu/w1'], ['eu/w1']]);
});

test('a full read that deltas have overtaken changes nothing', async () => {
  const store = makeStore();
  const changes: number[] = [];
  followSlotTable(store.health, { onError: assert.fail }, ({ advanced }) => changes.push(advanced[0]?.sequence ?? -1));
  store.put(makeSlot('w1', 1));
  store.listener().onIndex(store.index());
  await settle();
  store.put(makeSlot('w1', 3));
  store.listener().onDelta(makeDelta('w1', 3));
  await Promise.resolve();
  for (const sequence of [2, 3, 4]) store.listener().onDelta(makeDelta('w1', sequence));
  await settle();
  assert.deepEqual(changes, [1, 2, 3, 4]);
  assert.equal(store.reads.length, 2);
});

test('slots are read in batches, and a poll without news reads nothing', async () => {
  const store = makeStore();
  let size = 0;
  followSlotTable(store.health, { onError: assert.fail }, ({ slots }) => {
    size = slots.size;
  });
  for (let worker = 0; worker < READ_BATCH_LIMIT + 10; worker++) store.put(makeSlot(`w${worker}`, 1));
  store.listener().onIndex(store.index());
  store.listener().onIndex(store.index());
  await settle();
  assert.equal(size, READ_BATCH_LIMIT + 10);
  assert.deepEqual(
    store.reads.map((keys) => keys.length),
    [READ_BATCH_LIMIT, 10],
  );
  store.listener().onIndex(store.index());
  await settle();
  assert.equal(store.reads.length, 2);
});

test('a slot that the index no longer names stays', async () => {
  const store = makeStore();
  let table: ReadonlyMap<string, Slot> = new Map();
  followSlotTable(store.health, { onError: assert.fail }, ({ slots }) => {
    table = slots;
  });
  store.put(makeSlot('w1', 3));
  store.listener().onIndex(store.index());
  await settle();
  store.slots.clear();
  store.listener().onIndex([]);
  await settle();
  assert.equal(table.get('eu/w1')?.sequence, 3);
});

test('a removed slot goes, and neither late deltas nor late reads bring it back; a new epoch does', async () => {
  const store = makeStore();
  const changes: SlotTableChange[] = [];
  let size = 0;
  followSlotTable(store.health, { onError: assert.fail }, (change) => {
    changes.push(change);
    size = change.slots.size;
  });
  store.put(makeSlot('w1', 3));
  store.listener().onIndex(store.index());
  await settle();
  store.listener().onRemoved({ ...makeVersion('w1', 2) });
  assert.equal(size, 1, 'an older removal says nothing of the slot that came after');
  store.listener().onRemoved(makeVersion('w1', 3));
  store.listener().onDelta(makeDelta('w1', 3));
  store.listener().onIndex(store.index());
  await settle();
  assert.equal(size, 0);
  assert.equal(store.reads.length, 1, 'what is known to be old is not even read');
  assert.deepEqual(
    changes.at(-1)?.removed.map(({ worker }) => worker),
    ['w1'],
  );
  store.put({ ...makeSlot('w1', 1), epoch: 2 });
  store.listener().onIndex(store.index());
  await settle();
  assert.equal(size, 1);
});

test('a read that fails is tried again at the next poll', async () => {
  const store = makeStore();
  let size = 0;
  followSlotTable(store.health, { onError: assert.fail }, ({ slots }) => {
    size = slots.size;
  });
  store.put(makeSlot('w1', 1));
  store.failNextRead();
  store.listener().onIndex(store.index());
  await settle();
  assert.equal(size, 0);
  store.listener().onIndex(store.index());
  await settle();
  assert.equal(size, 1);
});

for (const [name, limits] of Object.entries({ slots: { slotLimit: 2 }, votes: { voteLimit: 2 } })) {
  test(`beyond the limit of ${name} those that have not moved for longest go, and are read again only once they move`, async () => {
    const store = makeStore();
    let table: ReadonlyMap<string, Slot> = new Map();
    const gone: string[] = [];
    followSlotTable(store.health, { onError: assert.fail, ...limits }, ({ slots, removed }) => {
      table = slots;
      gone.push(...removed.map(({ worker }) => worker));
    });
    const poll = async (): Promise<void> => {
      store.listener().onIndex(store.index());
      await settle();
    };
    const votes: TargetVote[] = [{ target: 't', vote: 'up', reason: '' }];
    const put = (worker: string, sequence: number) => store.put({ vantage: 'eu', worker, epoch: 1, sequence, votes });
    put('lives', 1);
    put('dies', 1);
    await poll();
    put('lives', 2);
    await poll();
    put('new', 1);
    await poll();
    assert.deepEqual([...table.keys()].sort(), ['eu/lives', 'eu/new']);
    assert.deepEqual(gone, ['dies'], 'whoever remembers something of it may forget it');
    const reads = store.reads.length;
    await poll();
    assert.equal(store.reads.length, reads, 'it is still listed as it was');
    put('dies', 2);
    await poll();
    assert.deepEqual([...table.keys()].sort(), ['eu/dies', 'eu/new']);
    assert.deepEqual(gone, ['dies', 'lives']);
  });
}

test('a closed follower says nothing more, though a read was under way', async () => {
  const store = makeStore();
  const following = followSlotTable(store.health, { onError: assert.fail }, () => assert.fail('it was closed'));
  store.put(makeSlot('w1', 1));
  store.listener().onIndex(store.index());
  following.close();
  store.listener().onDelta(makeDelta('w1', 2));
  await settle();
});

/** A store under the test's thumb: it says only what the test makes it say, and reads take a turn of the event loop. */
function makeStore() {
  let listener: SlotListener | undefined;
  let failing = false;
  const slots = new Map<string, Slot>();
  const reads: string[][] = [];
  return {
    slots,
    reads,
    put: (slot: Slot): void => void slots.set(slotKey(slot), slot),
    index: (): SlotVersion[] => [...slots.values()],
    failNextRead: (): void => {
      failing = true;
    },
    listener: (): SlotListener => {
      assert.ok(listener);
      return listener;
    },
    health: {
      followSlots: (made: SlotListener) => {
        listener = made;
        return { close: () => {} };
      },
      readSlots: async (ids: readonly { vantage: string; worker: string }[]): Promise<readonly Slot[]> => {
        reads.push(ids.map(slotKey));
        const found = ids.flatMap((id) => slots.get(slotKey(id)) ?? []);
        await new Promise(setImmediate);
        if (!failing) return found;
        failing = false;
        throw new Error('the store is away');
      },
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate);
}

function sorted(table: ReadonlyMap<string, Slot>): unknown {
  const byTarget = (a: TargetVote, b: TargetVote): number => a.target.localeCompare(b.target);
  return [...table]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, slot]) => [key, { ...slot, votes: slot.votes.toSorted(byTarget) }]);
}

function makeVersion(worker: string, sequence: number): SlotVersion {
  return { vantage: 'eu', worker, epoch: 1, sequence };
}

function makeSlot(worker: string, sequence: number): Slot {
  return { ...makeVersion(worker, sequence), votes: [{ target: 't', vote: 'up', reason: '' }] };
}

function makeDelta(worker: string, sequence: number): SlotDelta {
  return { ...makeVersion(worker, sequence), changed: [], removed: [] };
}
