// Servers that mean harm: whatever they do costs a check its time at most, and nothing of it stays behind. They are met
// in a process of its own (test/support/meet-hostile.ts), whose sockets, memory and processor time are counted.

import assert from 'node:assert/strict';
import { createServer as createH2Server, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import type { Check } from '../../src/model/monitor.ts';
import { defaultTls } from '../../src/model/monitors/tls-options.ts';
import { listenTcp, listenTls, TIMEOUT_MS } from '../support/checked-servers.ts';
import { makeAuthority } from '../support/make-certificate.ts';
import { type Meeting, MeetingPlace } from '../support/meet-hostile.ts';

const CHECKS_EACH = 4;
/** What the event loop of a busy machine may add while it reads what floods in. */
const FLOOD_GRACE_MS = 1_200;
const MEGABYTE = 1024 * 1024;

const http = (port: number, body?: string): Check => ({
  type: 'http',
  port,
  method: 'GET',
  path: '/',
  verifyCertificate: true,
  expect: { status: [{ low: 200, high: 299 }], ...(body !== undefined && { body: { matches: `(a+)+${body}$` } }) },
});
const grpc = (port: number): Check => ({ type: 'grpc', port, service: '', verifyCertificate: true });
const tls = (port: number): Check => ({ type: 'tls', port, verifyCertificate: true, tls: defaultTls(true) });
const tcp = (port: number): Check => ({ type: 'tcp', port, expect: { matches: '(a+)+$' } });
const agent = (port: number): Check => ({ type: 'agent', port });

/** Writes the piece for as long as anybody takes it. */
function flood(head: string | Buffer, piece: string | Buffer): (socket: Socket) => void {
  return (socket) => {
    const more = () => {
      while (socket.writable && socket.write(piece));
    };
    socket.on('drain', more);
    socket.write(head);
    more();
  };
}

/** One piece every few milliseconds. */
function drip(head: string, piece: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), 3);
    socket.on('close', () => clearInterval(timer));
  };
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

/** An HTTP/2 frame (RFC 9113 section 4.1). */
function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const SETTINGS = frame(4, 0, 0);
const PING = frame(6, 0, 0, Buffer.alloc(8));
/** Without END_HEADERS: `:status: 200`, and then for ever more. */
const OPEN_HEADERS = frame(1, 0, 1, Buffer.from([0x88]));
/** The same, whole, with `content-type: application/grpc` (RFC 7541: index 31 of the static table, and a text). */
const ANSWER_HEADERS = frame(
  1,
  4,
  1,
  Buffer.concat([Buffer.from([0x88, 0x5f, 0x10]), Buffer.from('application/grpc')]),
);
const CONTINUATION = frame(9, 0, 1, Buffer.from([0x40, 1, 0x78, 1, 0x79]));
const many = (piece: Buffer) => Buffer.concat(new Array(200).fill(piece));

const HOSTILE: readonly [
  name: string,
  reason: string,
  check: (port: number) => Check,
  serve: (socket: Socket) => void,
][] = [
  ['http that says nothing', 'timed out while waiting for the response', http, () => undefined],
  ['http that drips its headers', 'timed out while waiting for the response', http, drip(OK, 'x-a: b\r\n')],
  [
    'http that drips its body',
    'timed out while reading the body',
    (port) => http(port, 'b'),
    drip(`${OK}content-length: 999999\r\n\r\n`, 'a'),
  ],
  [
    'http with an endless body',
    'status 200, but the body lacks what is expected',
    (port) => http(port, 'b'),
    flood(`${OK}\r\n`, 'a'.repeat(65_536)),
  ],
  [
    'http with chunks of one byte without end',
    'status 200, but the body lacks what is expected',
    (port) => http(port, 'b'),
    flood(CHUNKED, '1\r\na\r\n'.repeat(2_000)),
  ],
  [
    'http with endless chunk extensions',
    'not an HTTP response (HPE_CHUNK_EXTENSIONS_OVERFLOW)',
    (port) => http(port, 'b'),
    flood(`${CHUNKED}1;`, 'x'.repeat(65_536)),
  ],
  ['http with endless headers', 'the response headers are too large', http, flood(OK, `x-a: ${'y'.repeat(1_000)}\r\n`)],
  ['http with one endless header', 'the response headers are too large', http, flood(`${OK}x: `, 'y'.repeat(65_536))],
  [
    'http with an endless status line',
    'the response headers are too large',
    http,
    flood('HTTP/1.1 200 ', 'y'.repeat(65_536)),
  ],
  [
    'http with interim responses without end',
    'too many interim responses',
    http,
    flood('', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)),
  ],
  [
    'http with early hints without end',
    'too many interim responses',
    http,
    flood('', `HTTP/1.1 103 Hints\r\nlink: ${'x'.repeat(9_000)}\r\n\r\n`),
  ],
  ['http with empty lines without end', 'sends far more than an answer', http, flood('', '\r\n'.repeat(30_000))],
  [
    'http that leads to itself',
    'status 302',
    http,
    (socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'),
  ],
  // A gigabyte of zeros, had anybody unpacked it.
  [
    'http with a bomb',
    'status 200, but the body lacks what is expected',
    (port) => http(port, 'b'),
    flood(`${OK}content-encoding: gzip\r\n\r\n`, Buffer.alloc(65_536, '\x1f\x8b\x08')),
  ],
  ['tcp without end', 'the expected bytes did not come first', tcp, flood('', 'b'.repeat(65_536))],
  ['tcp that drips', 'timed out while waiting for the expected bytes', tcp, drip('', 'b')],
  ['an agent that drips', 'timed out while waiting for the line of the agent', agent, drip('', 'u')],
  ['an agent without end', 'the line of the agent does not end', agent, flood('', 'up '.repeat(30_000))],
  ['tls that says nothing', 'timed out while shaking hands over TLS', tls, () => undefined],
  ['tls that drips', 'timed out while shaking hands over TLS', tls, drip('\x16\x03\x03\x3f\xff', '\x02')],
  [
    'tls with alerts without end',
    'the TLS handshake failed',
    tls,
    flood('', Buffer.from('15030300020164'.repeat(2_000), 'hex')),
  ],
  ['grpc that says nothing', 'timed out while waiting for the response', grpc, () => undefined],
  ['grpc that drips', 'not HTTP/2', grpc, drip('', '\0')],
  ['grpc with pings without end', 'floods the HTTP/2 session', grpc, flood(SETTINGS, many(PING))],
  ['grpc with settings without end', 'floods the HTTP/2 session', grpc, flood(SETTINGS, many(SETTINGS))],
  [
    'grpc with large settings without end',
    'not HTTP/2',
    grpc,
    flood(SETTINGS, many(frame(4, 0, 0, Buffer.alloc(6 * 1_000, 0xaa)))),
  ],
  [
    'grpc with continuations without end',
    'not HTTP/2',
    grpc,
    flood(Buffer.concat([SETTINGS, OPEN_HEADERS]), many(CONTINUATION)),
  ],
  [
    'grpc with frames of no known type without end',
    'sends far more than an answer',
    grpc,
    flood(SETTINGS, many(frame(0x77, 0, 0, Buffer.alloc(16_384)))),
  ],
  [
    'grpc with empty data without end',
    'floods the HTTP/2 session',
    grpc,
    flood(Buffer.concat([SETTINGS, ANSWER_HEADERS]), many(frame(0, 0, 1))),
  ],
  [
    'grpc with promises without end',
    'not HTTP/2',
    grpc,
    flood(SETTINGS, many(frame(5, 4, 1, Buffer.from([0, 0, 0, 2, 0x88])))),
  ],
];

let place: MeetingPlace;
before(() => {
  place = new MeetingPlace();
});
after(() => place.close());

for (const [name, reason, check, serve] of HOSTILE) {
  test(`${name} costs a check its time at most`, async (context) => {
    const meeting = await meet(context, check(await listenTcp(context, serve)));
    assertHarmless(meeting);
    // A busy machine may run out of time first.
    assert.ok(meeting.reasons.includes(reason), String(meeting.reasons));
  });
}

const authority = makeAuthority('Test Authority');

test('tls with a chain of hundreds of certificates costs a check its time at most', async (context) => {
  const own = authority.issue(['www.example.com']);
  const chain = own.certificate + authority.certificate.repeat(400);
  const port = await listenTls(context, { cert: chain, key: own.key });
  assertHarmless(await meet(context, tls(port)));
});

test('grpc over TLS with pings without end costs a check its time at most', async (context) => {
  const own = authority.issue(['www.example.com']);
  const options = { cert: own.certificate, key: own.key, ALPNProtocols: ['h2'] };
  const port = await listenTls(context, options, flood(SETTINGS, many(PING)));
  const check: Check = { type: 'grpc', port, service: '', verifyCertificate: false, tls: defaultTls(false) };
  assertHarmless(await meet(context, check));
});

test('grpc with endless headers costs a check its time at most', async (context) => {
  const sessions = new Set<Http2Session>();
  const server = createH2Server({ maxSendHeaderBlockLength: 10 * MEGABYTE });
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'x-a': 'y'.repeat(60_000) });
  });
  context.after(() => {
    for (const session of sessions) session.destroy();
  });
  assertHarmless(
    await meet(context, grpc(await listenTcp(context, (socket) => void server.emit('connection', socket)))),
  );
});

async function meet(context: TestContext, check: Check): Promise<Meeting> {
  const meeting = await place.meet(check, { checks: CHECKS_EACH, timeoutMs: TIMEOUT_MS });
  context.diagnostic(JSON.stringify(meeting));
  return meeting;
}

/** In time, as a failure, with nothing left open, and with little memory and work. */
function assertHarmless({ succeeded, longestMs, socketsLeft, growthBytes, cpuMs }: Meeting): void {
  assert.equal(succeeded, 0);
  assert.ok(longestMs <= TIMEOUT_MS + FLOOD_GRACE_MS, `one took ${longestMs} ms`);
  assert.equal(socketsLeft, 0);
  assert.ok(cpuMs < 1_000, `${cpuMs} ms of processor time`);
  assert.ok(growthBytes < 48 * MEGABYTE, `${growthBytes} bytes more`);
}
