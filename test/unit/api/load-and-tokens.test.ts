import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createUnavailableError } from '../../../src/api/ports.ts';
import { shareFixture } from './fixture.ts';

describe('load reports', () => {
  const fixture = shareFixture();

  test('are taken for clusters and endpoints that exist', async () => {
    const { send, reports } = fixture();
    const cluster = await send('PUT', '/v1/load/web-eu', { body: { connections: 5, capacity: 100 } });
    const endpoint = await send('PUT', '/v1/load/web-eu/a', { body: { utilisation: 0.5 } });
    assert.deepEqual([cluster.statusCode, endpoint.statusCode], [200, 200]);
    assert.deepEqual(reports, [
      { subject: 'web-eu', connections: 5, capacity: 100 },
      { subject: 'web-eu/a', utilisation: 0.5 },
    ]);
  });

  test('are taken for what was created a moment ago and is not served yet', async () => {
    const { send } = fixture();
    const body = { id: 'fresh', region: 'eu-west', endpoints: [{ id: 'a', address: '203.0.113.9' }] };
    await send('POST', '/v1/clusters', { body });
    assert.equal((await send('PUT', '/v1/load/fresh/a', { body: { connections: 1 } })).statusCode, 200);
  });

  test('are refused for what is not there, and when they say nothing or nonsense', async () => {
    const { send } = fixture();
    const faults = [
      [404, await send('PUT', '/v1/load/nope', { body: { connections: 1 } })],
      [404, await send('PUT', '/v1/load/web-eu/nope', { body: { connections: 1 } })],
      [422, await send('PUT', '/v1/load/web-eu', { body: {} })],
      [422, await send('PUT', '/v1/load/web-eu', { body: { connections: -1 } })],
      [422, await send('PUT', '/v1/load/web-eu', { body: { utilisation: 80 } })],
      [422, await send('PUT', '/v1/load/web-eu', { body: { load: 1 } })],
      [415, await send('PUT', '/v1/load/web-eu', { body: 'x', headers: { 'content-type': 'text/plain' } })],
    ] as const;
    for (const [index, [status, reply]] of faults.entries())
      assert.equal(reply.statusCode, status, `${index}: ${reply.body}`);
  });

  test('a store that does not answer is a 503', async () => {
    const { reports, send } = fixture();
    Object.defineProperty(reports, 'push', {
      configurable: true,
      value: () => {
        throw createUnavailableError('away');
      },
    });
    const reply = await send('PUT', '/v1/load/web-eu', { body: { connections: 5 } });
    Reflect.deleteProperty(reports, 'push');
    assert.deepEqual([reply.statusCode, reply.json().code], [503, 'UNAVAILABLE']);
  });
});

describe('tokens', () => {
  const fixture = shareFixture();

  test('are created, shown once, listed without themselves, and revoked', async () => {
    const { send, writer } = fixture();
    const created = await send('POST', '/v1/tokens', { body: { name: 'ci', scopes: ['write', 'load'], for: '1d' } });
    assert.equal(created.statusCode, 201, created.body);
    const { token, ...shown } = created.json();
    assert.match(token, /^azm_/);
    assert.equal(shown.expiresAt, '2026-01-16T12:00:00.000Z');
    assert.equal(created.headers['cache-control'], 'no-store');
    const listed = await send('GET', '/v1/tokens');
    assert.deepEqual(
      listed.json().items.find(({ id }: { id: string }) => id === shown.id),
      shown,
    );
    assert.equal(/azm_|sha256/.test(listed.body), false);
    assert.equal((await send('GET', '/v1/configuration')).body.includes(shown.id), false);
    assert.equal((await send('DELETE', `/v1/tokens/${shown.id}`)).statusCode, 204);
    assert.equal((await send('DELETE', `/v1/tokens/${shown.id}`)).statusCode, 204, 'revoking twice is fine');
    assert.equal(
      writer.tokens()?.some(({ id }) => id === shown.id),
      false,
    );
  });

  test('the last one that may make others stays', async () => {
    const { send, writer } = fixture();
    const [admin] = (writer.tokens() ?? []).filter(({ name, expiresAtMs }) => name === 'test-admin' && !expiresAtMs);
    const refused = await send('DELETE', `/v1/tokens/${admin?.id}`);
    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'IN_USE']);
  });

  test('faults are named', async () => {
    const { send } = fixture();
    const wrong = [
      [{ name: 'x', scopes: [] }, '/scopes'],
      [{ name: 'x', scopes: ['root'] }, '/scopes/0'],
      [{ scopes: ['read'] }, '/name'],
      [{ name: 'x', scopes: ['read'], for: 'ever' }, '/for'],
    ] as const;
    for (const [body, pointer] of wrong) {
      const reply = await send('POST', '/v1/tokens', { body });
      assert.deepEqual([reply.statusCode, reply.json().errors[0].pointer], [422, pointer]);
    }
  });
});
