// The Redis driver against a real redis-server: the contract of both drivers, and what a server can lose or be told by others.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Slot } from '../../src/health/slot.ts';
import type { StoredLoadReport } from '../../src/model/load-report.ts';
import { formatRevisionId } from '../../src/model/revision.ts';
import { fetchRevision } from '../../src/store/fetch-revision.ts';
import { followSlotTable } from '../../src/store/follow-slots.ts';
import { SWEEP_AFTER_MS } from '../../src/store/health-store.ts';
import { KEYS } from '../../src/store/redis/keys.ts';
import { openRedisStore, type RedisStore, type RedisStoreOptions } from '../../src/store/redis/open-redis-store.ts';
import { isStoreError } from '../../src/store/store-error.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';
import {
  CONTRACT_HISTORY,
  CONTRACT_POLL_MS,
  describeStoreContract,
  makeRevision,
  makeSlot,
  waitUntil,
} from '../support/store-contract.ts';

const skip = requireProgram('redis-server', 'redis-server');
const WORKER = { vantage: 'eu', worker: 'w1' };
/** For tests that show that a thing came by push: no poll comes in time to have brought it. */
const NO_POLL_MS = 60_000;

let server: RedisServer;

async function emptyServer(): Promise<void> {
  const client = new Redis(server.url);
  await client.flushall();
  await client.quit();
}

describeStoreContract(
  'the store in Redis',
  {
    start: async () => {
      server = await startRedisServer();
    },
    stop: () => server.stop(),
    openEmpty: async () => {
      await emptyServer();
      return openRedisStore(server.url, { pollIntervalMs: CONTRACT_POLL_MS, historyLimit: CONTRACT_HISTORY });
    },
  },
  skip,
);

describe('Redis as a store', skip === undefined ? {} : { skip }, () => {
  let raw: Redis;
  const rejections: unknown[] = [];
  const noteRejection = (reason: unknown): number => rejections.push(reason);

  before(async () => {
    server = await startRedisServer();
    raw = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    raw.on('error', () => {});
    process.on('unhandledRejection', noteRejection);
  });
  after(async () => {
    raw.disconnect();
    await server.stop();
    process.off('unhandledRejection', noteRejection);
    assert.deepEqual(rejections, []);
  });

  async function open(context: TestContext, options: RedisStoreOptions = {}, url = server.url): Promise<RedisStore> {
    await raw.flushall();
    const store = openRedisStore(url, options);
    context.after(() => store.close());
    return store;
  }

  test('heads, slots and load reports arrive by push, long before any poll', async (context) => {
    const store = await open(context, { pollIntervalMs: NO_POLL_MS });
    const heads: (string | undefined)[] = [];
    const reports: StoredLoadReport[] = [];
    let votes = 0;
    const parts = [
      store.configuration.followHead((head) => heads.push(head && formatRevisionId(head)), assert.fail),
      followSlotTable(store.health, { onError: assert.fail }, ({ advanced }) => {
        votes += advanced.length;
      }),
      store.health.followLoadReports((news) => reports.push(...news), assert.fail),
    ];
    context.after(() => parts.forEach((part) => void part.close()));
    await waitUntil(() => heads.length === 1);
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await store.configuration.commit(manifest, objects);
    await waitUntil(() => heads.length === 2, 500);
    for (const sequence of [1, 2, 3]) {
      const slot = makeSlot(7, sequence, ['up']);
      await store.health.writeSlot(slot, { ...WORKER, epoch: 7, sequence, changed: slot.votes, removed: [] });
    }
    const report = await store.health.writeLoadReport({ subject: 'web-eu', connections: 1 });
    await waitUntil(() => votes >= 1 && reports.length === 1, 500);
    assert.deepEqual(reports, [report]);
  });

  test('without a single message, heads, slots and load reports arrive by polling', async (context) => {
    const writer = await open(context);
    await raw.call('ACL', 'SETUSER', 'deaf', 'on', '>secret', '~*', '+@all', 'resetchannels');
    const url = server.url.replace('//', '//deaf:secret@');
    const deaf = openRedisStore(url, { pollIntervalMs: CONTRACT_POLL_MS });
    context.after(() => deaf.close());
    const heads: (string | undefined)[] = [];
    const slots: Slot[] = [];
    const reports: number[] = [];
    const parts = [
      deaf.configuration.followHead((head) => heads.push(head && formatRevisionId(head)), assert.fail),
      followSlotTable(deaf.health, { onError: assert.fail }, ({ advanced }) => slots.push(...advanced)),
      deaf.health.followLoadReports((news) => reports.push(...news.map(({ sequence }) => sequence)), assert.fail),
    ];
    context.after(() => parts.forEach((part) => void part.close()));
    await waitUntil(() => heads.length === 1);
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await writer.configuration.commit(manifest, objects);
    const slot = makeSlot(7, 1, ['suspect']);
    await writer.health.writeSlot(slot, { ...WORKER, epoch: 7, sequence: 1, changed: slot.votes, removed: [] });
    const first = await writer.health.writeLoadReport({ subject: 'web-eu', connections: 1 });
    await waitUntil(() => heads.length === 2 && slots.length === 1 && reports.length === 1);
    const second = await writer.health.writeLoadReport({ subject: 'web-eu', connections: 2 });
    await waitUntil(() => reports.length === 2);
    assert.deepEqual(
      { heads, slots, reports },
      {
        heads: [undefined, '1.1'],
        slots: [slot],
        reports: [first.sequence, second.sequence],
      },
    );
  });

  test('whatever somebody wrote in place of a fence or of an entry of the index, a worker gets an epoch and is heard', async (context) => {
    const store = await open(context);
    const key = `${WORKER.vantage}/${WORKER.worker}`;
    for (const [fence, entry] of [
      ['9007199254740991', '7.1.1'],
      ['1e300', '7.1.1'],
      ['abc', 'abc'],
      ['-5', '9007199254740991.1.1'],
      ['7', '4503599627370000.4503599627370000.1'],
      ['7', '1.1.x'],
    ] as const) {
      await raw.hset(KEYS.epochs, key, fence);
      await raw.hset(KEYS.index, key, entry);
      await raw.hset(KEYS.epochs, 'eu/other', 'abc');
      const epoch = await store.health.allocateEpoch(WORKER);
      assert.ok(Number.isSafeInteger(epoch) && epoch > 0, `${fence}: ${epoch}`);
      const slot = makeSlot(epoch, 1, ['up']);
      assert.equal(await store.health.writeSlot(slot, undefined), 'stored', `${fence} ${entry}`);
    }
  });

  test('an epoch is greater than the last though the server was emptied, and the slot can be written again', async (context) => {
    const store = await open(context);
    const before = await store.health.allocateEpoch(WORKER);
    await store.health.writeSlot(makeSlot(before, 500, ['up']), undefined);
    await raw.flushall();
    assert.equal(await store.health.writeSlot(makeSlot(before, 501, ['up']), undefined), 'stored');
    await raw.flushall();
    await pause(2);
    assert.ok((await store.health.allocateEpoch(WORKER)) > before);
  });

  test('scripts that the server has forgotten are sent again', async (context) => {
    const store = await open(context);
    assert.equal(await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined), 'stored');
    assert.equal(await store.health.writeSlot(makeSlot(7, 2, ['up']), undefined), 'stored');
    await raw.script('FLUSH');
    assert.equal(await store.health.writeSlot(makeSlot(7, 3, ['up']), undefined), 'stored');
  });

  test('a head that is gone is told as undefined, and a follower of slots forgets nothing', async (context) => {
    const store = await open(context, { pollIntervalMs: CONTRACT_POLL_MS });
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await store.configuration.commit(manifest, objects);
    await store.health.writeSlot(makeSlot(7, 1, ['down']), undefined);
    const heads: (string | undefined)[] = [];
    let size = 0;
    const parts = [
      store.configuration.followHead((head) => heads.push(head && formatRevisionId(head)), assert.fail),
      followSlotTable(store.health, { onError: assert.fail }, ({ slots }) => {
        size = slots.size;
      }),
    ];
    context.after(() => parts.forEach((part) => void part.close()));
    await waitUntil(() => heads.length === 1 && size === 1);
    await raw.flushall();
    await waitUntil(() => heads.length === 2);
    await pause(3 * CONTRACT_POLL_MS);
    assert.deepEqual(heads, ['1.1', undefined]);
    assert.equal(size, 1);
  });

  test('of rivals over different connections exactly one commits', async (context) => {
    const stores = [await open(context), await open(context), await open(context)];
    const results = await Promise.all(
      stores.flatMap((store, index) =>
        [0, 1, 2].map((turn) => {
          const { manifest, objects } = makeRevision(1, null, { regions: `${index}/${turn}` });
          return store.configuration.commit(manifest, objects);
        }),
      ),
    );
    assert.equal(results.filter(({ status }) => status === 'committed').length, 1);
  });

  test('an object that was altered or lost in the server is named and refused', async (context) => {
    const store = await open(context);
    const { manifest, objects } = makeRevision(1, null, { 'zones/a~b': 'x', regions: 'y' });
    await store.configuration.commit(manifest, objects);
    await raw.hset(KEYS.objects, manifest.objects['zones/a~b'] ?? '', 'altered');
    await raw.hdel(KEYS.objects, manifest.objects.regions ?? '');
    const fetched = await fetchRevision(store.configuration, manifest.id, new Map());
    assert.ok(!fetched.ok);
    assert.deepEqual(fetched.problems.map(({ path }) => path).sort(), ['/objects/regions', '/objects/zones~1a~0b']);
    await raw.hset(KEYS.manifests, '0000000001.0000000001', '{"id":7}');
    await assert.rejects(store.configuration.readManifest(manifest.id), { code: 'STORE_DAMAGED' });
    await raw.set(KEYS.head, 'nonsense');
    await assert.rejects(store.configuration.readHead(), { code: 'STORE_DAMAGED' });
  });

  test('a slot or an index entry of junk is passed over', async (context) => {
    const store = await open(context, { pollIntervalMs: CONTRACT_POLL_MS });
    await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined);
    await raw.hset(KEYS.slots, 'eu/junk', 'junk');
    await store.health.writeSlot({ ...makeSlot(7, 1, ['down']), worker: 'other' }, undefined);
    await raw.hset(KEYS.slots, 'eu/liar', (await raw.hgetBuffer(KEYS.slots, 'eu/other')) ?? '');
    await raw.hdel(KEYS.index, 'eu/other');
    await raw.hset(KEYS.index, 'eu/junk', '9.9.9', 'eu/liar', '9.9.9', 'junk', '1.1.1', 'eu/worse', 'x');
    const slots = new Map<string, Slot>();
    const following = followSlotTable(store.health, { onError: assert.fail }, ({ advanced }) => {
      for (const slot of advanced) slots.set(slot.worker, slot);
    });
    context.after(() => following.close());
    await waitUntil(() => slots.size > 0);
    await raw.publish('azimuth:{azimuth}:deltas', 'junk');
    await raw.publish('azimuth:{azimuth}:load', 'junk');
    await pause(2 * CONTRACT_POLL_MS);
    assert.deepEqual([...slots.keys()], ['w1']);
  });

  test('slots and reports that nobody has written for a day are swept', async (context) => {
    const store = await open(context);
    await store.health.writeSlot({ ...makeSlot(7, 1, ['up']), worker: 'dead' }, undefined);
    await store.health.writeSlot({ ...makeSlot(7, 1, ['up']), worker: 'alive' }, undefined);
    await raw.hset(KEYS.index, 'eu/dead', `7.1.${Date.now() - SWEEP_AFTER_MS - 60_000}`);
    await store.health.writeLoadReport({ subject: 'old' });
    await raw.zadd(KEYS.loadOrder, Date.now() - SWEEP_AFTER_MS - 60_000, 'old');
    await store.health.allocateEpoch(WORKER);
    await store.health.writeLoadReport({ subject: 'new' });
    assert.deepEqual(Object.keys(await raw.hgetall(KEYS.index)), ['eu/alive']);
    assert.deepEqual((await raw.hkeys(KEYS.epochs)).sort(), ['eu/alive', 'eu/w1']);
    assert.deepEqual(await raw.hkeys(KEYS.slots), ['eu/alive']);
    assert.deepEqual(await raw.hkeys(KEYS.load), ['new']);
  });

  test('reads only what is new of load reports, and all of them when the count has fallen back', async (context) => {
    const store = await open(context, { pollIntervalMs: CONTRACT_POLL_MS });
    const subjects: string[] = [];
    await store.health.writeLoadReport({ subject: 'a' });
    const following = store.health.followLoadReports(
      (news) => subjects.push(...news.map(({ subject }) => subject)),
      assert.fail,
    );
    context.after(() => following.close());
    await waitUntil(() => subjects.length === 1);
    await raw.flushall();
    await raw.hset(KEYS.load, 'b', '5 {"subject":"b","connections":3}');
    await raw.zadd(KEYS.loadOrder, 5, 'b');
    await raw.set(KEYS.loadLast, '5');
    await waitUntil(() => subjects.length === 2);
    assert.deepEqual(subjects, ['a', 'b']);
  });

  test('wrong credentials are told as such, by every call, and reported once by a follower', async (context) => {
    const store = await open(context, { pollIntervalMs: 20 }, server.url.replace('//', '//nobody:wrong@'));
    const errors: Error[] = [];
    const following = store.configuration.followHead(
      () => assert.fail(),
      (error) => errors.push(error),
    );
    context.after(() => following.close());
    await assert.rejects(store.health.allocateEpoch(WORKER), (error) => {
      assert.ok(isStoreError(error));
      assert.equal(error.code, 'STORE_REJECTED');
      assert.match(error.message, /WRONGPASS/);
      assert.ok(!error.message.includes('nobody'));
      return true;
    });
    await pause(200);
    assert.equal(errors.length, 1);
  });

  test('an old revision whose manifest is damaged, or gone, goes out of the history like any other', async (context) => {
    const store = await open(context, { historyLimit: 1 });
    const commit = async (number: number) => {
      const { manifest, objects } = makeRevision(number, number === 1 ? null : number - 1, { regions: `of ${number}` });
      return store.configuration.commit(manifest, objects);
    };
    await commit(1);
    for (const [number, damage] of [null, 'x', '7', '{"objects":7}', '{}'].entries()) {
      const [member = ''] = await raw.hkeys(KEYS.manifests);
      if (damage === null) await raw.hdel(KEYS.manifests, member);
      else await raw.hset(KEYS.manifests, member, damage);
      assert.deepEqual(await commit(number + 2), { status: 'committed' }, `${damage}`);
      assert.equal(await raw.zcard(KEYS.order), 1);
    }
  });
});
