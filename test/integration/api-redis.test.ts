// Two API processes' worth of writers over one real Redis: they lose no update of each other, and put right a Redis that
// comes back empty.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { compareRevisionIds } from '../../src/model/revision.ts';
import { openRedisStore } from '../../src/store/redis/open-redis-store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';
import { DOCUMENT, type Ending, openFixture } from '../unit/api/fixture.ts';

const skip = requireProgram('redis-server', 'redis-server');
const NEW = { 'if-none-match': '*' };
const LIMIT_MS = 10_000;
const PLACE = { latitude: 1, longitude: 2 };

describe('the API over Redis', skip === undefined ? {} : { skip }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedisServer();
  });
  after(() => redis.stop());

  async function openApi(context: Ending) {
    const store = openRedisStore(redis.url);
    await eventually(() =>
      store.configuration.readHead().then(
        () => true,
        () => false,
      ),
    );
    return openFixture(context, { store });
  }

  test('two servers lose no update, whichever of them is asked', async (context) => {
    const servers = [await openApi(context), await openApi(context)];
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
    const replies = await Promise.all(
      ids.map((id, index) =>
        servers[index % 2]?.send('PUT', `/v1/regions/${id}`, { body: { location: PLACE }, headers: NEW }),
      ),
    );
    assert.deepEqual(
      replies.map((reply) => reply?.statusCode),
      ids.map(() => 201),
    );
    const expected = [...ids, ...DOCUMENT.regions.map(({ id }) => id)].sort();
    for (const { send } of servers) {
      const { items } = (await send('GET', '/v1/regions?limit=100')).json();
      assert.deepEqual(items.map(({ id }: { id: string }) => id).sort(), expected);
    }
  });

  test('a Redis that comes back empty gets everything again, tokens included', async (context) => {
    const { send, writer } = await openApi(context);
    await send('PUT', '/v1/regions/kept', { body: { location: PLACE }, headers: NEW });
    const before = await writer.read();
    assert.ok(before);
    await redis.restartEmpty();
    await eventually(async () => {
      const current = await writer.read();
      return current !== undefined && !current.stale && compareRevisionIds(current.id, before.id) > 0;
    });
    const current = await writer.read();
    assert.equal(current?.id.generation, before.id.generation + 1);
    assert.deepEqual(current?.document, before.document);
    assert.deepEqual(current?.tokens, before.tokens);
    assert.equal((await send('PUT', '/v1/regions/more', { body: { location: PLACE }, headers: NEW })).statusCode, 201);
  });

  test('while Redis is away it is readable, and says that it cannot write', async (context) => {
    const { send } = await openApi(context);
    await redis.kill();
    assert.equal((await send('GET', '/v1/regions')).statusCode, 200);
    const refused = await send('PUT', '/v1/regions/late', { body: { location: PLACE }, headers: NEW });
    assert.deepEqual([refused.statusCode, refused.json().code], [503, 'UNAVAILABLE']);
    await redis.restartEmpty();
    await eventually(
      async () =>
        (await send('PUT', '/v1/regions/late', { body: { location: PLACE }, headers: NEW })).statusCode === 201,
    );
  });
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`not within ${LIMIT_MS} ms: ${condition}`);
    await pause(20);
  }
}
