// Whatever goes wrong, it is a problem document, and its code is documented.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { API_ERRORS } from '../../../src/api/api-error.ts';
import { ProblemSchema } from '../../../src/api/route-schema.ts';
import { checkShape, compileShape } from '../../../src/model/check-shape.ts';
import { STORE_ERRORS } from '../../../src/store/store-error.ts';
import { ROOT } from '../style/sources.ts';
import { shareFixture } from './fixture.ts';

const PAGE = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');

describe('docs/errors.md', () => {
  test('has a row for every error code, and for no other', () => {
    const rows = [...PAGE.matchAll(/^\| <a id="([a-z-]+)"><\/a>`([A-Z_]+)` \|(?: (\d{3}) \|)?/gm)];
    const documented = rows.map(([, , code = '']) => code).sort();
    assert.deepEqual(documented, [...Object.keys(API_ERRORS), ...Object.keys(STORE_ERRORS)].sort());
    for (const [, anchor, code = '', status] of rows) {
      assert.equal(anchor, code.toLowerCase().replaceAll('_', '-'));
      const known = Object.entries(API_ERRORS).find(([name]) => name === code)?.[1];
      assert.equal(status, known === undefined ? undefined : String(known.status), code);
    }
  });
});

describe('problems', () => {
  const fixture = shareFixture();
  const shape = compileShape(ProblemSchema);

  /** What comes back on a connection on which these words alone are said. */
  async function say(words: string): Promise<string> {
    const { server } = fixture();
    if (!server.server.listening) await server.listen({ host: '127.0.0.1', port: 0 });
    const address = server.addresses()[0];
    const socket = connect(typeof address === 'object' ? address.port : 0, '127.0.0.1');
    socket.end(words);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  }

  test('are what every kind of fault is answered with', async () => {
    const { send } = fixture();
    const json = { 'content-type': 'application/json' };
    const replies = [
      [404, 'NOT_FOUND', await send('GET', '/nothing')],
      [404, 'NOT_FOUND', await send('GET', '/v1/regions/none')],
      [405, 'METHOD_NOT_ALLOWED', await send('POST', '/v1/status', { body: {} })],
      [400, 'MALFORMED', await send('POST', '/v1/regions', { body: '{ "id": ', headers: json })],
      [400, 'MALFORMED', await send('POST', '/v1/regions', { body: '', headers: json })],
      [400, 'MALFORMED', await send('POST', '/v1/regions', { body: '{"__proto__": {"x": 1}}', headers: json })],
      [422, 'INVALID', await send('POST', '/v1/regions', { body: '[]', headers: json })],
      [422, 'INVALID', await send('POST', '/v1/regions', { body: 'null', headers: json })],
      [
        413,
        'BODY_TOO_LARGE',
        await send('PUT', '/v1/load/web-eu', { body: `"${'x'.repeat(2 << 20)}"`, headers: json }),
      ],
      [
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        await send('POST', '/v1/regions', { body: 'a: 1', headers: { 'content-type': 'text/yaml' } }),
      ],
      [400, 'MALFORMED', await send('GET', '/v1/regions/%ff')],
    ] as const;
    for (const [index, [status, code, reply]] of replies.entries()) {
      assert.equal(reply.statusCode, status, `${index}: ${reply.body}`);
      const problem = reply.json();
      assert.deepEqual(checkShape(shape, problem), { ok: true, value: problem });
      assert.deepEqual([problem.code, problem.status], [code, status]);
      assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
      const anchor = problem.type.replace('/docs/errors.md#', '');
      assert.ok(PAGE.includes(`<a id="${anchor}">`), problem.type);
    }
  });

  test('a wrong method names the right ones', async () => {
    const reply = await fixture().send('DELETE', '/v1/regions');
    assert.equal(reply.headers.allow, 'GET, HEAD, POST');
  });

  test('a fault of the server says nothing of itself', async () => {
    const { server, tokens, send } = fixture();
    Object.defineProperty(fixture().writer, 'history', { value: () => Promise.reject(new Error('secret detail')) });
    const reply = await send('GET', '/v1/revisions');
    assert.equal(reply.statusCode, 500);
    assert.equal(reply.body.includes('secret'), false);
    assert.equal(
      (await server.inject({ url: '/v1/regions', headers: { authorization: `Bearer ${tokens.read}` } })).statusCode,
      200,
    );
  });

  test('what is no HTTP at all is answered with one too', async () => {
    const text = await say('\x16\x03\x01 hello\r\n\r\n');
    assert.match(text, /^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"MALFORMED"/s);
  });

  test('a target that names the server as well is found by its path', async () => {
    const { server, tokens } = fixture();
    const [url, headers] = ['http://api.example/v1/regions', { authorization: `Bearer ${tokens.read}` }];
    assert.equal((await server.inject({ url: '/v1/regions', headers })).statusCode, 200);
    const lines = [`GET ${url} HTTP/1.1`, 'host: api.example', `authorization: ${headers.authorization}`];
    const text = await say(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 200 /);
  });

  test('pages of ours may load nothing from elsewhere, and nobody may frame them', async () => {
    const { headers, body } = await fixture().server.inject('/docs');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(/https?:/.test(policy) || /(?:src|href)="(?!\/docs\/)/.test(body), false);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
});
