// Zones fetched from those who serve them: BIND, Knot, NSD, and Azimuth itself, signed with TSIG, over real sockets.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { type FetchOutcome, fetchZone } from '../../src/replication/fetch-zone.ts';
import { waitUntil } from '../support/dns-ask.ts';
import { encodeName } from '../support/dns-client.ts';
import { callApi } from '../support/fleet.ts';
import { readTransferKey, startBindPrimary, startKnotPrimary, startNsdPrimary } from '../support/primaries.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { requireProgram } from '../support/require-program.ts';
import { KEY_NAME, startPrimary } from '../support/secondaries.ts';
import { beginStory } from '../support/story.ts';
import { describeRecord } from '../support/zone-answers.ts';

const skip = requireProgram('named', 'bind9') ?? requireProgram('knotd', 'knot') ?? requireProgram('nsd', 'nsd');
const ZONE = 'copy.test';
const HOSTS = 3000;
const LIMIT_MS = 15_000;

/** A version of the zone as a master file, and the records that it has, in words. */
function composeVersion(serial: number) {
  const hosts = Array.from({ length: HOSTS }, (_, index) => `host-${index} A 10.0.${index >> 8}.${index & 255}`);
  const lines = [
    `@ SOA ns hostmaster ${serial} 3600 600 86400 60`,
    '@ NS ns',
    '@ MX 10 mail',
    'ns A 127.0.0.1',
    `mail AAAA 2001:db8::${serial}`,
    '*.wild TXT "a b" "c;d"',
    'child NS ns.child',
    'ns.child A 192.0.2.4',
    'svc HTTPS 1 . alpn=h2',
    'odd\\.label TYPE65280 \\# 3 0a0b0c',
    `version-${serial} TXT "x"`,
    ...hosts.slice(serial),
  ];
  return { text: `$ORIGIN ${ZONE}.\n$TTL 300\n${lines.join('\n')}\n`, count: lines.length };
}

describe('zones fetched from other servers', { skip: skip ?? false, timeout: 120_000 }, () => {
  const { step, reportFailure } = beginStory();
  let processes: Processes;
  const key = readTransferKey();
  before(async () => {
    processes = await openProcesses();
  });
  after(async () => {
    reportFailure(() => processes.report());
    await processes?.close();
  });

  const fetch = (port: number, heldSerial?: number, tsigKey: typeof key | undefined = key) =>
    fetchZone({
      zone: encodeName(`${ZONE}.`),
      primary: { address: '127.0.0.1', port },
      tsigKey,
      heldSerial,
      signal: new AbortController().signal,
    });
  const fetchWhole = async (port: number) => describeWhole(await fetch(port));

  const PRIMARIES = { BIND: startBindPrimary, Knot: startKnotPrimary, NSD: startNsdPrimary };
  for (const [name, start] of Object.entries(PRIMARIES)) {
    step(`${name}: the whole zone, then what changed, which makes the one zone of the other`, async (say) => {
      const [first, second, third] = [composeVersion(1), composeVersion(2), composeVersion(3)];
      const { port, change } = await start(processes, { zone: ZONE, text: first.text });
      const begun = performance.now();
      const before = await fetchWhole(port);
      say(`${before.size} records in ${(performance.now() - begun).toFixed(0)} ms`);
      assert.equal(before.size, first.count);
      for (const record of [
        'mail.copy.test 300 AAAA 2001:db8::1',
        'copy.test 300 MX 10 mail.copy.test.',
        '*.wild.copy.test 300 TXT "a b" "c;d"',
        'odd\\.label.copy.test 300 TYPE65280 \\# 3 0a0b0c',
        'ns.child.copy.test 300 A 192.0.2.4',
      ]) {
        assert.ok(before.has(record), record);
      }
      assert.deepEqual(await fetch(port, 1), { status: 'current' });
      assert.deepEqual(await fetch(port, 2), { status: 'behind', serial: 1 });

      for (const [serial, { text }] of [
        [2, second],
        [3, third],
      ] as const) {
        change(text);
        const has = async () => (await fetch(port, serial)).status === 'current';
        await waitUntil(`${name} has the serial ${serial}`, has, LIMIT_MS, 100);
      }
      const outcome = await fetch(port, 1);
      assert.ok(outcome.status === 'changes', JSON.stringify(outcome).slice(0, 200));
      assert.deepEqual(
        outcome.changes.map(({ fromSerial, toSerial }) => [fromSerial, toSerial]),
        [
          [1, 2],
          [2, 3],
        ],
      );
      const whole = await fetchWhole(port);
      assert.equal(whole.size, third.count);
      assert.deepEqual(applyChanges(before, outcome).toSorted(), [...whole].toSorted());
      // Of a version that it never had.
      assert.equal((await fetch(port, 0xffff_fff0)).status, 'whole');
    });

    step(`${name}: what is wrong with the key, or without one`, async () => {
      const { port } = await start(processes, { zone: ZONE, text: composeVersion(1).text });
      const reasonOf = async (tsigKey: typeof key | undefined) => {
        const outcome = await fetchZone({
          zone: encodeName(`${ZONE}.`),
          primary: { address: '127.0.0.1', port },
          tsigKey,
          heldSerial: undefined,
          signal: new AbortController().signal,
        });
        return outcome.status === 'failed' ? outcome.reason : outcome.status;
      };
      assert.match(await reasonOf({ ...key, secret: new Uint8Array(32) }), /\(BADSIG\)$/);
      assert.match(await reasonOf({ ...key, name: encodeName('unknown.') }), /\(BADKEY\)$/);
      assert.match(await reasonOf(undefined), /^the primary answers (?:REFUSED|NOTAUTH) to a query for AXFR$/);
    });
  }

  step('Azimuth: the whole zone, then what changed', async () => {
    const primary = await startPrimary(processes, {
      regions: [{ id: 'eu', location: { latitude: 53, longitude: -6 } }],
      zones: [
        {
          name: ZONE,
          ns: ['ns.elsewhere.test'],
          transfers: { allow: [{ key: KEY_NAME }] },
          records: Array.from({ length: 2000 }, (_, index) => ({ name: `h-${index}`, type: 'A', data: ['192.0.2.1'] })),
        },
      ],
    });
    const first = await fetch(primary.port);
    const before = describeWhole(first);
    assert.ok(first.status === 'whole' && before.size > 2000);
    const body = { type: 'TXT', ttl: 60, data: ['"n"'] };
    await callApi(primary.api, 'PUT', `/v1/zones/${ZONE}/records/new/TXT`, body, { 'if-none-match': '*' });
    const { serial } = first;
    const isNewer = async () => (await fetch(primary.port, serial)).status !== 'current';
    await waitUntil('it has the change', isNewer, LIMIT_MS, 100);
    const outcome = await fetch(primary.port, serial);
    assert.equal(outcome.status, 'changes');
    assert.deepEqual(applyChanges(before, outcome).toSorted(), [...(await fetchWhole(primary.port))].toSorted());
  });
});

function describeWhole(outcome: FetchOutcome): ReadonlySet<string> {
  assert.ok(outcome.status === 'whole', JSON.stringify(outcome).slice(0, 200));
  return new Set(outcome.records.map(describeRecord));
}

/** Every deletion is of what is there. NSD 4.6 adds sets of the apex that are there already, and have not changed. */
function applyChanges(before: ReadonlySet<string>, outcome: FetchOutcome): readonly string[] {
  assert.ok(outcome.status === 'changes');
  const records = new Set(before);
  for (const { deletions, additions, soaAfter } of outcome.changes) {
    for (const record of records) if (record.includes(' SOA ')) records.delete(record);
    for (const record of deletions.map(describeRecord)) assert.ok(records.delete(record), record);
    for (const record of additions.map(describeRecord)) records.add(record);
    records.add(describeRecord(soaAfter));
  }
  return [...records];
}
