// A zone through its whole life, with real keys and real signatures: delv validates it at each step, from the DS that the
// parent has and from those that a cache may still have.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { composeKeyring } from '../../src/dnssec/keyring.ts';
import { readZoneKeys } from '../../src/keys/read-zone-keys.ts';
import { listenTcp } from '../../src/transport/tcp.ts';
import { listenUdp } from '../../src/transport/udp-dgram.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { TYPE_DS } from '../../src/wire/record-types.ts';
import { Delegation, POLICY, ZONE } from '../support/delegation.ts';
import { findFreePort } from '../support/free-port.ts';
import { SECRET } from '../support/keeper-fixture.ts';
import { openProcesses } from '../support/processes.ts';
import { findProgram, requireProgram } from '../support/require-program.ts';
import { createFixture } from '../support/snapshot-fixture.ts';

const HOST = '127.0.0.1';
/** A name, a type, and what delv says first. */
const QUESTIONS = [
  ['example.com', 'DNSKEY', '; fully validated'],
  ['www.example.com', 'A', '; fully validated'],
  ['steer.example.com', 'A', '; fully validated'],
  ['absent.example.com', 'A', '; negative response, fully validated'],
] as const;

const DOCUMENT = {
  zones: [
    {
      name: ZONE,
      ns: ['ns1.example.com'],
      records: [
        { name: 'ns1', type: 'A', data: ['127.0.0.1'] },
        { name: 'www', type: 'A', data: ['192.0.2.1'] },
      ],
      dnssec: { enabled: true },
    },
  ],
  monitors: [],
  clusters: [{ id: 'eu', region: 'eu-west', endpoints: [{ id: 'a', address: '203.0.113.1' }] }],
  services: [{ name: 'steer', zone: ZONE, clusters: ['eu'] }],
};

test('delv finds a zone secure at every step of its life', {
  skip: requireProgram('delv', 'bind9-dnsutils'),
  timeout: 300_000,
}, async (context) => {
  const processes = await openProcesses();
  context.after(() => processes.close());
  const directory = processes.makeDirectory('delv');
  const zone = new Delegation({ ...POLICY, keys: 'split' });
  const told = new Set<string>();
  let steps = 0;

  /** Hour by hour; whenever anything is different from before, it is validated. */
  const live = async (hours: number, isDone: () => boolean) => {
    for (let hour = 0; hour < hours && !isDone(); hour++) {
      const cached = zone.ds;
      zone.wait(1, true);
      const served = JSON.stringify([
        zone.keyring.keys.map(({ id, dnskey, signatures, ds }) => [id, dnskey.name, signatures.name, ds.name]),
        zone.ds.length,
      ]);
      if (told.has(served)) continue;
      told.add(served);
      steps += await validate(zone, [zone.ds, cached], directory);
    }
    assert.ok(isDone(), 'it comes to its end');
  };
  const isAt =
    (...shape: string[]) =>
    () =>
      JSON.stringify(zone.keyring.keys.map(({ role, algorithm }) => `${role} ${algorithm}`).sort()) ===
        JSON.stringify(shape) &&
      zone.keyring.keys.every((key) => !key.isRetired && (key.role === 'zsk' || key.ds.name === 'omnipresent'));

  await live(48, isAt('ksk 13', 'zsk 13'));
  zone.retire('zsk');
  await live(48, isAt('ksk 13', 'zsk 13'));
  zone.retire('ksk');
  await live(48, isAt('ksk 13', 'zsk 13'));
  zone.policy = { ...zone.policy, algorithm: 15 };
  await live(72, isAt('ksk 15', 'zsk 15'));
  zone.policy = { ...zone.policy, keys: 'single' };
  await live(72, isAt('csk 15'));
  zone.retire('csk');
  await live(72, isAt('csk 15'));
  zone.policy = { ...zone.policy, withdraw: true };
  await live(48, () => zone.keyring.keys.length === 0);
  assert.ok(steps >= 30, `${steps} steps`);
});

/** Serves what the zone is now, and asks for all of it from each set of DS. Answers how often that was. */
async function validate(
  zone: Delegation,
  dsSets: readonly (readonly Uint8Array[])[],
  directory: string,
): Promise<number> {
  const anchors = new Set(dsSets.filter(({ length }) => length > 0).map(formatAnchors));
  if (anchors.size === 0) return 0;
  const read = readZoneKeys(ZONE, composeKeyring(zone.keyring), SECRET);
  assert.ok(read.ok && read.keys !== undefined);
  const { desk } = createFixture(DOCUMENT, { keys: new Map([[ZONE, read.keys]]) });
  const port = await findFreePort();
  const limits = {
    maxConnections: 100,
    maxConnectionsPerPrefix: 100,
    firstByteTimeoutMs: 5000,
    idleTimeoutMs: 5000,
    messageTimeoutMs: 5000,
  };
  const listeners = [
    await listenUdp({ host: HOST, port, reusePort: false }, desk),
    await listenTcp({ host: HOST, port, reusePort: false, limits }, desk),
  ];
  try {
    for (const anchor of anchors) {
      const file = join(directory, 'anchors');
      writeFileSync(file, anchor);
      const outputs = await Promise.all(QUESTIONS.map(([name, type]) => askDelv(port, file, name, type)));
      const wrong = QUESTIONS.flatMap(([name, type, expected], index): readonly string[] => {
        const output = outputs[index] ?? '';
        return output.includes(expected) ? [] : [`${name} ${type}: ${output}`];
      });
      assert.deepEqual(
        wrong,
        [],
        JSON.stringify(
          zone.keyring.keys.map(({ id, dnskey, signatures, ds }) => [id, dnskey.name, signatures.name, ds.name]),
        ),
      );
    }
  } finally {
    for (const listener of listeners) await listener.close();
  }
  return anchors.size;
}

function formatAnchors(ds: readonly Uint8Array[]): string {
  const lines = ds.map((data) => {
    const [tag, algorithm, type, digest] = formatRecordData(TYPE_DS, data).split(' ');
    return `"${ZONE}." static-ds ${tag} ${algorithm} ${type} "${digest}";`;
  });
  return `trust-anchors { ${lines.join(' ')} };\n`;
}

function askDelv(port: number, anchors: string, name: string, type: string): Promise<string> {
  const args = [`@${HOST}`, '-p', String(port), '-a', anchors, `+root=${ZONE}.`, name, type];
  return new Promise((resolve) => {
    execFile(findProgram('delv') ?? 'delv', args, (_error, out, err) => resolve(`${out}${err}`.trim()));
  });
}
