import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { composeDs } from '../../../src/dnssec/dnskey.ts';
import { nameKeyring } from '../../../src/dnssec/keyring.ts';
import { dnskeyOf } from '../../../src/dnssec/show-keys.ts';
import { digestKey } from '../../../src/keys/sign.ts';
import type { RunningWriter } from '../../../src/roles/configuration-writer.ts';
import type { KeyKeeper } from '../../../src/roles/key-keeper.ts';
import { openKeyReader } from '../../../src/roles/read-keys.ts';
import { openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { fetchRevision } from '../../../src/store/fetch-revision.ts';
import { parseNameText } from '../../../src/wire/name.ts';
import { type KeeperWorld, makeSecret, openKeeper, SECRET } from '../../support/keeper-fixture.ts';
import { DOCUMENT, NOW_MS, openDirectory, openWriter } from '../api/fixture.ts';

const ZONE = 'gtm.example.com';
const HOUR_MS = 3_600_000;

function documentWith(dnssec: object | undefined) {
  const [zone, ...zones] = DOCUMENT.zones;
  return { ...DOCUMENT, zones: [{ ...zone, ...(dnssec !== undefined && { dnssec }) }, ...zones] };
}

async function open(context: TestContext, dnssec: object | undefined) {
  const directory = await openDirectory(context);
  const store = openEmbeddedStore(directory);
  const options = { stateDirectory: directory, initial: documentWith(dnssec), canSign: true };
  const writer = await openWriter(store, options);
  const world: KeeperWorld = { nowMs: NOW_MS, ds: [], lines: [] };
  const keeper = openKeeper(writer, world);
  context.after(async () => {
    await keeper.stop();
    await writer.close();
    await store.close();
  });
  return { store, writer, world, keeper, directory };
}

async function keysOf(writer: RunningWriter) {
  return (await writer.read())?.keyrings.get(ZONE)?.keys ?? [];
}

async function commit(writer: RunningWriter, document: unknown) {
  const expected = (await writer.read())?.id ?? null;
  return writer.commit({ expected, author: 'test', message: 'change', document });
}

/** The parent has what CDS asks for, and all have time. */
async function settle(writer: RunningWriter, world: KeeperWorld, keeper: KeyKeeper, hours = 40): Promise<void> {
  const owner = parseNameText(ZONE);
  assert.ok(owner instanceof Uint8Array);
  for (let hour = 0; hour < hours; hour++) {
    world.nowMs += HOUR_MS;
    await keeper.look(ZONE);
    const asked = (await keysOf(writer)).filter(({ ds }) => ds.name === 'rumoured' || ds.name === 'omnipresent');
    world.ds = asked.map((key) => composeDs(owner, dnskeyOf(key), 2, digestKey));
  }
}

describe('the keeper of keys', () => {
  test('makes keys for a zone that is to be signed, which a node reads with the same secret only', async (context) => {
    const { store, writer, keeper, world } = await open(context, { enabled: true, keys: 'split' });
    await keeper.look();
    assert.deepEqual((await keysOf(writer)).map(({ role }) => role).sort(), ['ksk', 'zsk']);
    const id = (await writer.read())?.id;
    assert.ok(id !== undefined);
    const revision = await fetchRevision(store.configuration, id, new Map());
    assert.ok(revision.ok);
    const zones = [{ name: ZONE, dnssec: keeper.state(ZONE)?.policy }].flatMap(({ name, dnssec }) =>
      dnssec === undefined ? [] : [{ name, dnssec }],
    );
    const read = openKeyReader(SECRET);
    const first = read(revision.value, zones);
    assert.ok(first.ok);
    assert.deepEqual([...first.value.keys()], [ZONE]);
    const again = read(revision.value, zones);
    assert.ok(again.ok);
    assert.equal(again.value.get(ZONE), first.value.get(ZONE));
    const other = openKeyReader(makeSecret('22'.repeat(32)))(revision.value, zones);
    assert.ok(!other.ok);
    assert.match(other.problems[0]?.message ?? '', /must be the same on every node/);
    assert.ok(world.lines.some(({ message }) => message === 'a step of DNSSEC keys'));
  });

  test('makes none while the parent has a DS of keys that are not here, and says so', async (context) => {
    const { writer, keeper, world } = await open(context, undefined);
    world.ds = [Uint8Array.of(1, 2, 13, 2, ...new Uint8Array(32))];
    await commit(writer, documentWith({ enabled: true }));
    await keeper.look(ZONE);
    assert.deepEqual(await keysOf(writer), []);
    assert.match(keeper.state(ZONE)?.waiting.join() ?? '', /import these keys, or have the DS taken away/);
  });

  test('keeps keys through changes of the configuration', async (context) => {
    const { store, writer, keeper } = await open(context, { enabled: true });
    await keeper.look();
    const before = await keysOf(writer);
    assert.equal(before.length, 1);
    const changed = documentWith({ enabled: true, keyTtl: '30m' });
    assert.equal((await commit(writer, changed)).status, 'committed');
    assert.deepEqual(
      (await keysOf(writer)).map(({ id }) => id),
      before.map(({ id }) => id),
    );
    const head = await store.configuration.readHead();
    const manifest = head && (await store.configuration.readManifest(head));
    assert.equal(manifest && nameKeyring(ZONE) in manifest.objects, true);
  });

  // A node makes signatures anew when half of their validity is over; a secondary asks for them with a new serial only.
  test('makes a revision in time for the signatures of copies, where a zone is copied, and none where it is not', async (context) => {
    const [zone, ...zones] = documentWith({ enabled: true, signatureValidity: '8d' }).zones;
    const copied = { ...zone, transfers: { allow: ['192.0.2.0/24'] } };
    for (const [document, revisions] of [
      [{ ...DOCUMENT, zones: [zone, ...zones] }, 0],
      [{ ...DOCUMENT, zones: [copied, ...zones] }, 10],
    ] as const) {
      const { writer, world, keeper } = await open(context, { enabled: true });
      assert.equal((await commit(writer, document)).status, 'committed');
      await settle(writer, world, keeper, 60);
      const before = (await writer.read())?.id.number ?? 0;
      for (let hour = 0; hour < 20 * 24; hour++) {
        world.nowMs += HOUR_MS;
        await keeper.look(ZONE);
      }
      assert.equal(((await writer.read())?.id.number ?? 0) - before, revisions);
    }
  });

  test('remembers the TTL that a zone had before it was signed', async (context) => {
    const { writer, world, keeper } = await open(context, undefined);
    const [zone, ...zones] = DOCUMENT.zones;
    const documentOf = (words: object) => ({ ...DOCUMENT, zones: [{ ...zone, ...words }, ...zones] });
    await commit(writer, documentOf({ nsTtl: '1d' }));
    await keeper.look();
    world.nowMs += HOUR_MS;
    await commit(writer, documentOf({ nsTtl: '5m' }));
    await keeper.look();
    world.nowMs += HOUR_MS;
    await commit(writer, documentOf({ nsTtl: '5m', dnssec: { enabled: true } }));
    await settle(writer, world, keeper, 22);
    assert.deepEqual(
      (await keysOf(writer)).map(({ dnskey, ds }) => [dnskey.name, ds.name]),
      [['omnipresent', 'hidden']],
    );
    await settle(writer, world, keeper, 4);
    assert.deepEqual(
      (await keysOf(writer)).map(({ ds }) => ds.name),
      ['rumoured'],
    );
  });

  test('looks again when the clock was set back, though nothing is due and no parent is asked', async (context) => {
    const { writer, world, keeper } = await open(context, undefined);
    await keeper.stop();
    world.nowMs += 300 * 24 * HOUR_MS;
    await commit(writer, documentWith({ enabled: true }));
    const other = openKeeper(writer, world, SECRET, false);
    await other.look();
    world.nowMs = NOW_MS;
    await other.look();
    await other.stop();
    assert.deepEqual(
      (await keysOf(writer)).map(({ dnskey }) => dnskey.sinceMs),
      [NOW_MS],
    );
  });

  test('goes from the first signature to the DS, and on to an unsigned zone, but not past the parent', async (context) => {
    const { writer, world, keeper } = await open(context, { enabled: true });
    await keeper.look();
    await settle(writer, world, keeper);
    assert.deepEqual(
      (await keysOf(writer)).map(({ ds }) => ds.name),
      ['omnipresent'],
    );
    const refused = await commit(writer, documentWith(undefined));
    assert.equal(refused.status, 'invalid');
    assert.match(JSON.stringify(refused), /set dnssec\.withdraw to true first/);
    const { services: _, ...rest } = documentWith({ enabled: true });
    const without = { ...rest, zones: [] };
    assert.match(
      JSON.stringify(await commit(writer, without)),
      /"path":"\/zones","message":"the parent of \S+ may have a DS of its keys, .*set dnssec\.withdraw to true first/,
    );
    assert.equal((await commit(writer, documentWith({ enabled: true, withdraw: true }))).status, 'committed');
    await settle(writer, world, keeper);
    assert.deepEqual(await keysOf(writer), []);
    assert.equal((await commit(writer, documentWith(undefined))).status, 'committed');
    assert.equal((await commit(writer, without)).status, 'committed');
  });

  test('of two that work on one store, each finds done what the other did', async (context) => {
    const { store, writer, world, keeper } = await open(context, { enabled: true, keys: 'split' });
    const directory = await openDirectory(context);
    const second = await openWriter(store, { stateDirectory: directory, canSign: true });
    const other = openKeeper(second, world);
    context.after(async () => {
      await other.stop();
      await second.close();
    });
    await Promise.all([keeper.look(), other.look(), keeper.look(), other.look()]);
    assert.equal((await keysOf(writer)).length, 2);
    world.nowMs += 10 * HOUR_MS;
    await Promise.all([keeper.look(ZONE), other.look(ZONE)]);
    assert.equal((await keysOf(writer)).length, 2);
  });

  test('with another secret than that of the keys that are there, it makes none, and says so', async (context) => {
    const { store, writer, world, keeper } = await open(context, { enabled: true });
    await keeper.look();
    await keeper.stop();
    const directory = await openDirectory(context);
    const second = await openWriter(store, { stateDirectory: directory, canSign: true });
    const other = openKeeper(second, world, makeSecret('33'.repeat(32)));
    context.after(async () => {
      await other.stop();
      await second.close();
    });
    await commit(writer, documentWith({ enabled: true, keys: 'split' }));
    await other.look();
    assert.deepEqual(
      (await keysOf(writer)).map(({ role }) => role),
      ['csk'],
    );
    assert.match(other.state(ZONE)?.waiting.join() ?? '', /has not the secret/);
    assert.ok(world.lines.some(({ message }) => message.includes('is not that of the other nodes')));
  });

  test('makes the keys of many zones in portions, one commit each', async (context) => {
    const { writer, world, keeper } = await open(context, undefined);
    await keeper.stop();
    const zones = Array.from({ length: 300 }, (_, index) => ({
      name: `z${index}.example`,
      ns: ['ns1.other.test'],
      dnssec: { enabled: true },
    }));
    await commit(writer, { zones });
    const portions: number[] = [];
    const watched: RunningWriter = {
      ...writer,
      commitKeys: (change) => {
        portions.push(change.keyrings.length);
        return writer.commitKeys(change);
      },
    };
    const other = openKeeper(watched, world);
    await other.look();
    await other.look();
    await other.stop();
    assert.deepEqual(portions, [256, 44]);
  });

  test('throws keys away whose zone is signed no more and was never secure', async (context) => {
    const { store, writer, keeper } = await open(context, { enabled: true });
    await keeper.look();
    assert.equal((await keysOf(writer)).length, 1);
    assert.equal((await commit(writer, documentWith({ enabled: false }))).status, 'committed');
    await keeper.look();
    assert.deepEqual(await keysOf(writer), []);
    const head = await store.configuration.readHead();
    const manifest = head && (await store.configuration.readManifest(head));
    assert.equal(manifest && nameKeyring(ZONE) in manifest.objects, false);
  });

  test('without a secret no configuration that signs is accepted, with the advice what to set', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT, canSign: false });
    context.after(async () => {
      await writer.close();
      await store.close();
    });
    const outcome = await commit(writer, documentWith({ enabled: true }));
    assert.equal(outcome.status, 'invalid');
    assert.match(JSON.stringify(outcome), /AZIMUTH_DNSSEC_SECRET_FILE/);
    assert.match(JSON.stringify(outcome), /\/zones\/0\/dnssec\/enabled/);
  });

  test('puts times right when the process stood still between deciding and committing', async (context) => {
    const { writer, world, keeper } = await open(context, undefined);
    await keeper.stop();
    const slow: RunningWriter = {
      ...writer,
      commitKeys: async (change) => {
        if (!change.message.startsWith('put right')) world.nowMs += 3 * HOUR_MS;
        return writer.commitKeys(change);
      },
    };
    await commit(writer, documentWith({ enabled: true }));
    const late = openKeeper(slow, world);
    await late.look();
    await late.stop();
    assert.deepEqual(
      (await keysOf(writer)).map(({ dnskey }) => dnskey.sinceMs),
      [NOW_MS + 3 * HOUR_MS],
    );
  });
});
