// What the Redis driver does while its server is not there yet, is killed, comes back empty, dies under a call, or hangs.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { formatRevisionId } from '../../src/model/revision.ts';
import { followSlotTable } from '../../src/store/follow-slots.ts';
import { openRedisStore, type RedisStore, type RedisStoreOptions } from '../../src/store/redis/open-redis-store.ts';
import { SETTLE_MS } from '../../src/store/settle.ts';
import { isStoreError } from '../../src/store/store-error.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';
import { makeRevision, makeRevisionOf, makeSlot, waitUntil } from '../support/store-contract.ts';

const skip = requireProgram('redis-server', 'redis-server');
const WORKER = { vantage: 'eu', worker: 'w1' };
/** No poll comes in time to have brought what is seen. */
const NO_POLL_MS = 60_000;

/** A server of its own, to which something is done before anybody knows it. */
async function open(
  context: TestContext,
  options: RedisStoreOptions = {},
  prepare: (server: RedisServer) => Promise<void> = async () => undefined,
): Promise<{ readonly server: RedisServer; readonly store: RedisStore }> {
  const server = await startRedisServer();
  await prepare(server);
  const store = openRedisStore(server.url, options);
  context.after(async () => {
    await store.close();
    await server.stop();
  });
  return { server, store };
}

describe('a Redis server that fails', skip === undefined ? {} : { skip }, () => {
  const rejections: unknown[] = [];
  const noteRejection = (reason: unknown): number => rejections.push(reason);
  before(() => void process.on('unhandledRejection', noteRejection));
  after(() => {
    process.off('unhandledRejection', noteRejection);
    assert.deepEqual(rejections, []);
  });

  test('opens without a server, rejects at once, and takes it up when it comes', async (context) => {
    const { server, store } = await open(context, { pollIntervalMs: NO_POLL_MS }, (late) => late.kill());
    const heads: unknown[] = [];
    const errors: Error[] = [];
    const following = store.configuration.followHead(
      (head) => heads.push(head),
      (error) => errors.push(error),
    );
    context.after(() => following.close());
    const startedAt = performance.now();
    await assert.rejects(store.health.writeSlot(makeSlot(7, 1, ['up']), undefined), { code: 'STORE_UNAVAILABLE' });
    assert.ok(performance.now() - startedAt < 500);
    await server.restartEmpty();
    await waitUntil(() => heads.length === 1, 2500);
    assert.equal(errors.length, 1);
  });

  test('killed and back empty: calls reject fast, nothing is queued, all recovers within two seconds', async (context) => {
    const { server, store } = await open(context);
    const heads: (string | undefined)[] = [];
    const errors: Error[] = [];
    const votes = new Map<number, string | undefined>();
    const parts = [
      store.configuration.followHead(
        (head) => heads.push(head && formatRevisionId(head)),
        (error) => errors.push(error),
      ),
      followSlotTable(store.health, { onError: (error) => errors.push(error) }, ({ advanced }) => {
        for (const slot of advanced) votes.set(slot.sequence, slot.votes[0]?.vote);
      }),
    ];
    context.after(() => parts.forEach((part) => void part.close()));
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await store.configuration.commit(manifest, objects);
    await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined);
    await waitUntil(() => heads.at(-1) === '1.1' && votes.has(1));

    await server.kill();
    await pause(50);
    for (let sequence = 2; sequence < 12; sequence++) {
      const startedAt = performance.now();
      await assert.rejects(store.health.writeSlot(makeSlot(7, sequence, ['down']), undefined), isStoreError);
      await assert.rejects(store.configuration.readHead(), isStoreError);
      assert.ok(performance.now() - startedAt < 1500);
      await pause(100);
    }
    assert.equal(errors.length, 2, 'each follower reports the loss once');

    await server.restartEmpty();
    const restartedAt = performance.now();
    await waitUntil(() => heads.at(-1) === undefined, 2000);
    assert.equal((await store.health.readSlots([WORKER])).length, 0, 'no write of before came through late');
    assert.equal(await store.health.writeSlot(makeSlot(7, 12, ['up']), undefined), 'stored');
    await waitUntil(() => votes.has(12), 2000 - (performance.now() - restartedAt));
    const back = makeRevision(1, null, { regions: 'b' });
    await store.configuration.commit(back.manifest, back.objects);
    // By push, for the next poll is up to a second away: the subscriptions stand again.
    await waitUntil(() => heads.at(-1) === '1.1', 500);
    context.diagnostic(`recovered ${Math.round(performance.now() - restartedAt)} ms after the restart`);
  });

  test('a change that follows the return of a server waits until API nodes have looked; what they bring back does not', async (context) => {
    const { server, store } = await open(context);
    const commit = async ({ manifest, objects }: ReturnType<typeof makeRevision>): Promise<number> => {
      const startedAt = performance.now();
      assert.deepEqual(await store.configuration.commit(manifest, objects), { status: 'committed' });
      return performance.now() - startedAt;
    };
    await commit(makeRevision(1, null, { regions: 'a' }));
    assert.ok((await commit(makeRevision(2, 1, { regions: 'b' }))) < 500, 'nothing waits before a loss');
    await server.kill();
    await server.restartEmpty();
    // The connection for bulk, which commits go over, is back.
    const deadline = performance.now() + 3000;
    while ((await store.configuration.readObjects(['0']).catch(() => undefined)) === undefined) {
      assert.ok(performance.now() < deadline);
      await pause(5);
    }
    assert.ok((await commit(makeRevision(1, null, { regions: 'a' }))) < 500);
    const recovered = makeRevisionOf({ generation: 2, number: 2 }, { generation: 1, number: 1 }, { regions: 'b' });
    assert.ok((await commit(recovered)) < 500);
    const change = makeRevisionOf({ generation: 2, number: 3 }, recovered.manifest.id, { regions: 'c' });
    const waitedMs = await commit(change);
    assert.ok(waitedMs > SETTLE_MS - 800 && waitedMs < SETTLE_MS + 500, `${waitedMs} ms`);
    assert.ok((await commit(makeRevisionOf({ generation: 2, number: 4 }, change.manifest.id, { regions: 'd' }))) < 500);
  });

  test('a call that is under way when the server dies rejects at once, not only at its timeout', async (context) => {
    const { server, store } = await open(context, { commandTimeoutMs: 5000 });
    await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined);
    const pid = server.pid;
    assert.ok(pid);
    process.kill(pid, 'SIGSTOP');
    const startedAt = performance.now();
    const call = store.health.writeSlot(makeSlot(7, 2, ['up']), undefined);
    await Promise.all([server.kill(), assert.rejects(call, { code: 'STORE_UNAVAILABLE' })]);
    assert.ok(performance.now() - startedAt < 1000);
  });

  test('a server that hangs makes calls time out, and later calls find a fresh connection', async (context) => {
    const { server, store } = await open(context, { commandTimeoutMs: 200 });
    await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined);
    const pid = server.pid;
    assert.ok(pid);
    process.kill(pid, 'SIGSTOP');
    try {
      const startedAt = performance.now();
      await assert.rejects(store.health.writeSlot(makeSlot(7, 2, ['up']), undefined), { code: 'STORE_TIMEOUT' });
      assert.ok(performance.now() - startedAt < 1000);
      await pause(500);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const tried = { stored: false };
    await waitUntil(() => {
      store.health.readSlots([WORKER]).then(
        () => {
          tried.stored = true;
        },
        () => {},
      );
      return tried.stored;
    });
    // The write that timed out may have come through or not; the fence makes both fine.
    assert.equal(await store.health.writeSlot(makeSlot(7, 3, ['up']), undefined), 'stored');
  });
});
