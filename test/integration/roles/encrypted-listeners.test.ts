// DNS over TLS and over HTTPS as a node serves them: from several threads, with a certificate that is renewed meanwhile, and
// to the clients that people use.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { PLAIN_CONDUCT } from '../../../src/answer/conduct.ts';
import { parseSettings } from '../../../src/model/settings.ts';
import { AnswerThreads } from '../../../src/roles/answer-threads.ts';
import { CounterTotals } from '../../../src/roles/counter-totals.ts';
import { runNode } from '../../../src/roles/run-node.ts';
import { TICKET_KEYS_BYTES } from '../../../src/transport/certificate.ts';
import { decodeAnswer, encodeQuery, withLength } from '../../support/dns-client.ts';
import { dnsSettings } from '../../support/dns-settings.ts';
import { askHttp2, connectHttp2 } from '../../support/https-client.ts';
import { makeAuthority } from '../../support/make-certificate.ts';
import { missingTools } from '../../support/missing-tools.ts';
import { findProgram } from '../../support/require-program.ts';
import { RFC_FIXTURE } from '../../support/rfc-zone.ts';
import { connectTls, makeCertificate } from '../../support/tls-client.ts';
import { DOCUMENT, openDirectory, recordLog, waitUntil } from '../../unit/roles/fixture.ts';

const QUERY = encodeQuery({ name: 'mail.example.com.' });
const SECURE = {
  tls: { listen: ['127.0.0.1:0'], certificate: 'unused', key: 'unused', maxHandshakesPerSecond: 10_000 },
  https: { listen: ['127.0.0.1:0'] },
};

async function open(context: TestContext, certificate = makeCertificate(), count = 2) {
  const log = recordLog();
  const threads = new AnswerThreads(
    { ...dnsSettings(SECURE), conduct: PLAIN_CONDUCT, transport: 'dgram', threads: count },
    { logger: log.logger, totals: new CounterTotals() },
  );
  context.after(() => threads.close());
  threads.setCertificate(certificate);
  await threads.serve(RFC_FIXTURE.serving);
  const portOf = (wanted: string) => threads.addresses.find(({ protocol }) => protocol === wanted)?.port ?? 0;
  return { threads, log, portOf };
}

async function askTls(port: number, ca: string, session?: Buffer) {
  const client = await connectTls(port, { ca, ...(session === undefined ? {} : { session }) });
  client.send(withLength(QUERY));
  const [answer] = await client.receive(1);
  const isResumed = client.tls.isSessionReused();
  client.close();
  return { answers: decodeAnswer(answer ?? new Uint8Array()).answers.length, isResumed, session: client.tickets[0] };
}

describe('TLS and HTTPS on several threads', () => {
  test('are on one port each, and a session goes on in whichever thread has the next connection', async (context) => {
    const certificate = makeCertificate();
    const { threads, portOf } = await open(context, certificate, 3);
    assert.deepEqual(
      threads.addresses.map(({ protocol }) => protocol),
      ['udp', 'tcp', 'tls', 'https'],
    );
    let session: Buffer | undefined;
    for (let turn = 0; turn < 12; turn++) {
      const asked = await askTls(portOf('tls'), certificate.chain, session);
      assert.deepEqual([asked.answers, asked.isResumed], [1, turn > 0]);
      // A session that was resumed has a ticket already.
      session ??= asked.session;
    }
    const http = await connectHttp2(portOf('https'), certificate.chain);
    const target = `/dns-query?dns=${Buffer.from(QUERY).toString('base64url')}`;
    assert.equal((await askHttp2(http, { path: target })).status, 200);
    http.close();
  });

  test('a certificate that is renewed over and over under load costs no connection and no answer', async (context) => {
    const authority = makeAuthority('test');
    const issue = () => {
      const { certificate, key } = authority.issue(['localhost']);
      return { chain: certificate, key, ticketKeys: randomBytes(TICKET_KEYS_BYTES) };
    };
    const { threads, portOf } = await open(context, issue());
    const renewals = Array.from({ length: 5 }, issue);
    const known = authority.certificate;
    const lasting = await connectTls(portOf('tls'), { ca: known });
    let isOver = false;
    let asked = 0;
    const client = async () => {
      for (; !isOver; asked++) assert.equal((await askTls(portOf('tls'), known)).answers, 1);
    };
    const clients = [client(), client(), client()];
    for (const [turn, certificate] of renewals.entries()) {
      threads.setCertificate(certificate);
      await new Promise((resolve) => setTimeout(resolve, 100));
      lasting.send(withLength(QUERY));
      await lasting.receive(turn + 1);
    }
    isOver = true;
    await Promise.all(clients);
    assert.ok(asked > 5, `${asked} connections`);
    const late = await connectTls(portOf('tls'), { ca: known });
    const shown = late.tls.getPeerX509Certificate()?.toString();
    assert.equal(shown?.trim(), renewals.at(-1)?.chain.trim());
    late.close();
    lasting.close();
  });

  test('connections that are open are counted over all threads', async (context) => {
    const certificate = makeCertificate();
    const { threads, portOf } = await open(context, certificate);
    const clients = await Promise.all(
      Array.from({ length: 8 }, () => connectTls(portOf('tls'), { ca: certificate.chain })),
    );
    for (const client of clients) client.send(withLength(QUERY));
    for (const client of clients) await client.receive(1);
    const openTls = () => threads.readOpenConnections().find(([protocol]) => protocol === 'tls')?.[1];
    assert.equal(openTls(), 8);
    for (const client of clients) client.close();
    await waitUntil(() => openTls() === 0);
  });
});

describe('a node with TLS', () => {
  function start(directory: string, dns: Readonly<Record<string, unknown>>) {
    const settings = parseSettings({
      dns: { listen: ['127.0.0.1:0'], threads: 1, ...dns },
      api: { listen: '127.0.0.1:0' },
      stateDirectory: directory,
      geo: { directory, bundled: false },
    });
    if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
    const initial = { document: DOCUMENT as unknown, describe: () => [] };
    const roles = new Set(['dns', 'api'] as const);
    return runNode({ settings: settings.value, roles, version: '0.0.0', initial }, recordLog().logger);
  }

  function write(directory: string) {
    const certificate = makeCertificate();
    const files = { certificate: join(directory, 'tls.pem'), key: join(directory, 'tls.key') };
    writeFileSync(files.certificate, certificate.chain);
    writeFileSync(files.key, certificate.key);
    return files;
  }

  test('does not start without a certificate that it can serve, nor where another process listens; it says which setting', async (context) => {
    const directory = await openDirectory(context);
    const files = write(directory);
    const listen = ['127.0.0.1:0'];
    await assert.rejects(
      start(directory, { tls: { listen, ...files, key: files.certificate } }),
      /cannot serve TLS: .*tls\.pem.*dns\.tls\.certificate/,
    );
    const { threads } = await open(context, makeCertificate(), 1);
    const taken = threads.addresses.find(({ protocol }) => protocol === 'tls')?.port;
    await assert.rejects(
      start(directory, { tls: { listen: [`127.0.0.1:${taken}`], ...files } }),
      /cannot listen on tls 127\.0\.0\.1 port \d+ \(EADDRINUSE\).*dns\.tls\.listen \(AZIMUTH_DNS_TLS_LISTEN\)/,
    );
    await assert.rejects(
      start(directory, { tls: files, https: { listen: [`127.0.0.1:${taken}`] } }),
      /cannot listen on https .*dns\.https\.listen \(AZIMUTH_DNS_HTTPS_LISTEN\)/,
    );
  });

  test('is understood by kdig, and seen in the metrics', {
    skip: missingTools('kdig'),
  }, async (context) => {
    const directory = await openDirectory(context);
    const files = write(directory);
    const listen = ['127.0.0.1:0'];
    const node = await start(directory, { tls: { listen, ...files }, https: { listen } });
    context.after(() => node.close());
    await node.listening;
    const portOf = (wanted: string) => node.dnsAddresses.find(({ protocol }) => protocol === wanted)?.port ?? 0;
    const trust = [`+tls-ca=${files.certificate}`, '+tls-hostname=localhost'];
    for (const [protocol, ...flags] of [
      ['tls', '+tls'],
      ['https', '+https'],
      ['https', '+https', '+https-get'],
    ] as const) {
      const args = ['@127.0.0.1', '-p', String(portOf(protocol)), ...flags, ...trust, 'www.gtm.example.com', 'A'];
      const { stdout } = await promisify(execFile)(findProgram('kdig') ?? 'kdig', args, { timeout: 10_000 });
      assert.match(stdout, /status: NOERROR/);
      assert.match(stdout, /www\.gtm\.example\.com\.\s+\d+\s+IN\s+A\s/);
    }
    const metrics = await (await fetch(`${node.api?.url}/metrics`)).text();
    assert.match(metrics, /azimuth_dns_requests_total\{zone="gtm\.example\.com",proto="tls",family="4",type="A"\} 1/);
    assert.match(metrics, /azimuth_dns_requests_total\{zone="gtm\.example\.com",proto="https",family="4",type="A"\} 2/);
    assert.match(metrics, /azimuth_dns_connections_total\{proto="https",event="accepted"\} 2/);
    assert.match(metrics, /azimuth_dns_certificate_expiry_timestamp_seconds 1\d{9}/);
  });
});
