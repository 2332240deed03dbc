// Zones that come from a hidden primary: BIND, changed by dynamic updates, one zone signed by itself; over real sockets, with TSIG.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { type BindPrimary, startHiddenPrimary, update } from '../support/bind-primary.ts';
import { waitUntil } from '../support/dns-ask.ts';
import { callApi } from '../support/fleet.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { requireProgram } from '../support/require-program.ts';
import {
  type Primary as Azimuth,
  KEY_ARGUMENT,
  KEY_NAME,
  say,
  startPrimary as startAzimuth,
} from '../support/secondaries.ts';
import { beginStory } from '../support/story.ts';

const skip =
  requireProgram('named', 'bind9') ??
  requireProgram('nsupdate', 'bind9-dnsutils') ??
  requireProgram('dig', 'bind9-dnsutils') ??
  requireProgram('delv', 'bind9-dnsutils') ??
  requireProgram('ldns-verify-zone', 'ldnsutils');
const PLAIN = 'plain.test';
const SIGNED = 'signed.test';
const SHORT = 'short.test';
const MIXED = 'mixed.test';
const LIMIT_MS = 20_000;
/** As short as may be, for its expiry is waited for. */
const EXPIRE_SECONDS = 12;

function zoneText(expire: number, more = ''): string {
  return `$TTL 300
@ SOA ns hostmaster 100 3600 10 ${expire} 60
@ NS ns
ns A 127.0.0.1
a A 192.0.2.1
*.wild TXT "w"
b.c MX 10 ns
child NS ns.child
ns.child A 192.0.2.4
${more}`;
}

const HOSTS = Array.from({ length: 3000 }, (_, index) => `host-${index} A 10.0.${index >> 8}.${index & 255}\n`).join(
  '',
);

describe('zones from a hidden primary', { skip: skip ?? false, timeout: 180_000 }, () => {
  const { step, reportFailure } = beginStory();
  let processes: Processes;
  let azimuth: Azimuth;
  let primary: BindPrimary;
  let port = 0;
  const zones = [
    { name: PLAIN, text: zoneText(86_400, HOSTS) },
    { name: SIGNED, text: zoneText(86_400), isSigned: true },
    { name: SHORT, text: zoneText(EXPIRE_SECONDS) },
    { name: MIXED, text: zoneText(86_400) },
  ];

  before(async () => {
    processes = await openProcesses();
    port = await findFreePort();
    const primaries = [{ address: '127.0.0.1', port, key: KEY_NAME }];
    const transfers = { allow: [{ key: KEY_NAME }] };
    azimuth = await startAzimuth(processes, {
      regions: [{ id: 'eu', location: { latitude: 53, longitude: -6 } }],
      zones: zones.map(({ name }) => ({ name, primaries, transfers })),
      clusters: [{ id: 'one', region: 'eu', endpoints: [{ id: 'a', address: '203.0.113.1' }] }],
      services: [{ name: 'www', zone: MIXED, clusters: ['one'] }],
    });
  });
  after(async () => {
    reportFailure(() => processes.report());
    await processes?.close();
  });

  const dig = (server: number, ...words: readonly string[]) =>
    say('dig', ['@127.0.0.1', '-p', String(server), '+tries=1', '+time=2', ...words]);
  const short = async (server: number, ...words: readonly string[]) => (await dig(server, '+short', ...words)).trim();
  const serialOf = async (server: number, zone: string) => Number((await short(server, zone, 'SOA')).split(' ')[2]);
  const hasSame = async (zone: string) => {
    const serial = await serialOf(port, zone);
    return serial > 0 && serial === (await serialOf(azimuth.port, zone));
  };
  const counted = async (outcome: string) => {
    const text = await (await fetch(`${azimuth.api.url}/metrics`)).text();
    return Number(new RegExp(`azimuth_copy_fetches_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };

  step('before anything was copied, queries get SERVFAIL that says why, and steered names their answers', async () => {
    const answer = await dig(azimuth.port, PLAIN, 'SOA');
    assert.match(answer, /status: SERVFAIL/);
    assert.match(answer, /EDE: 24 \(Invalid Data\)/);
    assert.equal(await short(azimuth.port, `www.${MIXED}`, 'A'), '203.0.113.1');
  });

  step('zones are copied once the primary is there, with its serials', async () => {
    primary = await startHiddenPrimary(processes, { port, notifyPort: azimuth.port, zones });
    await waitUntil(
      'all zones are there',
      async () => (await hasSame(PLAIN)) && (await hasSame(SIGNED)) && (await hasSame(SHORT)),
      LIMIT_MS,
    );
    await waitUntil(
      'the mixed zone is there',
      async () => (await short(azimuth.port, `a.${MIXED}`, 'A')) === '192.0.2.1',
      LIMIT_MS,
    );
    assert.equal(await short(azimuth.port, `host-2999.${PLAIN}`, 'A'), '10.0.11.183');
    assert.match(await dig(azimuth.port, `x.child.${PLAIN}`, 'A'), /child\.plain\.test\.\s+300\s+IN\s+NS/);
    assert.equal(await short(azimuth.port, `www.${MIXED}`, 'A'), '203.0.113.1');
  });

  step('a change is answered soon after the NOTIFY, and only what changed was fetched', async () => {
    const before = await counted('changes');
    const startMs = performance.now();
    const said = await update(
      port,
      [`update add new.${PLAIN} 60 TXT "fresh"`, `update delete a.${PLAIN} A`],
      primary.directory,
    );
    assert.equal(said.trim(), '');
    await waitUntil(
      'the change is answered',
      async () => (await short(azimuth.port, `new.${PLAIN}`, 'TXT')) === '"fresh"',
      LIMIT_MS,
    );
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs < 10_000, `it took ${tookMs} ms`);
    assert.match(await dig(azimuth.port, `a.${PLAIN}`, 'A'), /status: NXDOMAIN/);
    assert.ok(await hasSame(PLAIN));
    assert.ok((await counted('changes')) > before);
  });

  step('a zone that is copied can be copied on, with the differences between its own serials', async () => {
    const serial = await serialOf(azimuth.port, PLAIN);
    const whole = await dig(azimuth.port, '-y', KEY_ARGUMENT, PLAIN, 'AXFR');
    assert.match(whole, /^host-2999\.plain\.test\.\s+300\s+IN\s+A\s+10\.0\.11\.183$/m);
    await update(port, [`update add newer.${PLAIN} 60 A 192.0.2.77`], primary.directory);
    await waitUntil('the change is there', () => hasSame(PLAIN), LIMIT_MS);
    await waitUntil(
      'the difference is sent',
      async () => {
        const text = await dig(azimuth.port, '-y', KEY_ARGUMENT, PLAIN, `IXFR=${serial}`);
        return /newer\.plain\.test\.\s+60/.test(text) && !text.includes('host-2999') && text.includes(` ${serial} `);
      },
      LIMIT_MS,
    );
  });

  step('what the primary signed validates from here: answers, denials, and the zone as a whole', async () => {
    const isChained = async () => (await hasSame(SIGNED)) && (await short(azimuth.port, SIGNED, 'NSEC')) !== '';
    await waitUntil('it is signed', isChained, LIMIT_MS);
    const anchors = join(processes.makeDirectory('anchor'), 'anchor');
    const keys = (await short(port, SIGNED, 'DNSKEY')).split('\n').filter((line) => line.startsWith('257 '));
    const lines = keys.map((key) => {
      const [flags = '', protocol = '', algorithm = '', ...rest] = key.split(' ');
      return `  ${SIGNED}. static-key ${flags} ${protocol} ${algorithm} "${rest.join('')}";`;
    });
    writeFileSync(anchors, `trust-anchors {\n${lines.join('\n')}\n};\n`);
    const delv = (name: string, type: string) =>
      say('delv', ['@127.0.0.1', '-p', String(azimuth.port), '-a', anchors, `+root=${SIGNED}`, name, type]);
    for (const [name, type] of [
      [SIGNED, 'SOA'],
      [`a.${SIGNED}`, 'A'],
      [`x.wild.${SIGNED}`, 'TXT'],
      [`b.c.${SIGNED}`, 'MX'],
    ] as const) {
      assert.match(await delv(name, type), /^; fully validated/m, `${name} ${type}`);
    }
    for (const [name, type] of [
      [`no.${SIGNED}`, 'A'],
      [`a.${SIGNED}`, 'AAAA'],
      [`c.${SIGNED}`, 'A'],
      [`x.wild.${SIGNED}`, 'A'],
      [`child.${SIGNED}`, 'DS'],
    ] as const) {
      assert.match(await delv(name, type), /negative response, fully validated/, `${name} ${type}`);
    }
    const file = join(processes.makeDirectory('zone'), 'zone');
    const whole = await dig(
      azimuth.port,
      '-y',
      KEY_ARGUMENT,
      '+onesoa',
      '+nocomments',
      '+nocmd',
      '+nostats',
      SIGNED,
      'AXFR',
    );
    writeFileSync(file, whole.replaceAll(/^.*\sTSIG\s.*$/gm, ''));
    assert.match(await say('ldns-verify-zone', [file]), /Zone is verified and complete/);
  });

  step('the API says how fresh a copy is, and refuses to ask for a zone that has no primaries', async () => {
    const { status, body } = await callApi(azimuth.api, 'GET', `/v1/zones/${PLAIN}/copy`);
    assert.equal(status, 200);
    const { state, serial, primary: from, problem } = Object(body);
    assert.deepEqual(
      [state, serial, from, problem],
      ['current', await serialOf(port, PLAIN), `127.0.0.1 port ${port}`, undefined],
    );
    const file = await (await fetch(`${azimuth.api.url}/v1/zones/${MIXED}/records`)).status;
    assert.equal(file, 401);
    const records = await callApi(azimuth.api, 'GET', `/v1/zones/${MIXED}/records/a/A`);
    assert.deepEqual(Object(records.body)['data'], ['192.0.2.1']);
    const put = await callApi(
      azimuth.api,
      'PUT',
      `/v1/zones/${MIXED}/records/z/A`,
      { data: ['192.0.2.9'] },
      { 'if-none-match': '*' },
    );
    assert.equal(put.status, 422);
    assert.match(JSON.stringify(put.body), /copied from its primaries/);
  });

  step('a NOTIFY that is not signed with the key of the primary is refused', async () => {
    const text = await dig(azimuth.port, '+opcode=NOTIFY', PLAIN, 'SOA');
    assert.match(text, /status: REFUSED/);
  });

  step('without its primary a zone is served until it expires, and again once the primary is back', async () => {
    await primary.running.kill();
    assert.equal(await short(azimuth.port, `a.${SHORT}`, 'A'), '192.0.2.1');
    await waitUntil(
      'it has expired',
      async () => (await dig(azimuth.port, `a.${SHORT}`, 'A')).includes('SERVFAIL'),
      (2 * EXPIRE_SECONDS + 15) * 1000,
    );
    const { body } = await callApi(azimuth.api, 'GET', `/v1/zones/${SHORT}/copy`);
    assert.equal(Object(body)['state'], 'expired');
    assert.match(Object(body)['problem'], /127\.0\.0\.1 port \d+: /);
    // The others have days.
    assert.equal(await short(azimuth.port, `new.${PLAIN}`, 'TXT'), '"fresh"');
    await startHiddenPrimary(processes, { port, notifyPort: azimuth.port, zones, directory: primary.directory }, false);
    await waitUntil(
      'it is back',
      async () => (await short(azimuth.port, `a.${SHORT}`, 'A')) === '192.0.2.1',
      2 * LIMIT_MS,
    );
  });
});
