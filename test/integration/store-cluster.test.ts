// The store in a real cluster of Redis: the contract, the death of the master that has our slot, and a slot that moves.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { followSlotTable } from '../../src/store/follow-slots.ts';
import { CHANNELS, HASH_SLOT, KEYS } from '../../src/store/redis/keys.ts';
import { openRedisStore, type RedisStore } from '../../src/store/redis/open-redis-store.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import type { Member } from '../support/redis-sentinel.ts';
import { requireProgram } from '../support/require-program.ts';
import {
  CONTRACT_HISTORY,
  CONTRACT_POLL_MS,
  describeStoreContract,
  makeRevision,
  makeSlot,
  waitUntil,
} from '../support/store-contract.ts';

const skip = requireProgram('redis-server', 'redis-server') ?? requireProgram('redis-cli', 'redis-tools');
const RECOVERY_LIMIT_MS = 6000;
const WORKER = { vantage: 'eu', worker: 'w1' };

/** Making one takes some seconds: all tests share it, and the last one ends a master. */
let cluster: RedisCluster;
if (skip === undefined) {
  before(async () => {
    cluster = await startRedisCluster();
  });
  after(() => cluster.stop());
}

describeStoreContract(
  'the store in a cluster',
  {
    start: async () => {},
    stop: async () => {},
    openEmpty: async () => {
      await (await cluster.findOwner()).admin.flushall();
      return openRedisStore(cluster.url, { pollIntervalMs: CONTRACT_POLL_MS, historyLimit: CONTRACT_HISTORY });
    },
  },
  skip,
);

describe('a cluster', skip === undefined ? {} : { skip }, () => {
  const rejections: unknown[] = [];
  const noteRejection = (reason: unknown): number => rejections.push(reason);
  before(() => process.on('unhandledRejection', noteRejection));
  after(() => {
    process.off('unhandledRejection', noteRejection);
    assert.deepEqual(rejections, []);
  });

  async function open(context: TestContext): Promise<RedisStore> {
    await (await cluster.findOwner()).admin.flushall();
    const store = openRedisStore(cluster.url);
    context.after(() => store.close());
    return store;
  }

  test('all keys are in one slot, and it is the one that is looked for', async (context) => {
    await open(context);
    const owner = await cluster.findOwner();
    for (const key of Object.values(KEYS)) assert.equal(await owner.admin.call('CLUSTER', 'KEYSLOT', key), HASH_SLOT);
    for (const channel of Object.values(CHANNELS)) assert.match(channel, /\{azimuth\}/);
  });

  test('a slot that is moved to another master is followed there', async (context) => {
    const store = await open(context);
    assert.equal(await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined), 'stored');
    const source = await cluster.findOwner();
    const target = await findOtherMaster(source);
    await moveSlot(source, target);
    const startedAt = performance.now();
    await writeUntilStored(store);
    context.diagnostic(`written again ${Math.round(performance.now() - startedAt)} ms after the slot had moved`);
    assert.ok(performance.now() - startedAt < 2500);
    assert.equal((await store.health.readSlots([WORKER])).length, 1);
    assert.ok((await target.admin.hlen(KEYS.slots)) === 1);
  });

  test('its master dies, and its replica is found and written to; deltas come through whichever node', async (context) => {
    const store = await open(context);
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await store.configuration.commit(manifest, objects);
    const seen: number[] = [];
    const following = followSlotTable(store.health, { onError: () => {} }, ({ advanced }) => {
      for (const { sequence } of advanced) seen.push(sequence);
    });
    context.after(() => following.close());
    assert.equal(await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined), 'stored');
    const owner = await cluster.findOwner();
    const other = cluster.nodes.find((node) => node !== owner);
    assert.ok(other);
    await owner.kill();
    const startedAt = performance.now();
    const sequence = await writeUntilStored(store);
    context.diagnostic(`written again ${Math.round(performance.now() - startedAt)} ms after the master was killed`);
    assert.ok(performance.now() - startedAt < RECOVERY_LIMIT_MS);
    await waitUntil(() => seen.includes(sequence));
    assert.deepEqual(
      seen.filter((one) => one > 1 && one < sequence),
      [],
      'a write that was rejected came through later',
    );
    assert.notEqual(await cluster.findOwner(other), owner);
    assert.deepEqual(await store.configuration.readHead(), { generation: 1, number: 1 });
  });
});

/** Heartbeats, every one tried once. Returns the sequence of the first that was taken. */
async function writeUntilStored(store: RedisStore): Promise<number> {
  for (let sequence = 2; sequence < 200; sequence++) {
    const result = await store.health.writeSlot(makeSlot(7, sequence, ['up']), undefined).catch(() => 'dropped');
    if (result === 'stored') return sequence;
    await pause(50);
  }
  throw new Error('nothing was stored');
}

async function findOtherMaster(owner: Member): Promise<Member> {
  for (const node of cluster.nodes) {
    if (node !== owner && /role:master/.test(await node.admin.info('replication'))) return node;
  }
  throw new Error('there is no other master');
}

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot(source: Member, target: Member): Promise<void> {
  const [from, to] = [await source.admin.call('CLUSTER', 'MYID'), await target.admin.call('CLUSTER', 'MYID')];
  await target.admin.call('CLUSTER', 'SETSLOT', HASH_SLOT, 'IMPORTING', String(from));
  await source.admin.call('CLUSTER', 'SETSLOT', HASH_SLOT, 'MIGRATING', String(to));
  const keys: unknown = await source.admin.call('CLUSTER', 'GETKEYSINSLOT', HASH_SLOT, 100);
  for (const key of Array.isArray(keys) ? keys : []) {
    await source.admin.call('MIGRATE', '127.0.0.1', target.port, String(key), 0, 1000);
  }
  for (const node of [target, source]) await node.admin.call('CLUSTER', 'SETSLOT', HASH_SLOT, 'NODE', String(to));
}
