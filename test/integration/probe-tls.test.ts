// The https check against real TLS servers, with certificates of every kind that can be wrong.

import assert from 'node:assert/strict';
import { createServer as createPlainServer } from 'node:net';
import { before, type TestContext, test } from 'node:test';
import { createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { describeTarget, planChecks } from '../../src/health/target.ts';
import type { Observation } from '../../src/health/vote.ts';
import type { HttpCheck } from '../../src/model/monitors/http-monitor.ts';
import { createRunCheck } from '../../src/probe/run-check.ts';
import {
  EXPIRED,
  makeAuthority,
  makeSelfSigned,
  NOT_YET_VALID,
  type TestCertificate,
} from '../support/make-certificate.ts';
import { cluster, endpoint, TIMING } from '../unit/health/fixtures.ts';

const TIMEOUT_MS = 1000;
const GRACE_MS = 500;
const HOST = 'www.gtm.example.com';

const authority = makeAuthority('Test Authority');
const stranger = makeAuthority('Unknown Authority');

before(() => setDefaultCACertificates([...getCACertificates('default'), authority.certificate]));

/** An HTTPS server with this certificate; what clients asked for as its name is told to `onServerName`. */
async function listenTls(
  context: TestContext,
  { certificate, key }: TestCertificate,
  onServerName: (name: string | false) => void = () => undefined,
): Promise<number> {
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: certificate, key }, (socket) => {
    sockets.add(socket);
    onServerName(socket.servername ?? false);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return portOf(server.address());
}

function portOf(address: unknown): number {
  assert.ok(typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number');
  return address.port;
}

async function run(port: number, changes: Partial<HttpCheck> = {}): Promise<Observation> {
  const expect = { status: [{ low: 200, high: 299 }], body: 'ok' };
  const check: HttpCheck = {
    type: 'https',
    port,
    method: 'GET',
    path: '/',
    host: HOST,
    verifyCertificate: true,
    expect,
  };
  const monitor = { ...TIMING, timeoutMs: TIMEOUT_MS, check: { ...check, ...changes } };
  const target = describeTarget(cluster('c', []), endpoint('a', '127.0.0.1'), planChecks(monitor));
  const startedAtMs = performance.now();
  const observation = await createRunCheck({ allowNetworks: ['127.0.0.0/8'] })(target, new AbortController().signal);
  assert.ok(performance.now() - startedAtMs <= TIMEOUT_MS + GRACE_MS);
  return observation;
}

test('https: asks the pinned address for the name of the monitor, and accepts a certificate for it', async (context) => {
  const names: (string | false)[] = [];
  const port = await listenTls(context, authority.issue([HOST]), (name) => names.push(name));
  const observation = await run(port);
  assert.deepEqual([observation.ok, observation.reason], [true, 'status 200, and the body as expected']);
  assert.deepEqual(names, [HOST]);
});

const faults: readonly [name: string, certificate: () => TestCertificate, reason: string][] = [
  ['for another name', () => authority.issue(['other.example.com']), 'the certificate is for another name'],
  ['that has expired', () => authority.issue([HOST], EXPIRED), 'the certificate has expired'],
  ['that is not valid yet', () => authority.issue([HOST], NOT_YET_VALID), 'the certificate is not valid yet'],
  ['that signed itself', () => makeSelfSigned([HOST]), 'the certificate is self-signed'],
  ['of an unknown authority', () => stranger.issue([HOST]), 'the certificate chain is incomplete'],
];

for (const [name, makeCertificate, reason] of faults) {
  test(`https: fails on a certificate ${name}, unless it need not be valid`, async (context) => {
    const port = await listenTls(context, makeCertificate());
    const observation = await run(port);
    assert.deepEqual([observation.ok, observation.reason, observation.inconclusive], [false, reason, undefined]);
    assert.equal((await run(port, { verifyCertificate: false })).ok, true);
  });
}

test('https: checks the certificate for the address where there is no name, and sends none', async (context) => {
  const names: (string | false)[] = [];
  const port = await listenTls(context, authority.issue(['127.0.0.1']), (name) => names.push(name));
  assert.equal((await run(port, { host: '127.0.0.1' })).ok, true);
  assert.deepEqual(names, [false]);
  assert.equal((await run(port, { host: '127.0.0.2' })).reason, 'the certificate is for another name');
});

test('https: fails at once where there is no TLS', async (context) => {
  const server = createPlainServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const observation = await run(portOf(server.address()));
  assert.equal(observation.reason, 'no TLS on this port');
  assert.ok(observation.durationMs < TIMEOUT_MS);
});

test('https: gives up in time on a server that never finishes the handshake', async (context) => {
  const server = createPlainServer((socket) => void context.after(() => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  assert.equal((await run(portOf(server.address()))).reason, 'timed out while shaking hands over TLS');
});
