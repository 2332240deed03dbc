// Zones copied by those who copy zones: dig and kdig, BIND and Knot as secondaries, signed with TSIG, over real sockets.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { waitUntil } from '../support/dns-ask.ts';
import { callApi } from '../support/fleet.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { requireProgram } from '../support/require-program.ts';
import {
  KEY_ARGUMENT,
  KEY_NAME,
  KEY_TEXT,
  type Primary,
  type Secondary,
  say,
  startBind,
  startKnot,
  startPrimary,
} from '../support/secondaries.ts';
import { beginStory } from '../support/story.ts';

const skip =
  requireProgram('named', 'bind9') ??
  requireProgram('named-compilezone', 'bind9-utils') ??
  requireProgram('dnssec-verify', 'bind9-utils') ??
  requireProgram('ldns-verify-zone', 'ldnsutils') ??
  requireProgram('dig', 'bind9-dnsutils') ??
  requireProgram('kdig', 'knot-dnsutils') ??
  requireProgram('knotd', 'knot');
const ZONE = 'copy.test';
const SIGNED_ZONE = 'signed.test';
const LIMIT_MS = 15_000;
const QUIET = ['+nocomments', '+nocmd', '+nostats', '+noquestion'];

function composeConfiguration(notify: readonly object[]) {
  const hosts = Array.from({ length: 2000 }, (_, index) => ({
    name: `host-${index}`,
    type: 'A',
    data: [`10.0.${index >> 8}.${index & 255}`],
  }));
  return {
    regions: [{ id: 'eu', location: { latitude: 53, longitude: -6 } }],
    zones: [
      {
        name: ZONE,
        soa: { refresh: 3600, retry: 600, expire: 86_400 },
        ns: [`ns.${ZONE}`],
        transfers: { allow: [{ key: KEY_NAME }], notify },
        records: [
          { name: 'ns', type: 'A', data: ['127.0.0.1'] },
          { name: '@', type: 'MX', data: ['10 mail', '20 mail.elsewhere.test.'] },
          { name: 'mail', type: 'AAAA', data: ['2001:db8::1'] },
          { name: '*.wild', type: 'TXT', data: ['"a b" "c;d\\"e"'] },
          { name: 'child', type: 'NS', data: ['ns.child'] },
          { name: 'ns.child', type: 'A', data: ['192.0.2.4'] },
          { name: 'svc', type: 'HTTPS', data: ['1 . alpn=h2 ipv4hint=192.0.2.9'] },
          { name: '_x._tcp', type: 'SRV', data: ['1 2 3 mail'] },
          { name: 'odd\\.label', type: 'TYPE65280', data: ['\\# 3 0a0b0c'] },
          ...hosts,
        ],
      },
      {
        name: SIGNED_ZONE,
        ns: [`ns.${SIGNED_ZONE}`],
        dnssec: { enabled: true },
        transfers: { allow: [{ key: KEY_NAME }] },
        records: [
          { name: 'ns', type: 'A', data: ['127.0.0.1'] },
          { name: '*.wild', type: 'TXT', data: ['"w"'] },
          { name: 'child', type: 'NS', data: ['ns.child'] },
          { name: 'ns.child', type: 'A', data: ['192.0.2.4'] },
          { name: 'a.b.c', type: 'MX', data: ['10 ns'] },
        ],
      },
    ],
    clusters: [
      {
        id: 'one',
        region: 'eu',
        endpoints: [
          { id: 'a', address: '203.0.113.1' },
          { id: 'b', address: '2001:db8::2' },
        ],
      },
    ],
    services: [ZONE, SIGNED_ZONE].map((zone) => ({ name: 'www', zone, clusters: ['one'], ttl: { min: 7, max: 60 } })),
  };
}

describe('transfers to other servers', { skip: skip ?? false, timeout: 120_000 }, () => {
  const { step, reportFailure } = beginStory();
  let processes: Processes;
  let primary: Primary;
  let directory = '';
  let bind: Secondary;
  let knot: Secondary;
  let [bindPort, knotPort] = [0, 0];

  before(async () => {
    processes = await openProcesses();
    directory = processes.makeDirectory('work');
    [bindPort, knotPort] = [await findFreePort(), await findFreePort()];
    const notify = [bindPort, knotPort].map((port) => ({ address: '127.0.0.1', port, key: KEY_NAME }));
    primary = await startPrimary(processes, composeConfiguration(notify));
  });
  after(async () => {
    reportFailure(() => processes.report());
    await processes?.close();
  });

  const axfr = (program: string, ...more: readonly string[]) =>
    say(program, ['@127.0.0.1', '-p', String(primary.port), '-y', KEY_ARGUMENT, ZONE, 'AXFR', ...more]);

  const metrics = async () => await (await fetch(`${primary.api.url}/metrics`)).text();
  const transfersOf = async (outcome: string) =>
    Number(new RegExp(`azimuth_dns_transfers_total\\{outcome="${outcome}"\\} (\\d+)`).exec(await metrics())?.[1] ?? 0);
  const soaSerial = async (port: number) =>
    Number(
      (await say('dig', ['@127.0.0.1', '-p', String(port), '+short', '+tries=1', '+time=1', ZONE, 'SOA'])).split(
        ' ',
      )[2],
    );
  const isCurrent = async (port: number) => (await soaSerial(port)) === (await soaSerial(primary.port));
  const putRecord = async (path: string, body: unknown) => {
    const reply = await callApi(primary.api, 'PUT', `/v1/zones/${ZONE}/records/${path}`, body, { 'if-match': '*' });
    const isNew = reply.status === 412;
    const again = isNew
      ? await callApi(primary.api, 'PUT', `/v1/zones/${ZONE}/records/${path}`, body, { 'if-none-match': '*' })
      : reply;
    assert.ok(again.status < 300, JSON.stringify(again.body));
  };

  step('dig and kdig copy the zone, and find every signature right', async () => {
    for (const program of ['dig', 'kdig']) {
      const text = await axfr(program);
      assert.match(text, /^host-1999\.copy\.test\.\s+3600\s+IN\s+A\s+10\.0\.7\.207$/m);
      assert.match(text, /^www\.copy\.test\.\s+7\s+IN\s+A\s+203\.0\.113\.1$/m);
      assert.equal(/failed|WARNING|BADSIG|couldn't verify/.exec(text)?.[0], undefined, text.slice(-500));
      assert.equal(text.match(/\sIN\s+SOA\s/g)?.length, 2);
    }
  });

  step('kdig copies the zone over TLS', async () => {
    const text = await say('kdig', [
      '@127.0.0.1',
      '-p',
      String(primary.tlsPort),
      '+tls',
      '-y',
      KEY_ARGUMENT,
      ZONE,
      'AXFR',
    ]);
    assert.match(text, /^host-1999\.copy\.test\.\s+3600\s+IN\s+A\s+10\.0\.7\.207$/m);
    assert.equal(text.match(/\sIN\s+SOA\s/g)?.length, 2);
    assert.equal(/failed|WARNING|BADSIG/.exec(text)?.[0], undefined, text.slice(-500));
  });

  step('without the key, or with another secret, they get nothing', async () => {
    const unsigned = await say('dig', ['@127.0.0.1', '-p', String(primary.port), ZONE, 'AXFR']);
    assert.match(unsigned, /Transfer failed/);
    const wrong = `hmac-sha256:${KEY_NAME}:${Buffer.alloc(32).toString('base64')}`;
    const forged = await say('dig', ['@127.0.0.1', '-p', String(primary.port), '-y', wrong, ZONE, 'SOA']);
    assert.match(forged, /status: NOTAUTH/);
    assert.match(forged, /BADSIG/);
  });

  step('a signed query over UDP is answered, and dig and kdig accept the signature', async () => {
    for (const program of ['dig', 'kdig']) {
      const text = await say(program, [
        '@127.0.0.1',
        '-p',
        String(primary.port),
        '-y',
        KEY_ARGUMENT,
        `mail.${ZONE}`,
        'AAAA',
      ]);
      assert.match(text, /2001:db8::1/);
      assert.match(text, /NOERROR/);
      assert.doesNotMatch(text, /couldn't verify|TSIG error|BADSIG/i, text);
    }
  });

  step('named-compilezone takes what was copied, and it is what the API exports', async () => {
    const file = join(directory, 'copied');
    const lines = (await axfr('dig', ...QUIET)).split('\n');
    // dig shows the SOA at the end again; and the signature of each message.
    const zone = lines.filter((line) => !line.startsWith(';') && !line.includes('TSIG'));
    writeFileSync(file, zone.filter((line, index) => index === 0 || !/\sSOA\s/.test(line)).join('\n'));
    const exported = join(directory, 'exported');
    const reply = await callApi(primary.api, 'GET', `/v1/zones/${ZONE}/file`);
    writeFileSync(exported, String(reply.body));
    const compile = async (from: string) => {
      const said = await say('named-compilezone', ['-q', '-i', 'none', '-s', 'full', '-o', `${from}.out`, ZONE, from]);
      assert.equal(said, '');
      return (await say('cat', [`${from}.out`])).split('\n').filter((line) => !line.startsWith(`www.${ZONE}.`));
    };
    assert.deepEqual(await compile(file), await compile(exported));
  });

  step('BIND and Knot copy the zone when they start', async () => {
    bind = await startBind(processes, bindPort, primary.port, [ZONE]);
    knot = await startKnot(processes, knotPort, primary.port, [ZONE]);
    for (const { port } of [bind, knot]) {
      await waitUntil('the secondary answers', () => isCurrent(port), LIMIT_MS, 100);
    }
  });

  step('both are told of a change, and fetch what is different alone', async () => {
    const before = await transfersOf('ixfr');
    await putRecord('mail/AAAA', { ttl: 60, data: ['2001:db8::99'] });
    await callApi(primary.api, 'DELETE', `/v1/zones/${ZONE}/records/host-7/A`, undefined, { 'if-match': '*' });
    await putRecord('new.name/TXT', { ttl: 60, data: ['"n"'] });
    const own = ['@127.0.0.1', '-p', String(primary.port), '+short', `new.name.${ZONE}`, 'TXT'];
    await waitUntil('we answer so ourselves', async () => (await say('dig', own)).trim() === '"n"', LIMIT_MS, 50);
    for (const { port } of [bind, knot]) {
      await waitUntil('the secondary has the change', () => isCurrent(port), LIMIT_MS, 50);
      const at = ['@127.0.0.1', '-p', String(port), '+short'];
      assert.equal((await say('dig', [...at, `mail.${ZONE}`, 'AAAA'])).trim(), '2001:db8::99');
      assert.equal((await say('dig', [...at, `host-7.${ZONE}`, 'A'])).trim(), '');
      assert.equal((await say('dig', [...at, `new.name.${ZONE}`, 'TXT'])).trim(), '"n"');
    }
    assert.ok((await transfersOf('ixfr')) >= before + 2);
    assert.match(bind.running.output(), /received notify for zone/);
    await waitUntil(
      'both have answered',
      async () => /^azimuth_notify_pending 0$/m.test(await metrics()),
      LIMIT_MS,
      100,
    );
    assert.match(await metrics(), /^azimuth_notify_total\{outcome="acknowledged"\} [1-9]/m);
  });

  step('what they have then is what Azimuth has, record for record', async () => {
    const sorted = async (port: number) => {
      const text = await say('dig', ['@127.0.0.1', '-p', String(port), '-y', KEY_ARGUMENT, ...QUIET, ZONE, 'AXFR']);
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith(';') && !line.includes('TSIG'));
      return [...new Set(lines.map((line) => line.replaceAll(/\s+/g, ' ')))].toSorted();
    };
    const ours = await sorted(primary.port);
    assert.ok(ours.length > 2000);
    assert.deepEqual(await sorted(bind.port), ours);
  });

  step('a secondary that was away fetches the difference over several changes', async () => {
    const isDifference =
      /transfer of 'copy\.test\/IN' from 127\.0\.0\.1#\d+: Transfer completed: 1 messages, \d{1,2} records/;
    for (let tries = 1; ; tries++) {
      await bind.running.stop();
      await putRecord('mail/AAAA', { ttl: 60, data: [`2001:db8::${tries}`] });
      await putRecord('other/TXT', { ttl: 60, data: [`"${tries}"`] });
      bind = await startBind(processes, bindPort, primary.port, [ZONE]);
      await waitUntil('the secondary has the change', () => isCurrent(bind.port), LIMIT_MS, 100);
      if (isDifference.test(bind.running.output())) break;
      // A notice that comes before it has read its own file makes it ask for the whole zone.
      assert.match(bind.running.output(), /notify from 127\.0\.0\.1#\d+: no serial/);
      assert.ok(tries < 5, bind.running.output());
    }
  });

  step('the signatures that come with the keys of a new file are taken at once', async () => {
    const other = `hmac-sha512:other:${Buffer.alloc(64, 'x').toString('base64')}`;
    const query = ['@127.0.0.1', '-p', String(primary.port), '-y', other, ZONE, 'SOA'];
    assert.match(await say('dig', query), /BADKEY/);
    const text = `${KEY_TEXT}key other { algorithm hmac-sha512; secret "${Buffer.alloc(64, 'x').toString('base64')}"; };\n`;
    writeFileSync(primary.keyFile, text);
    await waitUntil('the key is known', async () => /NOERROR/.test(await say('dig', query)), LIMIT_MS, 200);
    assert.doesNotMatch(primary.running.output(), /YXppbXV0aC10/);
  });

  step('a signed zone is copied with every signature, those of its SOA and of steered names among them', async () => {
    const query = ['@127.0.0.1', '-p', String(primary.port), '-y', KEY_ARGUMENT, ...QUIET];
    const text = await say('dig', [...query, SIGNED_ZONE, 'AXFR']);
    const lines = text.split('\n').filter((line) => !line.startsWith(';') && !line.includes('TSIG'));
    const file = join(directory, 'signed');
    writeFileSync(file, lines.filter((line, index) => index === 0 || !/\sIN\s+SOA\s/.test(line)).join('\n'));
    for (const type of ['SOA', 'A', 'AAAA', 'NSEC', 'DNSKEY']) assert.match(text, new RegExp(`RRSIG\\s+${type} 13`));
    const verdict = await say('dnssec-verify', ['-z', '-o', SIGNED_ZONE, file]);
    assert.match(verdict, /Zone fully signed/);
    assert.match(await say('ldns-verify-zone', [file]), /Zone is verified and complete/);
    const again = await say('dig', [...query, SIGNED_ZONE, 'IXFR=1']);
    assert.match(again, /RRSIG\s+NSEC/);
  });
});
