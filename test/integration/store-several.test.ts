// Several independent Redis servers: the contract over three of them, and what the death, the freezing and the emptying of
// each costs. Health survives the loss of any; the configuration is where the first one is.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { followSlotTable } from '../../src/store/follow-slots.ts';
import { KEYS } from '../../src/store/redis/keys.ts';
import { openRedisStore, type RedisStore, type RedisStoreOptions } from '../../src/store/redis/open-redis-store.ts';
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

let servers: readonly RedisServer[] = [];
const urlOf = (): string => servers.map(({ url }) => url).join(',');

async function startServers(): Promise<void> {
  servers = await Promise.all([startRedisServer(), startRedisServer(), startRedisServer()]);
}

async function stopServers(): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

async function withAdmin<Value>(server: RedisServer, run: (admin: Redis) => Promise<Value>): Promise<Value> {
  const admin = new Redis(server.url);
  try {
    return await run(admin);
  } finally {
    admin.disconnect();
  }
}

describeStoreContract(
  'the store in several servers',
  {
    start: startServers,
    stop: stopServers,
    openEmpty: async () => {
      await Promise.all(servers.map((server) => withAdmin(server, (admin) => admin.flushall())));
      return openRedisStore(urlOf(), { pollIntervalMs: CONTRACT_POLL_MS, historyLimit: CONTRACT_HISTORY });
    },
  },
  skip,
);

describe('several servers', skip === undefined ? {} : { skip }, () => {
  const rejections: unknown[] = [];
  const noteRejection = (reason: unknown): number => rejections.push(reason);
  before(() => process.on('unhandledRejection', noteRejection));
  after(() => {
    process.off('unhandledRejection', noteRejection);
    assert.deepEqual(rejections, []);
  });

  async function open(context: TestContext, options: RedisStoreOptions = {}): Promise<RedisStore> {
    await startServers();
    const store = openRedisStore(urlOf(), options);
    context.after(async () => {
      await store.close();
      await stopServers();
    });
    await waitUntil(() => store.servers.every(({ isConnected }) => isConnected === true));
    return store;
  }

  async function countSlots(server: RedisServer): Promise<number> {
    return withAdmin(server, (admin) => admin.hlen(KEYS.slots));
  }

  test('slots and load reports stand in each of them, revisions in the first alone', async (context) => {
    const store = await open(context);
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await store.configuration.commit(manifest, objects);
    await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined);
    await store.health.writeLoadReport({ subject: 'web-eu', connections: 1 });
    await pause(50);
    const keys = await Promise.all(servers.map((server) => withAdmin(server, (admin) => admin.keys('*'))));
    assert.deepEqual(
      keys.map((names) => [names.includes(KEYS.head), names.includes(KEYS.slots), names.includes(KEYS.load)]),
      [
        [true, true, true],
        [false, true, true],
        [false, true, true],
      ],
    );
  });

  test('two of three die, the first among them: votes go on without a gap, commits are refused, and it is told who is gone', async (context) => {
    const store = await open(context);
    const sequences: number[] = [];
    const following = followSlotTable(store.health, { onError: assert.fail }, ({ advanced }) => {
      for (const { sequence } of advanced) sequences.push(sequence);
    });
    context.after(() => following.close());
    const presence: string[] = [];
    for (const { name, onPresence } of store.servers) {
      onPresence((isConnected) => presence.push(`${name} ${isConnected ? 'back' : 'gone'}`));
    }
    const [home, second, third] = servers;
    assert.ok(home && second && third);
    let sequence = 0;
    const beat = async (times: number): Promise<void> => {
      for (let turn = 0; turn < times; turn++) {
        sequence++;
        const delta = { ...WORKER, epoch: 7, sequence, changed: [], removed: [] };
        const startedAt = performance.now();
        assert.equal(await store.health.writeSlot(makeSlot(7, sequence, ['up']), delta), 'stored');
        assert.ok(performance.now() - startedAt < 500, 'a dead server held up a write');
        await waitUntil(() => sequences.at(-1) === sequence, 500);
      }
    };
    await beat(3);
    await home.kill();
    await beat(10);
    await third.kill();
    await beat(10);
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    const startedAt = performance.now();
    await assert.rejects(store.configuration.commit(manifest, objects), { code: 'STORE_UNAVAILABLE' });
    assert.ok(performance.now() - startedAt < 1500);
    assert.deepEqual(presence, [`${home.url}/0 gone`, `${third.url}/0 gone`]);
    assert.deepEqual(
      store.servers.map(({ isConnected }) => isConnected),
      [false, true, false],
    );
    assert.ok(store.servers.every(({ counters }, place) => counters.losses === (place === 1 ? 0 : 1)));
    assert.ok((store.servers[0]?.counters.droppedWrites ?? 0) >= 10);

    await home.restartEmpty();
    await waitUntil(() => store.servers[0]?.isConnected === true, 2500);
    await beat(1);
    assert.equal(await countSlots(home), 1, 'the next heartbeat has filled it again');
    // Over the other connection to it, which may come a moment later.
    const deadline = performance.now() + 2500;
    while ((await store.configuration.commit(manifest, objects).catch(() => undefined)) === undefined) {
      assert.ok(performance.now() < deadline, 'commits are still refused');
      await pause(50);
    }
    assert.deepEqual(await store.configuration.readHead(), manifest.id);
  });

  test('one that freezes delays no vote, and gets nothing afterwards of what it missed', async (context) => {
    const store = await open(context);
    const [, , frozen] = servers;
    assert.ok(frozen?.pid);
    assert.equal(await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined), 'stored');
    process.kill(frozen.pid, 'SIGSTOP');
    try {
      for (let sequence = 2; sequence < 40; sequence++) {
        const startedAt = performance.now();
        assert.equal(await store.health.writeSlot(makeSlot(7, sequence, ['up']), undefined), 'stored');
        assert.ok(performance.now() - startedAt < 200);
        await pause(100);
      }
      // Until none of these calls is under way.
      await pause(2500);
    } finally {
      process.kill(frozen.pid, 'SIGCONT');
    }
    await pause(300);
    const text = await withAdmin(frozen, (admin) => admin.hget(KEYS.index, 'eu/w1'));
    const kept = Number(text?.split('.')[1]);
    // What was sent in the two seconds in which the connection still seemed to stand, one write a second, may be carried out.
    assert.ok(kept < 30, `a write of later than the freezing came through: ${kept}`);
    await waitUntil(() => store.servers[2]?.isConnected === true, 2500);
    assert.equal(await store.health.writeSlot(makeSlot(7, 40, ['up']), undefined), 'stored');
    await pause(50);
    assert.match((await withAdmin(frozen, (admin) => admin.hget(KEYS.index, 'eu/w1'))) ?? '', /^7\.40\./);
  });

  test('a follower that reaches one server alone sees the same votes as one that reaches another', async (context) => {
    const store = await open(context);
    const read = async (server: RedisServer) => {
      const alone = openRedisStore(server.url);
      context.after(() => alone.close());
      return alone.health.readSlots([WORKER]);
    };
    const slot = makeSlot(7, 1, ['up', 'down', 'suspect']);
    await store.health.writeSlot(slot, undefined);
    await pause(50);
    assert.deepEqual(await Promise.all(servers.map(read)), [[slot], [slot], [slot]]);
  });
});
