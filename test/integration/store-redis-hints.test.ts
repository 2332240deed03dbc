// Hints through a real redis-server: between processes, past what is none, and when the server is away.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import type { Hint } from '../../src/store/hint-store.ts';
import { CHANNELS } from '../../src/store/redis/keys.ts';
import { openRedisStore, type RedisStore } from '../../src/store/redis/open-redis-store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';
import { waitUntil } from '../support/store-contract.ts';

const skip = requireProgram('redis-server', 'redis-server');

describe('hints in Redis', skip === undefined ? {} : { skip }, () => {
  let server: RedisServer;
  let raw: Redis;

  before(async () => {
    server = await startRedisServer();
    raw = new Redis(server.url);
  });
  after(async () => {
    await raw?.quit();
    await server?.stop();
  });

  function open(context: TestContext): RedisStore {
    const store = openRedisStore(server.url);
    context.after(() => store.close());
    return store;
  }

  test('hints of other processes arrive; text that is none is passed over, with one word about it', async (context) => {
    const [store, other] = [open(context), open(context)];
    await Promise.all([store, other].map(({ configuration }) => configuration.readHead()));
    const heard: Hint[] = [];
    const words: string[] = [];
    const following = store.hints.follow(
      (hint) => heard.push(hint),
      (word) => words.push(word),
    );
    context.after(() => following.close());
    await raw.publish(CHANNELS.hints, 'junk');
    await raw.publish(CHANNELS.hints, '{"zone":"Copy.test","address":"192.0.2.1"}');
    await raw.publish(CHANNELS.hints, `{"zone":"copy.test","address":"192.0.2.1"}${' '.repeat(1e6)}`);
    await other.hints.publish({ zone: 'copy.test', address: '192.0.2.1' });
    await waitUntil(() => heard.length === 1);
    assert.deepEqual(heard, [{ zone: 'copy.test', address: '192.0.2.1' }]);
    assert.deepEqual(words, ['azimuth:{azimuth}:hints in Redis carries 4 octets that are no hint']);
  });

  test('hints do not wait for a server that is away, and none comes late', async (context) => {
    const late = await startRedisServer();
    context.after(() => late.stop());
    await late.kill();
    const store = openRedisStore(late.url);
    context.after(() => store.close());
    const heard: Hint[] = [];
    const following = store.hints.follow((hint) => heard.push(hint));
    context.after(() => following.close());
    // Nor for an attempt to connect that is under way, as calls otherwise do.
    const before = store.hints.publish({ zone: 'early.test', address: '192.0.2.1' });
    await assert.rejects(before, { code: 'STORE_UNAVAILABLE', message: /do not wait/ });
    await late.restartEmpty();
    await waitUntil(() => {
      void store.hints.publish({ zone: 'now.test', address: '192.0.2.1' }).catch(() => {});
      return heard.length > 0;
    });
    assert.ok(heard.every(({ zone }) => zone === 'now.test'));
  });
});
