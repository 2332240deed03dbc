// Who may do what: every route asks for a token, and for the right scope.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { Scope } from '../../../src/api/token.ts';
import { openFixture, shareFixture } from './fixture.ts';

const READS = ['/v1/regions', '/v1/regions/eu-west', '/v1/configuration', '/v1/revisions', '/v1/status', '/v1/health'];

describe('access', () => {
  const fixture = shareFixture();
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  test('what shows whether the process lives, and what documents the API, needs no token', async () => {
    for (const url of [
      '/livez',
      '/readyz',
      '/metrics',
      '/v1/openapi.json',
      '/docs',
      '/docs/errors.md',
      '/docs/swagger-ui.css',
    ]) {
      const reply = await fixture().server.inject({ url });
      assert.equal(reply.statusCode, 200, url);
    }
  });

  test('the root, and a slash too many, lead to the reference', async () => {
    for (const url of ['/', '/docs/']) {
      const { statusCode, headers } = await fixture().server.inject({ url });
      assert.deepEqual([statusCode, headers.location], [302, '/docs'], url);
    }
  });

  test('everything else answers 401 without a token, and tells how to send one', async () => {
    for (const url of [...READS, '/v1/nothing-here']) {
      const reply = await fixture().server.inject({ url });
      assert.equal(reply.statusCode, 401, url);
      assert.equal(reply.headers['www-authenticate'], 'Bearer realm="azimuth"');
      assert.equal(reply.json().code, 'UNAUTHENTICATED');
    }
  });

  test('a token that is wrong, expired or not a bearer token is none', async () => {
    const { expired, read } = fixture().tokens;
    const wrong = ['Bearer', 'Bearer azm_x', `Bearer ${expired}`, `Basic ${read}`, `Bearer ${read}x`, read];
    for (const authorization of wrong) {
      const reply = await fixture().server.inject({ url: '/v1/regions', headers: { authorization } });
      assert.equal(reply.statusCode, 401, authorization);
    }
  });

  test('each scope may do what it says, and nothing else', async () => {
    const attempts = [
      ['GET', '/v1/status', undefined, ['read', 'write', 'admin']],
      ['PUT', '/v1/regions/eu-west', { location: { latitude: 53.35, longitude: -6.26 } }, ['write', 'admin']],
      ['PUT', '/v1/load/web-eu', { connections: 1 }, ['load', 'admin']],
      ['GET', '/v1/tokens', undefined, ['admin']],
    ] as const;
    for (const [method, url, body, allowed] of attempts) {
      for (const scope of ['read', 'write', 'load', 'admin'] satisfies Scope[]) {
        const headers = { ...bearer(fixture().tokens[scope]).headers, 'if-match': '*' };
        const reply = await fixture().send(method, url, { headers, ...(body !== undefined && { body }) });
        const isAllowed = allowed.some((each) => each === scope);
        assert.equal(reply.statusCode, isAllowed ? 200 : 403, `${method} ${url} with ${scope}`);
      }
    }
  });

  test('whoever may not write is refused before the body is read', async () => {
    const reply = await fixture().send('POST', '/v1/regions', {
      body: '{ not json',
      headers: { ...bearer(fixture().tokens.read).headers, 'content-type': 'application/json' },
    });
    assert.equal(reply.statusCode, 403);
    assert.match(reply.json().detail, /needs the scope "write"/);
  });

  test('a revoked token ends at once', async () => {
    const created = (await fixture().send('POST', '/v1/tokens', { body: { name: 'brief', scopes: ['read'] } })).json();
    assert.equal((await fixture().send('GET', '/v1/regions', bearer(created.token))).statusCode, 200);
    assert.equal((await fixture().send('DELETE', `/v1/tokens/${created.id}`)).statusCode, 204);
    assert.equal((await fixture().send('GET', '/v1/regions', bearer(created.token))).statusCode, 401);
  });
});

describe('the limit on requests', () => {
  test('counts each token by itself, and strangers by their address', async (context) => {
    const { server, send, tokens } = await openFixture(context, { requestsPerMinute: 3 });
    for (let index = 0; index < 3; index++) assert.equal((await send('GET', '/v1/regions')).statusCode, 200);
    const refused = await send('GET', '/v1/regions');
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.json().code, 'RATE_LIMITED');
    assert.ok(Number(refused.headers['retry-after']) > 0);
    const other = await send('GET', '/v1/regions', { headers: { authorization: `Bearer ${tokens.read}` } });
    assert.equal(other.statusCode, 200);
    const strangers: number[] = [];
    for (let index = 0; index < 5; index++) strangers.push((await server.inject('/v1/regions')).statusCode);
    assert.deepEqual(strangers, [401, 401, 401, 429, 429]);
    for (let index = 0; index < 5; index++) assert.equal((await server.inject('/livez')).statusCode, 200);
  });
});

test('a connection that a browser opened ahead of need does not keep the server from closing', {
  timeout: 10_000,
}, async (context) => {
  const { server } = await openFixture(context);
  await server.listen({ host: '127.0.0.1', port: 0 });
  const bound = server.addresses()[0];
  assert.ok(typeof bound === 'object');
  const { port } = bound;
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  context.after(() => socket.destroy());
  await once(socket, 'connect');
  assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
  await Promise.all([once(socket, 'close'), server.close()]);
});
