import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NOW_MS, shareFixture } from './fixture.ts';

const ANY = { 'if-match': '*' };
const NEW = { 'if-none-match': '*' };
const WORD = { state: 'drain', reason: 'maintenance' };

describe('overrides', () => {
  const fixture = shareFixture();

  test('are set on a region, a cluster and an endpoint, in the name of the token', async () => {
    const { send, tokens } = fixture();
    const headers = { ...NEW, authorization: `Bearer ${tokens.write}` };
    for (const id of ['regions/eu-west', 'clusters/web-eu', 'endpoints/web-eu/a']) {
      const set = await send('PUT', `/v1/overrides/${id}`, { body: WORD, headers });
      assert.equal(set.statusCode, 201, set.body);
      const [kind, ...rest] = id.split('/');
      const expected = { kind, id: rest.join('/'), ...WORD, author: 'test-write' };
      assert.deepEqual(set.json(), expected);
      assert.deepEqual((await send('GET', `/v1/overrides/${id}`)).json(), expected);
    }
    assert.equal((await send('GET', '/v1/overrides')).json().items.length, 3);
    for (const id of ['regions/eu-west', 'clusters/web-eu', 'endpoints/web-eu/a']) {
      assert.equal((await send('DELETE', `/v1/overrides/${id}`, { headers: ANY })).statusCode, 204);
      assert.equal((await send('DELETE', `/v1/overrides/${id}`, { headers: ANY })).statusCode, 204);
      assert.equal((await send('GET', `/v1/overrides/${id}`)).statusCode, 404);
    }
  });

  test('may end by themselves, after a while or at a moment', async () => {
    const { send } = fixture();
    const path = '/v1/overrides/regions/eu-west';
    const timed = await send('PUT', path, { body: { ...WORD, for: '30m' }, headers: NEW });
    assert.equal(timed.json().expiresAt, new Date(NOW_MS + 30 * 60_000).toISOString());
    const body = { ...WORD, expiresAt: '2030-01-01T00:00:00Z' };
    const until = await send('PUT', path, { body, headers: { 'if-match': String(timed.headers.etag) } });
    assert.equal(until.json().expiresAt, body.expiresAt);
    const both = await send('PUT', path, { body: { ...body, for: '1h' }, headers: ANY });
    const none = await send('PUT', path, { body: { ...WORD, for: 'soon' }, headers: ANY });
    assert.deepEqual([both.json().errors[0].pointer, none.json().errors[0].pointer], ['/for', '/for']);
    await send('DELETE', path, { headers: ANY });
  });

  test('those that have expired are swept out by the next change of one', async () => {
    const { send } = fixture();
    const past = { ...WORD, expiresAt: '2020-01-01T00:00:00Z' };
    await send('PUT', '/v1/overrides/clusters/web-us', { body: past, headers: NEW });
    assert.equal((await send('GET', '/v1/overrides')).json().items.length, 1);
    await send('PUT', '/v1/overrides/clusters/web-eu', { body: WORD, headers: NEW });
    const { items } = (await send('GET', '/v1/overrides')).json();
    assert.deepEqual(
      items.map(({ id }: { id: string }) => id),
      ['web-eu'],
    );
    await send('DELETE', '/v1/overrides/clusters/web-eu', { headers: ANY });
  });

  test('each fault has its status', async () => {
    const { send } = fixture();
    const path = '/v1/overrides/regions/us-east';
    await send('PUT', path, { body: WORD, headers: NEW });
    const faults = [
      [400, await send('PUT', '/v1/overrides/services/www', { body: WORD, headers: NEW })],
      [422, await send('PUT', '/v1/overrides/regions/atlantis', { body: WORD, headers: NEW })],
      [422, await send('PUT', '/v1/overrides/endpoints/web-eu/zz', { body: WORD, headers: NEW })],
      [422, await send('PUT', path, { body: { state: 'off', reason: 'x' }, headers: ANY })],
      [422, await send('PUT', path, { body: { state: 'drain' }, headers: ANY })],
      [428, await send('PUT', path, { body: WORD })],
      [428, await send('DELETE', path)],
      [412, await send('PUT', path, { body: WORD, headers: NEW })],
      [412, await send('DELETE', path, { headers: { 'if-match': '"stale"' } })],
    ] as const;
    for (const [index, [status, reply]] of faults.entries())
      assert.equal(reply.statusCode, status, `${index}: ${reply.body}`);
  });

  test('what has one cannot be deleted', async () => {
    const { send } = fixture();
    const region = { id: 'lone', location: { latitude: 0, longitude: 0 } };
    await send('POST', '/v1/regions', { body: region });
    await send('PUT', '/v1/overrides/regions/lone', { body: WORD, headers: NEW });
    const refused = await send('DELETE', '/v1/regions/lone', { headers: ANY });
    assert.equal(refused.statusCode, 409);
    assert.match(refused.json().errors[0].pointer, /^\/overrides\/\d+\/id$/);
  });
});
