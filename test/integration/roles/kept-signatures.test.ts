// A node with a signed zone that starts again and again: what it signs, and what it takes over from its disk.

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { composeKeyring, nameKeyring } from '../../../src/dnssec/keyring.ts';
import { splitObjects } from '../../../src/model/objects.ts';
import { Control } from '../../../src/roles/control.ts';
import { composeRevision } from '../../../src/roles/revision-texts.ts';
import { findRrset, listRecords } from '../../../src/snapshot/zone-image.ts';
import { openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { writePersistedRevision } from '../../../src/store/persisted-revision.ts';
import { SIGNATURES_FILE } from '../../../src/store/persisted-signatures.ts';
import { TYPE_RRSIG } from '../../../src/wire/record-types.ts';
import { Delegation, POLICY, ZONE } from '../../support/delegation.ts';
import { SECRET } from '../../support/keeper-fixture.ts';
import { openDirectory, recordLog, waitUntil } from '../../unit/roles/fixture.ts';

const HOSTS = 600;
/** A and NSEC of each host; NS, DNSKEY, CDS, CDNSKEY and NSEC of the apex. */
const SIGNATURES = 2 * HOSTS + 5;

const WRITE_LIMIT_MS = 30_000;

type Change = { readonly number: number; readonly address?: string; readonly delegation: Delegation };

async function writeRevision(directory: string, { number, address = '192.0.2.1', delegation }: Change): Promise<void> {
  const records = Array.from({ length: HOSTS }, (_, index) => ({
    name: `host-${index}`,
    type: 'A',
    data: [index === 7 ? address : '192.0.2.1'],
  }));
  const zone = { name: ZONE, ns: ['ns1.elsewhere.example'], records, dnssec: { enabled: true } };
  const texts = new Map(splitObjects({ zones: [zone] }));
  texts.set(nameKeyring(ZONE), composeKeyring(delegation.keyring));
  const words = { id: { generation: 1, number }, parent: null, author: 'test', message: '', createdAtMs: 0 };
  await writePersistedRevision(directory, composeRevision(words, texts));
}

/** One life of a node, until it serves and has written what there is to be written. */
async function live(context: TestContext, directory: string) {
  const inode = () => statSync(join(directory, SIGNATURES_FILE), { throwIfNoEntry: false })?.ino;
  const before = inode();
  const store = openEmbeddedStore(directory);
  const log = recordLog();
  const geo = { directory, bundled: false, reloadIntervalMs: 60_000 };
  const options = { stateDirectory: directory, answerThreads: 1, isExplaining: false, heartbeatMs: 1000, geo };
  const dependencies = { ...store, resolveLocation: () => undefined, logger: log.logger };
  const control = new Control({ ...options, keySecret: SECRET }, dependencies);
  context.after(() => control.stop());
  try {
    await control.start();
    const image = control.serving?.snapshot.zones.images[0];
    assert.ok(image?.signing, log.lines.map(({ msg }) => msg).join('\n'));
    const rrsigs = [...image.signing.chain].flatMap((node) => listRecords(image, findRrset(image, node, TYPE_RRSIG)));
    const counts = { ...control.signatures };
    await waitUntil(() => counts.made < 1000 || inode() !== before, 'writing signatures', WRITE_LIMIT_MS);
    return {
      counts,
      rrsigs: rrsigs.map((rrsig) => Buffer.from(rrsig).toString('hex')),
      log,
    };
  } finally {
    await control.stop();
    await store.close();
  }
}

const taken = (listed: number) => ({ made: SIGNATURES - listed, kept: 0, listed });

test('a node that starts again takes over the signatures that it made, and makes those of what is different', async (context) => {
  const directory = await openDirectory(context);
  const delegation = new Delegation({ ...POLICY, keys: 'split' });
  delegation.wait(24, true);
  await writeRevision(directory, { number: 1, delegation });
  const first = await live(context, directory);
  assert.deepEqual(first.counts, taken(0));

  const second = await live(context, directory);
  assert.deepEqual(second.counts, taken(SIGNATURES));
  assert.deepEqual(second.rrsigs, first.rrsigs);

  await writeRevision(directory, { number: 2, address: '192.0.2.2', delegation });
  const third = await live(context, directory);
  assert.deepEqual(third.counts, taken(SIGNATURES - 1));
  assert.equal(third.rrsigs.filter((rrsig) => !first.rrsigs.includes(rrsig)).length, 1);
});

test('a node that finds its signatures altered, or its keys changed, makes all of them', async (context) => {
  const directory = await openDirectory(context);
  const delegation = new Delegation({ ...POLICY, keys: 'split' });
  delegation.wait(24, true);
  await writeRevision(directory, { number: 1, delegation });
  const first = await live(context, directory);

  const path = join(directory, SIGNATURES_FILE);
  const bytes = await readFile(path);
  bytes[bytes.length >>> 1] = (bytes[bytes.length >>> 1] ?? 0) ^ 1;
  await writeFile(path, bytes);
  const second = await live(context, directory);
  assert.deepEqual(second.counts, taken(0));
  assert.equal(second.log.count('all zones are signed anew'), 1);
  assert.equal(second.rrsigs.filter((rrsig) => first.rrsigs.includes(rrsig)).length, 0);

  const other = new Delegation({ ...POLICY, keys: 'split' });
  other.wait(24, true);
  await writeRevision(directory, { number: 2, delegation: other });
  assert.deepEqual((await live(context, directory)).counts, taken(0));
});
