// What becomes of changes that the store has lost: it was emptied, went back, or took others under their numbers.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createToken } from '../../../src/api/token.ts';
import { splitObjects } from '../../../src/model/objects.ts';
import type { RevisionId } from '../../../src/model/revision.ts';
import { JOURNAL_DIRECTORY } from '../../../src/roles/journal.ts';
import { composeRevision } from '../../../src/roles/revision-texts.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { simulateTime } from '../../support/simulated-time.ts';
import { DOCUMENT, NOW_MS, openDirectory, openWriter } from '../api/fixture.ts';
import { change, headOf, readJournal, switchable, withBias } from './writer-fixture.ts';

describe('the recovery of a store', () => {
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
    const writer = await openWriter(
      { configuration: store },
      { stateDirectory, initial: DOCUMENT },
      { clock: time.clock },
    );
    index = 1;
    await time.pass(999);
    assert.equal(await headOf(stores[1]), undefined);
    await time.pass(1);
    await writer.read();
    assert.equal(await headOf(stores[1]), '2.2');
    await writer.close();
    for (const each of stores) await each.close();
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
    const writer = await openWriter({ configuration: store }, { stateDirectory, initial: DOCUMENT });
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
    const writer = await openWriter(
      { configuration: store },
      { stateDirectory: join(directory, 'api'), initial: DOCUMENT },
    );
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

  test('a change that is lost is kept, too, where others have gone on from what took its number', async (context) => {
    const { a, b, goBack, readLost } = await openFork(context);
    await b.commit({ ...change, expected: { generation: 1, number: 2 }, document: withBias(9) });
    goBack();
    const read = await a.read();
    assert.deepEqual([read?.id, read?.document], [{ generation: 1, number: 3 }, withBias(9)]);
    assert.deepEqual(await readLost(), withBias(7));
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
