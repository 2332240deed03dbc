// The writer over the real embedded store, and over stores that lose things.

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createToken } from '../../../src/api/token.ts';
import { splitObjects } from '../../../src/model/objects.ts';
import { formatRevisionId, type RevisionId } from '../../../src/model/revision.ts';
import { openConfigurationWriter } from '../../../src/roles/configuration-writer.ts';
import { JOURNAL_DIRECTORY } from '../../../src/roles/journal.ts';
import { FIRST_REVISION } from '../../../src/roles/reconcile.ts';
import { composeRevision } from '../../../src/roles/revision-texts.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { readPersistedRevision } from '../../../src/store/persisted-revision.ts';
import { createStoreError } from '../../../src/store/store-error.ts';
import { simulateTime } from '../../support/simulated-time.ts';
import { DOCUMENT, NOW_MS, openDirectory, openWriter } from '../api/fixture.ts';
import { recordLog } from './fixture.ts';

const change = { author: 'ann', message: 'test' };

function withBias(bias: number) {
  return { ...DOCUMENT, regions: DOCUMENT.regions.map((region) => ({ ...region, bias })) };
}

async function readJournal(directory: string) {
  const read = await readPersistedRevision(join(directory, JOURNAL_DIRECTORY));
  return read.status === 'read' ? formatRevisionId(read.value.manifest.id) : read.status;
}

async function headOf({ configuration }: Pick<EmbeddedStore, 'configuration'>) {
  const head = await configuration.readHead();
  return head && formatRevisionId(head);
}

describe('the writer of the configuration', () => {
  test('imports the initial configuration into an empty store as 1.1, and only then', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const first = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
    assert.deepEqual((await first.read())?.document, DOCUMENT);
    await first.close();
    const second = await openWriter(store, { stateDirectory: directory, initial: withBias(9) });
    assert.deepEqual((await second.read())?.document, DOCUMENT);
    assert.equal(await headOf(store), '1.1');
    await second.close();
    await store.close();
  });

  test('tells the problems of an initial configuration that cannot be imported', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    await assert.rejects(openWriter(store, { stateDirectory: directory, initial: { zones: 7 } }), /zones/);
    await store.close();
  });

  test('commits on top of the head that was expected, and of no other', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
    const expected = { generation: 1, number: 1 };
    assert.deepEqual(await writer.commit({ ...change, expected, document: withBias(1) }), {
      status: 'committed',
      id: { generation: 1, number: 2 },
    });
    assert.deepEqual(await writer.commit({ ...change, expected, document: withBias(2) }), {
      status: 'conflict',
      head: { generation: 1, number: 2 },
    });
    assert.deepEqual(await writer.commit({ ...change, expected: null, document: withBias(2) }), {
      status: 'conflict',
      head: { generation: 1, number: 2 },
    });
    const dry = await writer.commit({ ...change, expected, document: withBias(2), dryRun: true });
    assert.equal(dry.status, 'conflict', 'a dry run must say what the real one would');
    assert.equal(await readJournal(directory), '1.2');
    await writer.close();
    await store.close();
  });

  test('commits nothing for the same content, for a dry run, and for what is invalid', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
    const expected = { generation: 1, number: 1 };
    assert.deepEqual(await writer.commit({ ...change, expected, document: structuredClone(DOCUMENT) }), {
      status: 'unchanged',
      id: expected,
    });
    const dry = await writer.commit({ ...change, expected, document: withBias(3), dryRun: true });
    assert.deepEqual(dry, { status: 'would-commit', id: { generation: 1, number: 2 } });
    const invalid = await writer.commit({ ...change, expected, document: { ...DOCUMENT, regions: [] } });
    assert.equal(invalid.status, 'invalid');
    assert.deepEqual(invalid.status === 'invalid' && invalid.problems.map(({ path }) => path), [
      '/clusters/0/region',
      '/clusters/1/region',
    ]);
    assert.equal(await headOf(store), '1.1');
    await writer.close();
    await store.close();
  });

  test('an override waits for nobody to mend what a version that asked less has let in; all other changes do', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const monitors = [{ id: 'web', type: 'tcp' as const, port: 443, quorum: { groups: 'majority' as const } }];
    const document = { ...DOCUMENT, monitors };
    const words = { id: FIRST_REVISION, parent: null, author: 'ann', message: '', createdAtMs: 0 };
    const { manifest, objects } = composeRevision(words, splitObjects(document));
    await store.configuration.commit(manifest, objects);
    const writer = await openWriter(store, { stateDirectory: directory });
    const commit = async (changed: object) => {
      const expected = (await writer.read())?.id ?? null;
      const outcome = await writer.commit({ ...change, expected, document: structuredClone(changed) });
      return outcome.status === 'invalid' ? outcome.problems.map(({ path }) => path) : outcome.status;
    };
    const override = { kind: 'regions', id: 'eu-west', state: 'force-down', reason: 'x', author: 'ann' };
    assert.equal(await commit({ ...document, overrides: [override] }), 'committed');
    assert.deepEqual(await commit({ ...document, overrides: [{ ...override, id: 'none' }] }), ['/overrides/0/id']);
    const other = { ...withBias(3), monitors, overrides: [override] };
    assert.deepEqual(await commit(other), ['/monitors/0/quorum/groups']);
    assert.equal(await commit(document), 'committed', 'and it is taken back as easily');
    await writer.close();
    await store.close();
  });

  test('tokens and configuration are carried over by changes of each other', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
    const { record, text } = createToken({ name: 'x', scopes: ['read'], createdAtMs: NOW_MS });
    await writer.commitTokens({ ...change, expected: { generation: 1, number: 1 }, tokens: [record] });
    assert.deepEqual((await writer.read())?.document, DOCUMENT);
    await writer.commit({ ...change, expected: { generation: 1, number: 2 }, document: withBias(1) });
    const current = await writer.read();
    assert.deepEqual(current?.tokens, [record]);
    assert.deepEqual(writer.tokens(), [record]);
    assert.deepEqual(current?.document, withBias(1));
    const stored = await store.configuration.readManifest({ generation: 1, number: 3 });
    const texts = await store.configuration.readObjects(Object.values(stored?.objects ?? {}));
    assert.equal([...texts.values()].join().includes(text), false, 'a token must never be stored');
    await writer.close();
    await store.close();
  });

  test('an emptied store gets the content of the journal again, in a higher generation', async (context) => {
    const directory = await openDirectory(context);
    const stateDirectory = join(directory, 'api');
    const before = openEmbeddedStore(join(directory, 'one'));
    const writer = await openWriter(before, { stateDirectory, initial: DOCUMENT });
    const { record } = createToken({ name: 'x', scopes: ['admin'], createdAtMs: NOW_MS });
    await writer.commit({ ...change, expected: { generation: 1, number: 1 }, document: withBias(5) });
    await writer.commitTokens({ ...change, expected: { generation: 1, number: 2 }, tokens: [record] });
    await writer.close();
    await before.close();

    const after = openEmbeddedStore(join(directory, 'two'));
    const again = await openWriter(after, { stateDirectory, initial: DOCUMENT });
    assert.equal(await headOf(after), '2.4');
    const current = await again.read();
    assert.deepEqual(current?.document, withBias(5));
    assert.deepEqual(current?.tokens, [record]);
    assert.equal(await readJournal(stateDirectory), '2.4');
    const [newest] = await again.history(1);
    assert.match(newest?.message ?? '', /recover 1\.3 from the journal/);
    await again.close();
    await after.close();
  });

  test('a store that is emptied while it is followed is put right without a restart', async (context) => {
    const directory = await openDirectory(context);
    const stateDirectory = join(directory, 'api');
    const stores = [openEmbeddedStore(join(directory, 'one')), openEmbeddedStore(join(directory, 'two'))] as const;
    let index: 0 | 1 = 0;
    const writer = await openWriter(
      { configuration: switchable(() => stores[index]) },
      { stateDirectory, initial: DOCUMENT },
    );
    index = 1;
    assert.equal(await headOf(stores[1]), undefined);
    assert.deepEqual((await writer.read())?.id, { generation: 2, number: 2 });
    assert.equal(await headOf(stores[1]), '2.2');
    await writer.close();
    for (const store of stores) await store.close();
  });

  test('a store that lost a commit before anyone saw it is put right though nobody is told of a change', async (context) => {
    const directory = await openDirectory(context);
    const stateDirectory = join(directory, 'api');
    const stores = [openEmbeddedStore(join(directory, 'one')), openEmbeddedStore(join(directory, 'two'))] as const;
    let index: 0 | 1 = 0;
    const time = simulateTime();
    const store = switchable(() => stores[index]);
    const opened = await openConfigurationWriter(
      { stateDirectory, resolveLocation: () => undefined, allowNetworks: [], initial: DOCUMENT },
      { store, logger: recordLog().logger, nowMs: () => 0, clock: time.clock },
    );
    assert.ok(opened.ok);
    index = 1;
    await time.pass(999);
    assert.equal(await headOf(stores[1]), undefined);
    await time.pass(1);
    await opened.value.read();
    assert.equal(await headOf(stores[1]), '2.2');
    await opened.value.close();
    for (const each of stores) await each.close();
  });

  test('a store that failed is looked at again soon, and not asked by anyone', async (context) => {
    const stateDirectory = join(await openDirectory(context), 'api');
    let reads = 0;
    const failing: EmbeddedStore['configuration'] = {
      ...switchable(() => assert.fail('nothing but the head is read')),
      async readHead() {
        reads++;
        throw createStoreError('STORE_TIMEOUT', 'too slow');
      },
    };
    const time = simulateTime();
    const opened = await openConfigurationWriter(
      { stateDirectory, resolveLocation: () => undefined, allowNetworks: [] },
      { store: failing, logger: recordLog().logger, nowMs: () => 0, clock: time.clock },
    );
    assert.ok(opened.ok);
    await time.pass(1000);
    assert.equal(reads, 5);
    await opened.value.close();
    await time.pass(1000);
    assert.equal(reads, 5);
  });

  test('while a change waits for a store that came back, what the store lost is brought back all the same', {
    timeout: 10_000,
  }, async (context) => {
    const directory = await openDirectory(context);
    const stateDirectory = join(directory, 'api');
    const stores = ['one', 'two'].map((name) => openEmbeddedStore(join(directory, name)));
    let index = 0;
    const at = () => stores[index] ?? assert.fail();
    let settled = () => {};
    const settling = new Promise<void>((resolve) => {
      settled = resolve;
    });
    const store: EmbeddedStore['configuration'] = {
      ...switchable(at),
      async commit(manifest, objects) {
        // As store/settle.ts: the change waits, and what brings back does not.
        if (index === 0 && manifest.id.number === 3) {
          index = 1;
          await settling;
        }
        return at().configuration.commit(manifest, objects);
      },
    };
    const opened = await openConfigurationWriter(
      { stateDirectory, resolveLocation: () => undefined, allowNetworks: [], initial: DOCUMENT },
      { store, logger: recordLog().logger, nowMs: () => 0 },
    );
    assert.ok(opened.ok);
    const { value: writer } = opened;
    const expected = { generation: 1, number: 1 };
    assert.equal((await writer.commit({ ...change, expected, document: withBias(1) })).status, 'committed');
    const second = { ...change, expected: { generation: 1, number: 2 }, document: withBias(2) };
    const waiting = writer.commit(second);
    while (index === 0) await new Promise(setImmediate);
    await writer.read();
    assert.equal(await headOf(at()), '2.3');
    settled();
    assert.equal((await waiting).status, 'conflict');
    const current = await writer.read();
    assert.deepEqual(current?.document, withBias(1));
    await writer.close();
    for (const each of stores) await each.close();
  });

  test('a change that the store loses before its author has taken it in is brought back, whatever was recovered without it', async (context) => {
    const directory = await openDirectory(context);
    const stores = ['one', 'two'].map((name) => openEmbeddedStore(join(directory, name)));
    const words = { id: { generation: 2, number: 3 }, parent: null, author: 'bob', message: '', createdAtMs: 0 };
    const monitors = [{ id: 'web', type: 'tcp' as const, port: 443 }];
    const recovered = composeRevision(words, splitObjects({ ...withBias(1), monitors }));
    await stores[1]?.configuration.commit(recovered.manifest, recovered.objects);
    let index = 0;
    const at = () => stores[index] ?? assert.fail();
    let look: () => Promise<unknown> = async () => undefined;
    const store: EmbeddedStore['configuration'] = {
      ...switchable(at),
      async commit(manifest, objects) {
        const result = await at().configuration.commit(manifest, objects);
        if (index === 1 || manifest.id.number !== 3) return result;
        index = 1;
        await look();
        return result;
      },
    };
    const opened = await openConfigurationWriter(
      {
        stateDirectory: join(directory, 'api'),
        resolveLocation: () => undefined,
        allowNetworks: [],
        initial: DOCUMENT,
      },
      { store, logger: recordLog().logger, nowMs: () => 0 },
    );
    assert.ok(opened.ok);
    const { value: writer } = opened;
    look = writer.read;
    const commit = (number: number) =>
      writer.commit({ ...change, expected: { generation: 1, number }, document: withBias(number) });
    assert.equal((await commit(1)).status, 'committed');
    assert.equal((await commit(2)).status, 'committed');
    assert.deepEqual((await writer.read())?.document, withBias(2));
    assert.equal(await headOf(at()), '3.4');
    await writer.close();
    for (const each of stores) await each.close();
  });

  test('a store that came back older gets the newest content on top of its old head', async (context) => {
    const directory = await openDirectory(context);
    const stateDirectory = join(directory, 'api');
    const old = openEmbeddedStore(join(directory, 'old'));
    const stale = await openWriter(old, { stateDirectory: join(directory, 'unused'), initial: DOCUMENT });
    await stale.close();
    const newer = openEmbeddedStore(join(directory, 'new'));
    const writer = await openWriter(newer, { stateDirectory, initial: DOCUMENT });
    await writer.commit({ ...change, expected: { generation: 1, number: 1 }, document: withBias(7) });
    await writer.close();

    const again = await openWriter(old, { stateDirectory });
    assert.equal(await headOf(old), '2.3');
    assert.deepEqual((await again.read())?.document, withBias(7));
    assert.deepEqual((await old.configuration.readManifest({ generation: 2, number: 3 }))?.parent, {
      generation: 1,
      number: 1,
    });
    await again.close();
    await old.close();
    await newer.close();
  });

  test('where the store took another change under the number of one that it lost, its own gets a number of its own and the lost one is kept', async (context) => {
    const { a, store, goBack, readLost } = await openFork(context);
    goBack();
    const read = await a.read();
    assert.deepEqual([read?.id, read?.document], [{ generation: 2, number: 3 }, withBias(8)]);
    assert.equal(await headOf(store), '2.3');
    assert.deepEqual(await readLost(), withBias(7));
    assert.deepEqual(await a.read(), read, 'and no further number');
  });

  test('what the store holds is read once for many who ask, every quarter of a second, and before each change', async (context) => {
    const directory = await openDirectory(context);
    const own = openEmbeddedStore(directory);
    let reads = 0;
    const store: EmbeddedStore['configuration'] = {
      ...switchable(() => own),
      readManifest(id) {
        reads++;
        return own.configuration.readManifest(id);
      },
    };
    const time = simulateTime();
    const opened = await openConfigurationWriter(
      { stateDirectory: directory, resolveLocation: () => undefined, allowNetworks: [], initial: DOCUMENT },
      { store, logger: recordLog().logger, nowMs: () => 0, clock: time.clock },
    );
    assert.ok(opened.ok);
    const writer = opened.value;
    const countReads = async (work: () => Promise<unknown>) => {
      const before = reads;
      await work();
      return reads - before;
    };
    const ask = async () => {
      for (let index = 0; index < 20; index++) await writer.read();
    };
    await time.pass(250);
    assert.equal(await countReads(ask), 1);
    assert.equal(await countReads(ask), 0);
    await time.pass(250);
    assert.equal(await countReads(ask), 1);
    const expected = { generation: 1, number: 1 };
    assert.equal(await countReads(() => writer.commit({ ...change, expected, document: withBias(1) })), 1);
    await writer.close();
    await own.close();
  });

  test('a change that is lost is kept, too, where others have gone on from what took its number', async (context) => {
    const { a, b, goBack, readLost } = await openFork(context);
    await b.commit({ ...change, expected: { generation: 1, number: 2 }, document: withBias(9) });
    goBack();
    const read = await a.read();
    assert.deepEqual([read?.id, read?.document], [{ generation: 1, number: 3 }, withBias(9)]);
    assert.deepEqual(await readLost(), withBias(7));
  });

  test('a store that does not answer leaves the last that was seen, marked as stale, and refuses writes', async (context) => {
    const directory = await openDirectory(context);
    const stateDirectory = join(directory, 'api');
    const store = openEmbeddedStore(join(directory, 'store'));
    let isDown = false;
    const flaky = switchable(() => {
      if (isDown) throw createStoreError('STORE_UNAVAILABLE', 'the store is down');
      return store;
    });
    const writer = await openWriter({ configuration: flaky }, { stateDirectory, initial: DOCUMENT });
    isDown = true;
    assert.deepEqual(await writer.read(), {
      id: { generation: 1, number: 1 },
      document: DOCUMENT,
      tokens: [],
      keyrings: new Map(),
      copies: new Map(),
      stale: true,
    });
    const outcome = await writer.commit({ ...change, expected: { generation: 1, number: 1 }, document: withBias(1) });
    assert.deepEqual(outcome, { status: 'unavailable', message: 'the store is down' });
    await assert.rejects(writer.history(5), { code: 'UNAVAILABLE' });
    await writer.close();

    const restarted = await openWriter({ configuration: flaky }, { stateDirectory });
    assert.deepEqual((await restarted.read())?.document, DOCUMENT, 'the journal must do');
    await rm(join(stateDirectory, JOURNAL_DIRECTORY), { recursive: true });
    await restarted.close();
    const blind = await openWriter({ configuration: flaky }, { stateDirectory });
    await assert.rejects(blind.read(), { code: 'UNAVAILABLE' });
    await blind.close();
    await store.close();
  });

  test('two writers over one store lose no change: one of them is told', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(join(directory, 'store'));
    const writers = [
      await openWriter(store, { stateDirectory: join(directory, 'a'), initial: DOCUMENT }),
      await openWriter(store, { stateDirectory: join(directory, 'b'), initial: DOCUMENT }),
    ];
    const expected = { generation: 1, number: 1 };
    const outcomes = await Promise.all(
      writers.map((writer, index) => writer.commit({ ...change, expected, document: withBias(index + 1) })),
    );
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['committed', 'conflict']);
    const [a, b] = await Promise.all(writers.map((writer) => writer.read()));
    assert.deepEqual(a?.document, b?.document);
    for (const writer of writers) await writer.close();
    await store.close();
  });
});

/**
 * Writer `a` has made 1.2 in its store; `store` is as that one was before, and has another 1.2 of writer `b`. From `goBack` on
 * that is what `a` finds.
 */
async function openFork(context: TestContext) {
  const directory = await openDirectory(context);
  const stateDirectory = join(directory, 'a');
  const own = openEmbeddedStore(join(directory, 'one'));
  const store = openEmbeddedStore(join(directory, 'two'));
  let isBack = false;
  const expected = { generation: 1, number: 1 };
  const configuration = switchable(() => (isBack ? store : own));
  const a = await openWriter({ configuration }, { stateDirectory, initial: DOCUMENT });
  await copyRevision(own, store, expected);
  await a.commit({ ...change, expected, document: withBias(7) });
  const b = await openWriter(store, { stateDirectory: join(directory, 'b') });
  await b.commit({ ...change, expected, document: withBias(8) });
  context.after(async () => {
    for (const each of [a, b, own, store]) await each.close();
  });
  return {
    ...{ a, b, store },
    goBack: () => {
      isBack = true;
    },
    readLost: async () =>
      JSON.parse(await readFile(join(stateDirectory, JOURNAL_DIRECTORY, 'lost-1.2.json'), 'utf8')) as unknown,
  };
}

/** The other store is then as if it had gone back to that revision. */
async function copyRevision(from: EmbeddedStore, to: EmbeddedStore, id: RevisionId): Promise<void> {
  const manifest = await from.configuration.readManifest(id);
  assert.ok(manifest);
  const objects = await from.configuration.readObjects(Object.values(manifest.objects));
  assert.deepEqual(await to.configuration.commit(manifest, objects), { status: 'committed' });
}

/** A store that may become another one, or none, between two calls. */
function switchable(current: () => EmbeddedStore): EmbeddedStore['configuration'] {
  return {
    readHead: async () => current().configuration.readHead(),
    readManifest: async (id) => current().configuration.readManifest(id),
    readObjects: async (hashes) => current().configuration.readObjects(hashes),
    commit: async (manifest, objects) => current().configuration.commit(manifest, objects),
    listManifests: async (limit, before) => current().configuration.listManifests(limit, before),
    followHead: () => ({ close: () => {} }),
    close: async () => {},
  };
}
