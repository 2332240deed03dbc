// The grpc check against HTTP/2 servers that know the health protocol, and others that do not.

import assert from 'node:assert/strict';
import { createSecureServer, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { before, type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { GrpcCheck } from '../../src/model/monitors/grpc-monitor.ts';
import { defaultTls } from '../../src/model/monitors/tls-options.ts';
import { closedPort, listenTcp, listenTls, runCheck } from '../support/checked-servers.ts';
import { makeAuthority } from '../support/make-certificate.ts';

const HOST = 'grpc.gtm.example.com';
const authority = makeAuthority('Test Authority');
const certificate = authority.issue([HOST]);

before(() => setDefaultCACertificates([...getCACertificates('default'), authority.certificate]));

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer) => void;

async function listenGrpc(context: TestContext, serve: Serve): Promise<number> {
  const server = createServer();
  server.on('stream', accept(serve));
  return listenTcp(context, (socket) => void server.emit('connection', socket));
}

function accept(serve: Serve) {
  return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => serve(stream, headers, Buffer.concat(chunks)));
  };
}

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

function say(message: string, status = '0'): Serve {
  return (stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
    stream.end(Buffer.from(message, 'hex'));
  };
}

const SERVING = '00000000020801';

const grpc = (port: number, changes: Partial<GrpcCheck> = {}): GrpcCheck => ({
  type: 'grpc',
  port,
  service: '',
  host: HOST,
  verifyCertificate: true,
  ...changes,
});

test('grpc: succeeds on SERVING, and asks for the service by its name', async (context) => {
  let seen: unknown;
  const port = await listenGrpc(context, (stream, headers, body) => {
    const { ':method': method, ':path': path, ':authority': authority, te, 'content-type': type } = headers;
    seen = { method, path, authority, te, type, body: body.toString('latin1') };
    say(SERVING)(stream, headers, body);
  });
  const observation = await runCheck(grpc(port, { service: 'shop.v1.Orders' }));
  assert.deepEqual([observation.ok, observation.reason], [true, 'SERVING']);
  assert.deepEqual(seen, {
    method: 'POST',
    path: '/grpc.health.v1.Health/Check',
    authority: `${HOST}:${port}`,
    te: 'trailers',
    type: 'application/grpc',
    body: '\0\0\0\0\x10\x0a\x0eshop.v1.Orders',
  });
});

const ANSWERS: readonly [name: string, reason: string, serve: Serve][] = [
  ['says that it does not serve', 'NOT_SERVING', say('00000000020802')],
  ['does not know', 'UNKNOWN', say('0000000000')],
  [
    'does not know the service',
    'gRPC status NOT_FOUND',
    (stream) => stream.respond({ ...GRPC, 'grpc-status': '5' }, { endStream: true }),
  ],
  [
    'has no health service',
    'gRPC status UNIMPLEMENTED',
    (stream) => stream.respond({ ...GRPC, 'grpc-status': '12' }, { endStream: true }),
  ],
  ['fails after its message', 'gRPC status INTERNAL', say(SERVING, '13')],
  ['has a status of its own', 'gRPC status code 77', say(SERVING, '77')],
  ['has a status that is none', 'gRPC status no code that is known', say(SERVING, 'fine')],
  ['compresses', 'the gRPC message is no health response', say('01000000020801')],
  ['sends two messages', 'the gRPC message is no health response', say(SERVING + SERVING)],
  ['leaves out the message', 'the gRPC message is no health response', say('')],
  [
    'leaves out the status',
    'the response has no gRPC status',
    (stream) => {
      stream.respond(GRPC);
      stream.end(Buffer.from(SERVING, 'hex'));
    },
  ],
  ['answers 404', 'status 404', (stream) => stream.respond({ ':status': 404 }, { endStream: true })],
  [
    'answers with a page',
    'not a gRPC response',
    (stream) => stream.respond({ ':status': 200, 'content-type': 'text/html' }, { endStream: true }),
  ],
  ['resets the stream', 'the server reset the HTTP/2 stream', (stream) => stream.close(2)],
  [
    'sends a message without end',
    'the gRPC message is too large',
    (stream) => {
      stream.respond(GRPC);
      const more = () => {
        while (stream.write(Buffer.alloc(4096)));
      };
      stream.on('drain', more);
      more();
    },
  ],
];

for (const [name, reason, serve] of ANSWERS) {
  test(`grpc: fails on a server that ${name}`, async (context) => {
    const observation = await runCheck(grpc(await listenGrpc(context, serve)));
    assert.deepEqual([observation.ok, observation.reason], [false, reason]);
  });
}

test('grpc: gives up in time on a server that does not answer', async (context) => {
  const port = await listenGrpc(context, () => undefined);
  assert.equal((await runCheck(grpc(port))).reason, 'timed out while waiting for the response');
});

test('grpc: fails at once where nobody listens, and where HTTP/2 is not spoken', async (context) => {
  assert.equal((await runCheck(grpc(await closedPort()))).reason, 'connection refused');
  const port = await listenTcp(context, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const observation = await runCheck(grpc(port));
  assert.deepEqual([observation.ok, observation.reason], [false, 'not HTTP/2']);
});

test('grpc: over TLS, holds the server to its name and to HTTP/2', async (context) => {
  const server = createSecureServer({ cert: certificate.certificate, key: certificate.key });
  server.on('stream', accept(say(SERVING)));
  server.on('sessionError', () => undefined);
  const port = await listenTcp(context, (socket) => void server.emit('connection', socket));
  const tls = defaultTls(true);
  assert.equal((await runCheck(grpc(port, { tls }))).reason, 'SERVING');
  assert.equal(
    (await runCheck(grpc(port, { tls, host: 'other.example' }))).reason,
    'the certificate is for another name',
  );
  const noAlpn = await listenTls(context, { cert: certificate.certificate, key: certificate.key });
  assert.equal((await runCheck(grpc(noAlpn, { tls }))).reason, 'the server does not speak HTTP/2 over TLS');
});
