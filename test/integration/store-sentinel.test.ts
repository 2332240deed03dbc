// The store behind Sentinel: a real primary, two replicas and three Sentinels, and what befalls a primary. Within five
// seconds of each fault slots are written again, and no commit that was acknowledged is lost.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningWriter } from '../../src/roles/configuration-writer.ts';
import { followSlotTable, type SlotTable } from '../../src/store/follow-slots.ts';
import { openRedisStore, type RedisStore } from '../../src/store/redis/open-redis-store.ts';
import { isStoreError } from '../../src/store/store-error.ts';
import { type Member, type SentinelGroup, startSentinelGroup } from '../support/redis-sentinel.ts';
import { requireProgram } from '../support/require-program.ts';
import {
  CONTRACT_HISTORY,
  CONTRACT_POLL_MS,
  describeStoreContract,
  makeRevision,
  makeRevisionOf,
  makeSlot,
  waitUntil,
} from '../support/store-contract.ts';
import { DOCUMENT, openDirectory, openWriter } from '../unit/api/fixture.ts';

const skip = requireProgram('redis-server', 'redis-server');
/** The promise: across a failover with down-after-milliseconds 1000. */
const RECOVERY_LIMIT_MS = 5000;
const HEARTBEAT_MS = 200;
const WORKER = { vantage: 'eu', worker: 'w1' };

let shared: SentinelGroup;

describeStoreContract(
  'the store behind Sentinel',
  {
    start: async () => {
      shared = await startSentinelGroup();
    },
    stop: () => shared.stop(),
    openEmpty: async () => {
      await shared.servers[0]?.admin.flushall();
      return openRedisStore(shared.url, { pollIntervalMs: CONTRACT_POLL_MS, historyLimit: CONTRACT_HISTORY });
    },
  },
  skip,
);

/** Each test has a group of its own, and waits more than it works. */
const CONCURRENCY = 3;

describe('Sentinel', { concurrency: CONCURRENCY, skip: skip ?? false }, () => {
  const rejections: unknown[] = [];
  const noteRejection = (reason: unknown): number => rejections.push(reason);
  before(() => process.on('unhandledRejection', noteRejection));
  after(() => {
    process.off('unhandledRejection', noteRejection);
    assert.deepEqual(rejections, []);
  });

  test('a primary that is killed is followed by another within five seconds, and votes are told by push again', async (context) => {
    const { group, store, primary } = await open(context);
    const worker = beat(context, store);
    const table = followTable(context, store);
    await waitUntil(() => worker.stored > 2 && table.size === 1);
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await store.configuration.commit(manifest, objects);
    await primary.kill();
    await assertRecovery(context, group, worker, primary.port);
    const seen = table.sequence();
    await waitUntil(() => table.sequence() > seen, 1000);
    const next = makeRevision(2, 1, { regions: 'b' });
    assert.deepEqual(await store.configuration.commit(next.manifest, next.objects), { status: 'committed' });
    assert.deepEqual(worker.replayed(), [], 'what was written while nobody took it came through later');
  });

  test('a primary that freezes for ten seconds is left within five, and nobody returns to it when it thaws', async (context) => {
    const { group, store, primary } = await open(context);
    const worker = beat(context, store);
    await waitUntil(() => worker.stored > 2);
    primary.signal('SIGSTOP');
    const frozenAt = performance.now();
    await assertRecovery(context, group, worker, primary.port);
    await pause(10_000 - (performance.now() - frozenAt));
    const before = worker.stored;
    primary.signal('SIGCONT');
    await pause(2000);
    assert.ok(worker.stored - before > 5, `only ${worker.stored - before} heartbeats in two seconds`);
    assert.doesNotMatch(String(await primary.admin.client('LIST')), /name=azimuth/);
  });

  test('a primary that is replaced on purpose is left at once', async (context) => {
    const { group, store, primary } = await open(context);
    const worker = beat(context, store);
    await waitUntil(() => worker.stored > 2);
    await group.sentinels[0]?.admin.call('SENTINEL', 'FAILOVER', 'azimuth');
    await assertRecovery(context, group, worker, primary.port);
  });

  test('one Sentinel that is frozen and one that is gone delay nothing', async (context) => {
    const { group, store } = await open(context);
    await store.configuration.readHead();
    group.sentinels[0]?.signal('SIGSTOP');
    await group.sentinels[1]?.kill();
    const startedAt = performance.now();
    const fresh = openRedisStore(group.url);
    context.after(() => fresh.close());
    await fresh.configuration.readHead();
    assert.ok(performance.now() - startedAt < 1000);
    await pause(2500);
    assert.equal(await store.health.writeSlot(makeSlot(9, 1, ['up']), undefined), 'stored');
  });

  test('a name that no Sentinel knows is told; without a single one calls reject soon, and the connection that stands goes on', async (context) => {
    const { group, store } = await open(context);
    const misnamed = openRedisStore(group.url.replace(/azimuth$/, 'azimut'));
    context.after(() => misnamed.close());
    await assert.rejects(misnamed.configuration.readHead(), {
      message: /sentinel .* knows no primary called "azimut"/,
    });
    assert.equal(await store.health.writeSlot(makeSlot(9, 1, ['up']), undefined), 'stored');
    await Promise.all(group.sentinels.map((sentinel) => sentinel.kill()));
    await pause(1500);
    assert.equal(await store.health.writeSlot(makeSlot(9, 2, ['up']), undefined), 'stored');
    const lost = openRedisStore(group.url);
    context.after(() => lost.close());
    const startedAt = performance.now();
    await assert.rejects(lost.configuration.readHead(), { code: 'STORE_UNAVAILABLE' });
    assert.ok(performance.now() - startedAt < 1500);
  });

  test('stale replicas are promoted: what was acknowledged is committed again, in a new generation, and votes refill', async (context) => {
    const { group, store, primary } = await open(context);
    const worker = beat(context, store);
    const stateDirectory = await openDirectory(context);
    const writer = await openWriter(store, { stateDirectory, initial: DOCUMENT });
    context.after(() => writer.close());
    await commitAs(writer, 'known to all');
    // Cut off: they follow a server that is not there, and Sentinel looks after such only some seconds later.
    for (const replica of group.servers.slice(1)) await replica.admin.call('REPLICAOF', '127.0.0.1', '1');
    const acknowledged = await commitAs(writer, 'known to the primary alone');
    // Another API node, which never saw it, goes on from the head that the replicas have.
    const rival = openRedisStore(group.url);
    context.after(() => rival.close());
    const old = { generation: 1, number: acknowledged - 1 };
    const change = makeRevisionOf({ generation: 1, number: acknowledged }, old, { regions: 'another change' });
    await rival.configuration.readManifest(old);
    await primary.kill();
    const forked = commitPatiently(rival, change);
    await assertRecovery(context, group, worker, primary.port);
    const head = async () => (await store.configuration.readHead())?.generation;
    const deadline = performance.now() + RECOVERY_LIMIT_MS;
    while ((await head().catch(() => undefined)) !== 2) {
      assert.ok(performance.now() < deadline, 'not committed again');
      await pause(50);
    }
    assert.equal((await forked).status, 'conflict', 'a change took the number of one that was forgotten');
    const restored = await writer.read();
    assert.equal(restored?.id.generation, 2);
    assert.ok((restored?.id.number ?? 0) > acknowledged);
    assert.match(JSON.stringify(restored?.document), /known to the primary alone/);
    assert.equal((await store.health.readSlots([WORKER])).length, 1);
  });
});

async function open(context: TestContext): Promise<{ group: SentinelGroup; store: RedisStore; primary: Member }> {
  const group = await startSentinelGroup();
  const store = openRedisStore(group.url, { pollIntervalMs: 1000 });
  context.after(async () => {
    await store.close();
    await group.stop();
  });
  const primary = group.servers[0];
  assert.ok(primary);
  return { group, store, primary };
}

type Beating = {
  /** Writes that were taken. */
  readonly stored: number;
  /** Sequences of writes that were rejected, and that the store holds nevertheless. */
  replayed(): readonly number[];
};

/** A worker: its slot whole every heartbeat, one write at a time, what fails is dropped. */
function beat(context: TestContext, store: RedisStore): Beating {
  const state = { stored: 0, isWriting: false, sequence: 0 };
  const rejected = new Set<number>();
  const timer = setInterval(() => {
    if (state.isWriting) return;
    state.isWriting = true;
    const sequence = ++state.sequence;
    const startedAt = performance.now();
    store.health
      .writeSlot(makeSlot(7, sequence, ['up']), { ...WORKER, epoch: 7, sequence, changed: [], removed: [] })
      .then(
        () => void state.stored++,
        (error: unknown) => {
          assert.ok(isStoreError(error));
          assert.ok(performance.now() - startedAt < 2500, 'a call took too long to reject');
          rejected.add(sequence);
        },
      )
      .finally(() => {
        state.isWriting = false;
      });
  }, HEARTBEAT_MS);
  context.after(() => clearInterval(timer));
  const seen = new Set<number>();
  const following = followSlotTable(store.health, { onError: () => {} }, ({ advanced }) => {
    for (const { sequence } of advanced) seen.add(sequence);
  });
  context.after(() => following.close());
  return {
    get stored() {
      return state.stored;
    },
    replayed: () => [...rejected].filter((sequence) => seen.has(sequence)),
  };
}

function followTable(context: TestContext, store: RedisStore) {
  let table: SlotTable = new Map();
  const following = followSlotTable(store.health, { onError: () => {} }, ({ slots }) => {
    table = slots;
  });
  context.after(() => following.close());
  return {
    get size() {
      return table.size;
    },
    sequence: () => table.get('eu/w1')?.sequence ?? 0,
  };
}

async function assertRecovery(
  context: TestContext,
  group: SentinelGroup,
  worker: Beating,
  oldPort: number,
): Promise<void> {
  const startedAt = performance.now();
  await group.waitForPrimary((port) => port !== oldPort);
  const agreedMs = performance.now() - startedAt;
  // Those that the old primary took until then do not count.
  const before = worker.stored;
  await waitUntil(() => worker.stored >= before + 3, RECOVERY_LIMIT_MS);
  const ms = performance.now() - startedAt;
  context.diagnostic(`the Sentinels agreed after ${Math.round(agreedMs)} ms, three heartbeats at ${Math.round(ms)} ms`);
  assert.ok(ms < RECOVERY_LIMIT_MS + 3 * HEARTBEAT_MS, `${Math.round(ms)} ms`);
}

async function commitPatiently(store: RedisStore, { manifest, objects }: ReturnType<typeof makeRevision>) {
  for (let tries = 0; ; tries++) {
    try {
      return await store.configuration.commit(manifest, objects);
    } catch (error) {
      if (tries > 1000) throw error;
      await pause(10);
    }
  }
}

/** Commits a configuration that is told by its words; returns the number of the revision. */
async function commitAs(writer: RunningWriter, name: string): Promise<number> {
  const read = await writer.read();
  assert.ok(read);
  const outcome = await writer.commit({
    expected: read.id,
    author: 'test',
    message: name,
    document: { ...DOCUMENT, regions: DOCUMENT.regions.map((region) => ({ ...region, name })) },
  });
  assert.equal(outcome.status, 'committed', JSON.stringify(outcome));
  return outcome.status === 'committed' ? outcome.id.number : 0;
}
