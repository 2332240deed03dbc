// Every kind of check against real sockets that behave, misbehave, and do nothing at all.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Packet } from 'dns2';
import type { DnsCheck } from '../../src/model/monitors/dns-monitor.ts';
import type { HttpCheck } from '../../src/model/monitors/http-monitor.ts';
import type { TcpCheck } from '../../src/model/monitors/tcp-monitor.ts';
import { createRunCheck } from '../../src/probe/run-check.ts';
import { closedPort, LOOPBACK, listenTcp, runCheck as run, TIMEOUT_MS, targetOf } from '../support/checked-servers.ts';

function http(port: number, changes: Partial<HttpCheck> = {}): HttpCheck {
  const expect = { status: [{ low: 200, high: 299 }] };
  return { type: 'http', port, method: 'GET', path: '/healthz', verifyCertificate: true, expect, ...changes };
}

const expectBody = (body: string) => ({ expect: { status: [{ low: 200, high: 299 }], body } });

async function listenHttp(context: TestContext, serve: RequestListener): Promise<number> {
  const server = createHttpServer(serve);
  return listenTcp(context, (socket) => void server.emit('connection', socket));
}

test('http: succeeds on the expected status, and says which host it wants', async (context) => {
  let seen: unknown;
  const port = await listenHttp(context, (request, response) => {
    seen = [request.method, request.url, request.headers.host, request.headers.connection];
    response.end('ok');
  });
  const observation = await run(http(port, { host: 'www.example.com' }));
  assert.deepEqual([observation.ok, observation.reason], [true, 'status 200']);
  assert.deepEqual(seen, ['GET', '/healthz', `www.example.com:${port}`, 'close']);
  await run(http(port, { method: 'HEAD', path: '/x?y=1' }));
  assert.deepEqual(seen, ['HEAD', '/x?y=1', `127.0.0.1:${port}`, 'close']);
});

test('http: judges a redirect by its own status and does not follow it', async (context) => {
  let requests = 0;
  const port = await listenHttp(context, (_, response) => {
    requests++;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  assert.deepEqual((await run(http(port))).reason, 'status 302');
  assert.equal((await run(http(port, { expect: { status: [{ low: 302, high: 302 }] } }))).ok, true);
  assert.equal(requests, 2);
});

test('http: makes a new connection for every check', async (context) => {
  const ports = new Set<number | undefined>();
  const port = await listenHttp(context, (request, response) => {
    ports.add(request.socket.remotePort);
    response.end();
  });
  for (let round = 0; round < 3; round++) assert.equal((await run(http(port))).ok, true);
  assert.equal(ports.size, 3);
});

test('http: finds the expected text in the body, also across chunks, and fails without it', async (context) => {
  const port = await listenHttp(context, (_, response) => {
    response.write('it is all o');
    setTimeout(() => response.end('k here'), 20);
  });
  assert.equal((await run(http(port, expectBody('all ok')))).ok, true);
  const observation = await run(http(port, expectBody('secret')));
  assert.deepEqual([observation.ok, observation.reason], [false, 'status 200, but the body lacks what is expected']);
});

test('http: never hands on anything of the body', async (context) => {
  const port = await listenHttp(context, (_, response) => response.end('top secret'));
  for (const check of [http(port), http(port, expectBody('top')), http(port, expectBody('nothing'))]) {
    assert.ok(!JSON.stringify(await run(check)).includes('secret'));
  }
});

test('http: stops reading an endless body at its limit', async (context) => {
  const port = await listenHttp(context, (_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(1024, 'x')));
    };
    response.on('drain', more);
    more();
  });
  const observation = await run(http(port, expectBody('ok')));
  assert.equal(observation.reason, 'status 200, but the body lacks what is expected');
  assert.ok(observation.durationMs < TIMEOUT_MS, 'without waiting for its time to run out');
});

test('http: does not read a body that nobody asked about', async (context) => {
  const port = await listenHttp(context, (_, response) => void response.write('never ends'));
  const observation = await run(http(port));
  assert.ok(observation.ok && observation.durationMs < TIMEOUT_MS);
});

const tarpits: readonly [name: string, stage: string, serve: (socket: Socket) => void, check: Partial<HttpCheck>][] = [
  ['says nothing', 'waiting for the response', () => undefined, {}],
  ['drips its headers', 'waiting for the response', drip('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'), {}],
  [
    'drips its body',
    'reading the body',
    drip('HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n', 'x'),
    expectBody('ok'),
  ],
  ['sends interim responses for ever', 'waiting for the response', drip('', 'HTTP/1.1 103 Early Hints\r\n\r\n'), {}],
];

function drip(head: string, drop: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(drop), 20);
    socket.on('close', () => clearInterval(timer));
  };
}

for (const [name, stage, serve, changes] of tarpits) {
  test(`http: gives up in time on a server that ${name}`, async (context) => {
    const port = await listenTcp(context, serve);
    assert.equal((await run(http(port, changes))).reason, `timed out while ${stage}`);
  });
}

const faults: readonly [name: string, reason: RegExp, serve: (socket: Socket) => void][] = [
  ['resets the connection', /^connection reset$/, (socket) => socket.once('data', () => socket.resetAndDestroy())],
  [
    'closes without a word',
    /^connection (reset|closed without a response)$/,
    (socket) => socket.once('data', () => socket.end()),
  ],
  ['does not speak HTTP', /^not an HTTP response \(HPE_/, (socket) => socket.end('220 mail.example.com ESMTP\r\n')],
  [
    'sends endless headers',
    /^the response headers are too large$/,
    (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`),
  ],
  [
    'switches protocols',
    /^status 101$/,
    (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  ],
  ['answers 503', /^status 503$/, (socket) => socket.end('HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n')],
];

for (const [name, reason, serve] of faults) {
  test(`http: fails at once on a server that ${name}`, async (context) => {
    const observation = await run(http(await listenTcp(context, serve)));
    assert.equal(observation.ok, false);
    assert.match(observation.reason, reason);
    assert.ok(observation.durationMs < TIMEOUT_MS);
  });
}

test('http: fails at once on a refused connection', async () => {
  const observation = await run(http(await closedPort()));
  assert.deepEqual(
    [observation.ok, observation.reason, observation.inconclusive],
    [false, 'connection refused', undefined],
  );
  assert.ok(observation.durationMs < TIMEOUT_MS);
});

test('http: reaches IPv6 addresses', async (context) => {
  let host: string | undefined;
  const server = createHttpServer((request, response) => {
    host = request.headers.host;
    response.end();
  });
  const port = await listenTcp(context, (socket) => void server.emit('connection', socket), '::1');
  assert.equal((await run(http(port), { address: '::1' })).ok, true);
  assert.equal(host, `[::1]:${port}`);
});

test('http: lets go of its socket whatever the outcome', async (context) => {
  const sockets: Socket[] = [];
  const port = await listenTcp(context, (socket) => sockets.push(socket));
  await run(http(port));
  await run({ type: 'tcp', port, expect: 'never' });
  const closed = sockets.map((socket) => socket.closed || new Promise((resolve) => socket.on('close', resolve)));
  for (const socket of sockets) socket.resume();
  await Promise.all(closed);
  assert.equal(sockets.length, 2);
});

const tcp = (port: number, changes: Partial<TcpCheck> = {}): TcpCheck => ({ type: 'tcp', port, ...changes });

test('tcp: succeeds on connecting where nothing is expected', async (context) => {
  const port = await listenTcp(context, () => undefined);
  assert.deepEqual((await run(tcp(port))).reason, 'connected');
});

test('tcp: sends, and finds what it expects among the first bytes', async (context) => {
  const port = await listenTcp(context, (socket) => {
    socket.once('data', (data) => {
      socket.write(`you said ${data.toString()}: +PO`);
      setTimeout(() => socket.write('NG\r\n'), 20);
    });
  });
  assert.equal((await run(tcp(port, { send: 'PING', expect: 'PING: +PONG' }))).ok, true);
});

test('tcp: delivers what it sends also where it expects nothing', async (context) => {
  const received = Promise.withResolvers<string>();
  const port = await listenTcp(context, (socket) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('end', () => received.resolve(text));
  });
  assert.equal((await run(tcp(port, { send: 'QUIT\r\n' }))).ok, true);
  assert.equal(await received.promise, 'QUIT\r\n');
});

const tcpFaults: readonly [name: string, reason: string, serve: (socket: Socket) => void][] = [
  [
    'says something else, and closes',
    'connection closed before the expected bytes came',
    (socket) => socket.end('-ERR'),
  ],
  [
    'says something else without end',
    'the expected bytes did not come first',
    (socket) => socket.write(Buffer.alloc(1e6, 'x')),
  ],
  ['says nothing', 'timed out while waiting for the expected bytes', () => undefined],
  ['drips', 'timed out while waiting for the expected bytes', drip('', 'x')],
  ['resets the connection', 'connection reset', (socket) => socket.resetAndDestroy()],
];

for (const [name, reason, serve] of tcpFaults) {
  test(`tcp: fails on a server that ${name}`, async (context) => {
    const observation = await run(tcp(await listenTcp(context, serve), { expect: '+PONG' }));
    assert.deepEqual([observation.ok, observation.reason], [false, reason]);
  });
}

test('tcp: fails at once on a refused connection', async () => {
  assert.equal((await run(tcp(await closedPort()))).reason, 'connection refused');
});

const dns = (port: number, changes: Partial<DnsCheck> = {}): DnsCheck => ({
  type: 'dns',
  port,
  protocol: 'udp',
  query: { name: 'www.example.com', type: 'A' },
  expect: { rcode: 'NOERROR' },
  ...changes,
});

type Reply = (query: Packet) => Buffer | undefined;

/** A DNS server over UDP and TCP on the same port. */
async function listenDns(context: TestContext, reply: Reply): Promise<number> {
  const port = await listenTcp(context, (socket) => {
    socket.once('data', (data) => {
      const answer = reply(Packet.parse(data.subarray(2)));
      if (answer === undefined) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      // In pieces, as TCP may deliver it.
      socket.write(length.subarray(0, 1));
      setTimeout(() => socket.write(length.subarray(1)), 5);
      setTimeout(() => socket.write(answer), 10);
    });
  });
  const udp = createSocket('udp4');
  udp.on('message', (message, { port: to, address }) => {
    const answer = reply(Packet.parse(message));
    if (answer !== undefined) udp.send(answer, to, address);
  });
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  context.after(() => udp.close());
  return port;
}

function answer(query: Packet, rcode: number, ...addresses: readonly string[]): Buffer {
  const response = Packet.createResponseFromRequest(query);
  response.header.rcode = rcode;
  const [question] = query.questions;
  for (const address of addresses) {
    const resource = new Packet.Resource(question?.name, Packet.TYPE.A, Packet.CLASS.IN, 60);
    resource.address = address;
    response.answers.push(resource);
  }
  return response.toBuffer();
}

for (const protocol of ['udp', 'tcp'] as const) {
  test(`dns over ${protocol}: succeeds on the expected rcode and data`, async (context) => {
    const port = await listenDns(context, (query) => answer(query, 0, '192.0.2.1', '192.0.2.2'));
    assert.equal((await run(dns(port, { protocol }))).reason, 'NOERROR');
    assert.equal((await run(dns(port, { protocol, expect: { rcode: 'NOERROR', data: '192.0.2.2' } }))).ok, true);
    const missing = await run(dns(port, { protocol, expect: { rcode: 'NOERROR', data: '192.0.2.9' } }));
    assert.deepEqual([missing.ok, missing.reason], [false, 'NOERROR, but the answer lacks 192.0.2.9']);
  });

  test(`dns over ${protocol}: fails on SERVFAIL, unless that is what it expects`, async (context) => {
    const port = await listenDns(context, (query) => answer(query, 2));
    assert.equal((await run(dns(port, { protocol }))).reason, 'rcode SERVFAIL');
    assert.equal((await run(dns(port, { protocol, expect: { rcode: 'SERVFAIL' } }))).ok, true);
  });

  test(`dns over ${protocol}: gives up in time on a server that does not answer`, async (context) => {
    const port = await listenDns(context, () => undefined);
    assert.equal((await run(dns(port, { protocol }))).reason, 'timed out while waiting for the answer');
  });

  test(`dns over ${protocol}: fails at once on a port that nobody listens on`, async () => {
    const observation = await run(dns(await closedPort(), { protocol }));
    assert.equal(observation.reason, 'connection refused');
    assert.ok(observation.durationMs < TIMEOUT_MS);
  });

  test(`dns over ${protocol}: refuses to parse a large reply`, async (context) => {
    const port = await listenDns(context, () => Buffer.alloc(9000, 0xc0));
    assert.equal((await run(dns(port, { protocol }))).reason, 'the answer is too large');
  });

  test(`dns over ${protocol}: fails on garbage`, async (context) => {
    const port = await listenDns(context, () => Buffer.from('garbage'));
    assert.equal((await run(dns(port, { protocol }))).reason, 'the answer is no DNS message');
  });

  test(`dns over ${protocol}: passes over replies to something else`, async (context) => {
    const port = await listenDns(context, (query) => {
      query.header.id ^= 1;
      return answer(query, 0);
    });
    assert.equal((await run(dns(port, { protocol }))).reason, 'timed out while waiting for the answer');
  });
}

test('dns: closes its sockets when a TCP server hangs up', async (context) => {
  const port = await listenTcp(context, (socket) => socket.once('data', () => socket.end()));
  assert.equal((await run(dns(port, { protocol: 'tcp' }))).reason, 'connection closed without an answer');
});

test('refuses to connect where it may not, and says so as its own fault', async (context) => {
  let connections = 0;
  const port = await listenTcp(context, () => void connections++);
  const observation = await run(tcp(port), { allowNetworks: [] });
  assert.deepEqual([observation.ok, observation.inconclusive], [false, true]);
  assert.equal(
    observation.reason,
    '127.0.0.1, which is not allowed (loopback): see probe.allowNetworks in the settings',
  );
  assert.equal(connections, 0);
});

test('connects to the address that a name resolved to when it was allowed, and to no other', async (context) => {
  const port = await listenTcp(context, () => undefined);
  const answers = [['127.0.0.1'], ['127.0.0.1', '10.0.0.1'], []];
  const resolveName = async () => answers.shift() ?? [];
  const runNamed = createRunCheck({ allowNetworks: LOOPBACK, resolveName });
  const target = targetOf(tcp(port), 'cdn.example.net');
  const signal = new AbortController().signal;
  assert.equal((await runNamed(target, signal)).ok, true);
  const mixed = await runNamed(target, signal);
  assert.equal(mixed.inconclusive, true);
  assert.match(mixed.reason, /^cdn\.example\.net resolves to 10\.0\.0\.1, which is not allowed \(private\)/);
  const nowhere = await runNamed(target, signal);
  assert.deepEqual([nowhere.ok, nowhere.reason], [false, 'the name has no address']);
  const failing = createRunCheck({ allowNetworks: [], resolveName: () => Promise.reject(new Error('timeout')) });
  assert.equal((await failing(target, signal)).reason, 'the name servers did not resolve cdn.example.net');
});

test('ends at once when it is aborted', async (context) => {
  const port = await listenTcp(context, () => undefined);
  const abort = new AbortController();
  const running = createRunCheck({ allowNetworks: LOOPBACK })(targetOf(tcp(port, { expect: 'x' })), abort.signal);
  setTimeout(() => abort.abort(), 30);
  const observation = await running;
  assert.equal(observation.inconclusive, true);
  assert.ok(observation.durationMs < TIMEOUT_MS);
});
