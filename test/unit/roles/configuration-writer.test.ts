// The writer over the real embedded store.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createToken } from '../../../src/api/token.ts';
import { splitObjects } from '../../../src/model/objects.ts';
import { JOURNAL_DIRECTORY } from '../../../src/roles/journal.ts';
import { FIRST_REVISION } from '../../../src/roles/reconcile.ts';
import { composeRevision } from '../../../src/roles/revision-texts.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { createStoreError } from '../../../src/store/store-error.ts';
import { simulateTime } from '../../support/simulated-time.ts';
import { DOCUMENT, NOW_MS, openDirectory, openWriter } from '../api/fixture.ts';
import { change, headOf, readJournal, switchable, withBias } from './writer-fixture.ts';

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
    const writer = await openWriter({ configuration: failing }, { stateDirectory }, { clock: time.clock });
    await time.pass(1000);
    assert.equal(reads, 5);
    await writer.close();
    await time.pass(1000);
    assert.equal(reads, 5);
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
    const writer = await openWriter(
      { configuration: store },
      { stateDirectory: directory, initial: DOCUMENT },
      { clock: time.clock },
    );
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
