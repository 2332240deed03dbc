// What checks over TLS ask of a handshake: version, names, authorities, certificates of both sides and their end.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { getCACertificates, type TlsOptions as ServerOptions, setDefaultCACertificates } from 'node:tls';
import { parseTlsCheck } from '../../src/model/monitors/tls-monitor.ts';
import type { TlsOptions } from '../../src/model/monitors/tls-options.ts';
import { createRunCheck, type RunCheck } from '../../src/probe/run-check.ts';
import { LOOPBACK, listenTcp, listenTls, portOf, runCheck } from '../support/checked-servers.ts';
import { EXPIRED, makeAuthority, type TestCertificate, VALID_NOW } from '../support/make-certificate.ts';

const HOST = 'www.gtm.example.com';
const DAY_MS = 86_400_000;
const TIMEOUT_MS = 1_500;

const authority = makeAuthority('Test Authority');
const ownAuthority = makeAuthority('Own Authority');
const own = authority.issue([HOST]);

before(() => setDefaultCACertificates([...getCACertificates('default'), authority.certificate]));

const TLS: TlsOptions = { minVersion: '1.2', serverName: HOST, warnBeforeMs: 0, failBeforeMs: 0 };

type Changes = Partial<TlsOptions> & { readonly verifyCertificate?: boolean };

function look(port: number, { verifyCertificate = true, ...tls }: Changes = {}, run?: RunCheck) {
  const check = { type: 'tls', port, verifyCertificate, tls: { ...TLS, ...tls } } as const;
  return runCheck(check, { timeoutMs: TIMEOUT_MS, ...(run !== undefined && { run }) });
}

function serverOf({ certificate, key }: TestCertificate, more: ServerOptions = {}): ServerOptions {
  return { cert: certificate, key, ...more };
}

function endingIn(days: number): TestCertificate {
  return authority.issue([HOST], {
    from: new Date(Date.now() - 90 * DAY_MS),
    to: new Date(Date.now() + days * DAY_MS),
  });
}

/** A directory of files, and a check of a process whose settings name them. */
function settle(context: TestContext, files: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'azimuth-tls-'));
  context.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const authorities = 'authorities.pem' in files ? join(directory, 'authorities.pem') : '';
  return createRunCheck({ allowNetworks: LOOPBACK, tlsFiles: { clientCertificates: directory, authorities } });
}

test('tls: succeeds on a handshake with a good certificate, and asks for the name', async (context) => {
  const asked = Promise.withResolvers<unknown>();
  const port = await listenTls(context, serverOf(own), (socket) => asked.resolve(socket.servername));
  const observation = await look(port);
  assert.deepEqual(
    [observation.ok, observation.reason, observation.warning],
    [true, 'the TLS handshake succeeded', undefined],
  );
  assert.equal(await asked.promise, HOST);
});

test('tls: fails on a certificate that is not to be trusted, unless it need not be', async (context) => {
  const cases: readonly [TestCertificate, string][] = [
    [authority.issue(['other.example']), 'the certificate is for another name'],
    [ownAuthority.issue([HOST]), 'the certificate chain is incomplete'],
    [authority.issue([HOST], EXPIRED), 'the certificate has expired'],
  ];
  for (const [certificate, reason] of cases) {
    const port = await listenTls(context, serverOf(certificate));
    assert.deepEqual([(await look(port)).ok, (await look(port)).reason], [false, reason]);
    assert.equal((await look(port, { verifyCertificate: false, failBeforeMs: 'off' })).ok, true);
  }
});

test('tls: holds the server to the floor of versions', async (context) => {
  const port = await listenTls(context, serverOf(own, { maxVersion: 'TLSv1.2' }));
  assert.equal((await look(port)).ok, true);
  const observation = await look(port, { minVersion: '1.3' });
  assert.deepEqual([observation.ok, observation.reason], [false, 'the server speaks no TLS version that is offered']);
  const old = await listenTls(
    context,
    serverOf(own, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
  );
  assert.equal((await look(old)).reason, 'the server speaks no TLS version that is offered');
});

test('tls: the end of a certificate is a warning, a failure or nothing, as is stated', async (context) => {
  const port = await listenTls(context, serverOf(endingIn(5)));
  const day = new Date(Date.now() + 5 * DAY_MS).toISOString().slice(0, 10);
  const reason = `the certificate ends on ${day}`;
  const warned = await look(port, { warnBeforeMs: 'auto' });
  assert.deepEqual([warned.ok, warned.warning], [true, reason]);
  const failed = await look(port, { failBeforeMs: 7 * DAY_MS });
  assert.deepEqual([failed.ok, failed.reason, failed.warning], [false, reason, undefined]);
  assert.equal((await look(port)).warning, undefined);
});

test('tls: a certificate that has ended fails nothing where that is off, and its name still counts', async (context) => {
  const ended = await listenTls(context, serverOf(authority.issue([HOST], EXPIRED)));
  const observation = await look(ended, { failBeforeMs: 'off', warnBeforeMs: 'auto' });
  assert.equal(observation.ok, true);
  assert.match(observation.warning ?? '', /^the certificate ended on /);
  const foreign = await listenTls(context, serverOf(authority.issue(['other.example'], EXPIRED)));
  assert.equal((await look(foreign, { failBeforeMs: 'off' })).reason, 'the certificate is for another name');
});

test('https: warns as well, and sends nothing to whom it does not trust', async (context) => {
  const heard: string[] = [];
  const serve = (certificate: TestCertificate) =>
    listenTls(context, serverOf(certificate), (socket) => {
      socket.on('data', (data) => {
        heard.push(data.toString());
        socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
  const ask = async (port: number) => {
    const expect = { status: [{ low: 200, high: 299 }] };
    return runCheck(
      { type: 'https', port, method: 'GET', path: '/', host: HOST, verifyCertificate: true, expect },
      { timeoutMs: TIMEOUT_MS },
    );
  };
  const soon = await ask(await serve(endingIn(5)));
  assert.deepEqual([soon.ok, soon.reason], [true, 'status 204']);
  assert.match(soon.warning ?? '', /^the certificate ends on /);
  assert.equal(heard.length, 1);
  assert.equal((await ask(await serve(ownAuthority.issue([HOST])))).ok, false);
  assert.equal(heard.length, 1);
});

test('shows the client certificate that is named, from the directory of the settings', async (context) => {
  const client = authority.issue(['probe.example']);
  const asking = serverOf(own, {
    requestCert: true,
    rejectUnauthorized: true,
    ca: [authority.certificate],
    maxVersion: 'TLSv1.2',
  });
  const port = await listenTls(context, asking);
  const run = settle(context, {
    'probe.crt': client.certificate,
    'probe.key': client.key,
    'torn.crt': 'x',
    'torn.key': 'y',
  });
  assert.equal((await look(port, { clientCertificate: 'probe' }, run)).ok, true);
  const without = await look(port, {}, run);
  assert.deepEqual([without.ok, without.inconclusive], [false, undefined]);
  for (const [clientCertificate, reason] of [
    ['absent', 'this worker cannot read the client certificate absent (ENOENT)'],
    ['torn', 'this worker cannot use the client certificate torn, or its key: the files are no good PEM'],
  ] as const) {
    const observation = await look(port, { clientCertificate }, run);
    assert.deepEqual([observation.ok, observation.inconclusive, observation.reason], [false, true, reason]);
  }
  const unset = await look(port, { clientCertificate: 'probe' });
  assert.match(unset.reason, /its setting probe\.clientCertificates is empty/);
});

test('trusts the authorities of the settings beside the public ones', async (context) => {
  const port = await listenTls(context, serverOf(ownAuthority.issue([HOST], VALID_NOW)));
  const trusting = settle(context, { 'authorities.pem': ownAuthority.certificate });
  assert.equal((await look(port)).ok, false);
  assert.equal((await look(port, {}, trusting)).ok, true);
  const public_ = await listenTls(context, serverOf(own));
  assert.equal((await look(public_, {}, trusting)).ok, true);
});

test('tls: fails at once where there is no TLS, and in time where the handshake never ends', async (context) => {
  const plain = await listenTcp(context, (socket) => socket.end('220 mail.example.com ESMTP\r\n'));
  assert.equal((await look(plain)).reason, 'no TLS on this port');
  const silent = await listenTcp(context, () => undefined);
  assert.equal((await look(silent)).reason, 'timed out while shaking hands over TLS');
  const server = createPlainServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  assert.equal((await look(portOf(server))).ok, false);
});

test('what a monitor leaves out is verified, warned of in time, and fails once the certificate has ended', () => {
  const context = { report: assert.fail } as never;
  const parsed = parseTlsCheck({ id: 'x', type: 'tls' }, '', context);
  assert.deepEqual(parsed, {
    type: 'tls',
    port: 443,
    verifyCertificate: true,
    tls: { minVersion: '1.2', warnBeforeMs: 'auto', failBeforeMs: 0 },
  });
});
