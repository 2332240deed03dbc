import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { CertificateWatch } from '../../../src/roles/certificate-watch.ts';
import type { Certificate } from '../../../src/transport/certificate.ts';
import { EXPIRED, makeAuthority, makeSelfSigned, type TestCertificate } from '../../support/make-certificate.ts';
import { pause, recordLog, waitUntil } from './fixture.ts';

function openWatch(context: TestContext, first: TestCertificate, ticketLifetimeMs = 60_000) {
  const directory = mkdtempSync(join(tmpdir(), 'azimuth-certificate-'));
  const [certificate, key] = [join(directory, 'tls.pem'), join(directory, 'tls.key')];
  const write = (pair: TestCertificate) => {
    writeFileSync(certificate, pair.certificate);
    writeFileSync(key, pair.key);
  };
  context.after(() => rmSync(directory, { recursive: true }));
  write(first);
  const log = recordLog();
  const changes: Certificate[] = [];
  const open = () => {
    const watch = new CertificateWatch(
      { certificate, key, reloadIntervalMs: 20, ticketLifetimeMs },
      log.logger,
      (changed) => void changes.push(changed),
    );
    context.after(() => watch.close());
    return watch;
  };
  return { directory, certificate, key, write, log, changes, open };
}

const FIRST = makeSelfSigned(['localhost']);
const SECOND = makeSelfSigned(['localhost']);

describe('the certificate of TLS', () => {
  test('is handed over when both of its files have changed, whichever was written first', async (context) => {
    const { open, write, changes, certificate, key } = openWatch(context, FIRST);
    const watch = open();
    assert.equal(watch.certificate.chain, FIRST.certificate);
    write(SECOND);
    await waitUntil(() => changes.length === 1);
    assert.deepEqual([changes[0]?.chain, changes[0]?.key], [SECOND.certificate, SECOND.key]);
    writeFileSync(key, FIRST.key);
    writeFileSync(certificate, FIRST.certificate);
    await waitUntil(() => changes.length === 2);
    assert.equal(watch.certificate.chain, FIRST.certificate);
    assert.deepEqual(watch.reads, { loaded: 3, refused: 0 });
    assert.deepEqual(changes[1]?.ticketKeys, watch.certificate.ticketKeys);
  });

  test('is followed through links, as those who renew it replace them', async (context) => {
    const { open, directory, certificate, changes } = openWatch(context, FIRST);
    const [live, next] = [join(directory, 'live.pem'), join(directory, 'next.pem')];
    renameSync(certificate, live);
    symlinkSync(live, certificate);
    open();
    // A certificate that is renewed with the same key.
    const authority = makeAuthority('test');
    writeFileSync(next, `${FIRST.certificate}${authority.certificate}`);
    rmSync(certificate);
    symlinkSync(next, certificate);
    await waitUntil(() => changes.length === 1);
    assert.ok(changes[0]?.chain.includes(authority.certificate));
  });

  test('is read again when the rights of a file change: what could not be read may be readable now', async (context) => {
    const { open, key } = openWatch(context, FIRST);
    const watch = open();
    chmodSync(key, 0o640);
    await waitUntil(() => watch.reads.loaded === 2);
  });

  const faults: readonly [string, (files: ReturnType<typeof openWatch>) => void, RegExp][] = [
    [
      'a key of another certificate',
      ({ key }) => writeFileSync(key, SECOND.key),
      /tls\.key is not the key of .*tls\.pem/,
    ],
    ['no PEM', ({ certificate }) => writeFileSync(certificate, 'certificate'), /tls\.pem: /],
    ['a file that is gone', ({ key }) => rmSync(key), /ENOENT.*tls\.key/],
    [
      'a file that is too long',
      ({ certificate }) => writeFileSync(certificate, ' '.repeat(2_000_000)),
      /2000000 bytes/,
    ],
  ];
  for (const [title, spoil, reason] of faults) {
    test(`stays in force when the new one is ${title}, and is said once to do so`, async (context) => {
      const files = openWatch(context, FIRST);
      const watch = files.open();
      spoil(files);
      await waitUntil(() => watch.reads.refused === 1);
      await pause(100);
      assert.equal(watch.reads.refused, 1);
      assert.equal(files.log.count('the new TLS certificate cannot be served'), 1);
      assert.match(JSON.stringify(files.log.lines), reason);
      assert.equal(watch.certificate.chain, FIRST.certificate);
      assert.deepEqual(files.changes, []);
      files.write(SECOND);
      await waitUntil(() => files.changes.length === 1);
    });

    test(`cannot be served from the start when it is ${title}, and the error says what to correct`, (context) => {
      const files = openWatch(context, FIRST);
      spoil(files);
      assert.throws(
        files.open,
        (error: Error) => reason.test(error.message) && /dns\.tls\.certificate/.test(error.message),
      );
    });
  }

  test('is warned of before it ends, and reported when it has', (context) => {
    const authority = makeAuthority('test');
    const soon = { from: new Date(), to: new Date(Date.now() + 3 * 86_400_000) };
    for (const [validity, message] of [
      [soon, 'expires soon'],
      [EXPIRED, 'has expired'],
    ] as const) {
      const { open, log } = openWatch(context, authority.issue(['localhost'], validity));
      const watch = open();
      assert.equal(log.count(message), 1);
      assert.equal(Math.floor(watch.expiresMs / 1000), Math.floor(validity.to.getTime() / 1000));
    }
  });

  test('is joined by another key for session tickets from time to time', async (context) => {
    const { open, changes } = openWatch(context, FIRST, 50);
    const first = open().certificate.ticketKeys;
    await waitUntil(() => changes.length >= 1);
    assert.notDeepEqual(changes[0]?.ticketKeys, first);
    assert.equal(changes[0]?.chain, FIRST.certificate);
  });
});
