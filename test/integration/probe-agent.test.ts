// The agent check, and what http and tcp monitors can expect, against sockets that say it in every way.

import assert from 'node:assert/strict';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { HttpCheck } from '../../src/model/monitors/http-monitor.ts';
import { closedPort, listenTcp, runCheck, TIMEOUT_MS } from '../support/checked-servers.ts';

const agent = (port: number, send?: string) => ({ type: 'agent' as const, port, ...(send !== undefined && { send }) });

test('agent: takes the line, however it comes and ends, and the share that it names', async (context) => {
  for (const pieces of [['up 50%\n'], ['u', 'p', ' 50%', '\r\n'], ['up 50%\r', 'down']]) {
    const port = await listenTcp(context, (socket) => {
      for (const [index, piece] of pieces.entries()) setTimeout(() => socket.write(piece), 10 * index);
    });
    const { ok, share, durationMs } = await runCheck(agent(port));
    assert.deepEqual([ok, share], [true, 50]);
    assert.ok(durationMs < TIMEOUT_MS, 'without waiting for the connection to close');
  }
});

test('agent: sends what the monitor says before it reads', async (context) => {
  const port = await listenTcp(context, (socket) => {
    socket.once('data', (data) => socket.end(data.toString() === 'web\n' ? 'drain\n' : 'down # who?\n'));
  });
  const { ok, share } = await runCheck(agent(port, 'web\n'));
  assert.deepEqual([ok, share], [true, 0]);
  assert.equal((await runCheck(agent(port, 'x'))).reason, 'the agent says down: who?');
});

test('agent: fails on a line that does not end, on none, and on nobody', async (context) => {
  const torn = await listenTcp(context, (socket) => socket.end('up'));
  assert.equal((await runCheck(agent(torn))).reason, 'the agent closed the connection before its line ended');
  const endless = await listenTcp(context, (socket) => socket.write('up '.repeat(100_000)));
  assert.equal((await runCheck(agent(endless))).reason, 'the line of the agent does not end');
  const silent = await listenTcp(context, () => undefined);
  assert.equal((await runCheck(agent(silent))).reason, 'timed out while waiting for the line of the agent');
  assert.equal((await runCheck(agent(await closedPort()))).reason, 'connection refused');
});

async function listenHttp(context: TestContext, serve: RequestListener): Promise<number> {
  const server = createHttpServer(serve);
  return listenTcp(context, (socket) => void server.emit('connection', socket));
}

function http(port: number, expect: Partial<HttpCheck['expect']>, changes: Partial<HttpCheck> = {}): HttpCheck {
  const status = [{ low: 200, high: 299 }];
  return {
    type: 'http',
    port,
    method: 'GET',
    path: '/',
    verifyCertificate: true,
    expect: { status, ...expect },
    ...changes,
  };
}

test('http: holds headers to be there, to be a text or to match', async (context) => {
  const port = await listenHttp(context, (_, response) => {
    response.setHeader('X-Pool', 'blue').setHeader('vary', ['a', 'b']).end();
  });
  for (const header of [
    { name: 'x-pool' },
    { name: 'x-pool', value: 'blue' },
    { name: 'x-pool', value: { matches: '^(?:blue|green)$' } },
    { name: 'vary', value: 'b' },
  ]) {
    assert.equal((await runCheck(http(port, { headers: [header] }))).reason, 'status 200');
  }
  for (const header of [
    { name: 'x-none' },
    { name: 'x-pool', value: 'blu' },
    { name: 'x-pool', value: { matches: 'red' } },
  ]) {
    const { ok, reason } = await runCheck(http(port, { headers: [{ name: 'vary' }, header] }));
    assert.deepEqual([ok, reason], [false, `status 200, but the header ${header.name} is not as expected`]);
  }
});

test('http: holds the body to a pattern, also where its end counts', async (context) => {
  const port = await listenHttp(context, (_, response) => {
    response.write('{"status":');
    setTimeout(() => response.end('"UP"}'), 20);
  });
  assert.equal((await runCheck(http(port, { body: { matches: '"status":\\s*"UP"}$' } }))).ok, true);
  const missing = await runCheck(http(port, { body: { matches: '"DOWN"' } }));
  assert.equal(missing.reason, 'status 200, but the body lacks what is expected');
});

test('http: sends the headers of the monitor, which may take the place of our own but for the host', async (context) => {
  let seen: unknown;
  const port = await listenHttp(context, ({ headers }, response) => {
    seen = [headers['x-probe'], headers['user-agent'], headers.host, headers.connection];
    response.end();
  });
  const headers = [
    { name: 'X-Probe', value: 'yes' },
    { name: 'User-Agent', value: 'mine' },
  ];
  assert.equal((await runCheck(http(port, {}, { headers, host: 'www.example.com' }))).ok, true);
  assert.deepEqual(seen, ['yes', 'mine', `www.example.com:${port}`, 'close']);
});

test('tcp: holds the first bytes to a pattern', async (context) => {
  const port = await listenTcp(context, (socket) => {
    socket.write('220 mail');
    setTimeout(() => socket.write('.example.com ESMTP\r\n'), 20);
  });
  assert.equal((await runCheck({ type: 'tcp', port, expect: { matches: '^220 .*E?SMTP' } })).ok, true);
  const wrong = await runCheck({ type: 'tcp', port, expect: { matches: '^5\\d\\d' } });
  assert.equal(wrong.reason, 'timed out while waiting for the expected bytes');
  const brief = await listenTcp(context, (socket) => socket.end('bye'));
  assert.equal((await runCheck({ type: 'tcp', port: brief, expect: { matches: '^bye$' } })).ok, true);
});
