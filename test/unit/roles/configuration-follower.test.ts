import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { formatRevisionId, type Revision, type RevisionId } from '../../../src/model/revision.ts';
import { type Acceptance, ConfigurationFollower } from '../../../src/roles/configuration-follower.ts';
import {
  openRevisionDisk,
  REVISION_FILE,
  readPersistedRevision,
  writePersistedRevision,
} from '../../../src/store/persisted-revision.ts';
import { createStoreError, type StoreErrorCode } from '../../../src/store/store-error.ts';
import { openDirectory, pause, recordLog, revisionOf, waitUntil } from './fixture.ts';

/** A store whose every word the test puts into its mouth. */
function createFakeStore() {
  const revisions = new Map<string, Revision>();
  let tellHead: (head: RevisionId | undefined) => void = () => assert.fail('nobody follows');
  let tellError: (error: Error) => void = () => assert.fail('nobody follows');
  const fake = {
    fetches: 0,
    failing: false,
    isClosed: false,
    add: (revision: Revision) => void revisions.set(formatRevisionId(revision.manifest.id), revision),
    say(revision: Revision | undefined) {
      if (revision !== undefined) fake.add(revision);
      tellHead(revision?.manifest.id);
    },
    fail: (message: string, code: StoreErrorCode = 'STORE_UNAVAILABLE') => tellError(createStoreError(code, message)),
    store: {
      async readManifest(id: RevisionId) {
        fake.fetches++;
        if (fake.failing) throw createStoreError('STORE_TIMEOUT', 'too slow');
        return revisions.get(formatRevisionId(id))?.manifest;
      },
      async readObjects(hashes: readonly string[]) {
        const texts = new Map([...revisions.values()].flatMap(({ objects }) => [...objects]));
        return new Map(hashes.flatMap((hash) => (texts.has(hash) ? [[hash, texts.get(hash) ?? '']] : [])));
      },
      followHead(onHead: (head: RevisionId | undefined) => void, onError: (error: Error) => void) {
        tellHead = onHead;
        tellError = onError;
        return {
          close() {
            fake.isClosed = true;
          },
        };
      },
    },
  };
  return fake;
}

async function startFollower(
  context: TestContext,
  accept: (id: string) => Acceptance | Promise<Acceptance> = () => ({ accepted: true }),
  directory?: string,
) {
  const place = directory ?? (await openDirectory(context));
  const fake = createFakeStore();
  const log = recordLog();
  const offered: string[] = [];
  const follower = new ConfigurationFollower({
    store: fake.store,
    disk: openRevisionDisk(place),
    logger: log.logger,
    offer: async ({ manifest }) => {
      offered.push(formatRevisionId(manifest.id));
      return accept(formatRevisionId(manifest.id));
    },
  });
  await follower.start();
  context.after(() => follower.stop());
  return { fake, log, offered, follower, directory: place };
}

async function persistedId(directory: string): Promise<string> {
  const read = await readPersistedRevision(directory);
  return read.status === 'read' ? formatRevisionId(read.value.manifest.id) : read.status;
}

describe('the follower of the configuration', () => {
  test('takes every newer revision, keeps it on disk, and never goes back', async (context) => {
    const { fake, log, offered, follower, directory } = await startFollower(context);
    fake.say(revisionOf(1));
    await waitUntil(() => follower.current !== undefined);
    fake.say(revisionOf(3));
    await waitUntil(() => offered.length === 2);
    assert.equal(follower.behind, undefined);
    fake.say(revisionOf(2));
    assert.deepEqual(follower.behind, revisionOf(2).manifest.id);
    fake.say(revisionOf(3));
    assert.equal(follower.behind, undefined);
    await pause(20);
    assert.deepEqual(offered, ['1.1', '1.3']);
    assert.equal(log.count('older configuration'), 1);
    fake.say(revisionOf(1, 2));
    await waitUntil(() => offered.length === 3);
    await follower.stop();
    assert.deepEqual(offered, ['1.1', '1.3', '2.1']);
    assert.equal(await persistedId(directory), '2.1');
  });

  test('a revision that comes while another is being taken is taken next, and those between are left out', async (context) => {
    const first = Promise.withResolvers<Acceptance>();
    const { fake, offered, follower } = await startFollower(context, (id) =>
      id === '1.1' ? first.promise : { accepted: true },
    );
    fake.say(revisionOf(1));
    await waitUntil(() => offered.length === 1);
    fake.say(revisionOf(2));
    fake.say(revisionOf(3));
    first.resolve({ accepted: true });
    await waitUntil(() => offered.length === 2);
    assert.deepEqual(offered, ['1.1', '1.3']);
    await waitUntil(() => follower.current?.manifest.id.number === 3);
  });

  test('a refused revision leaves the one before in force, is not asked about again, and is not kept on disk', async (context) => {
    const { fake, log, offered, follower, directory } = await startFollower(context, (id) =>
      id === '1.2' ? { accepted: false, reasons: ['no'] } : { accepted: true },
    );
    fake.say(revisionOf(1));
    await waitUntil(() => follower.current !== undefined);
    fake.say(revisionOf(2));
    await waitUntil(() => log.count('refused') === 1);
    fake.say(revisionOf(2));
    await pause(20);
    assert.deepEqual(offered, ['1.1', '1.2']);
    assert.equal(follower.current?.manifest.id.number, 1);
    assert.deepEqual(follower.refused, { id: revisionOf(2).manifest.id, reasons: ['no'] });
    fake.say(revisionOf(3));
    await waitUntil(() => follower.current?.manifest.id.number === 3);
    assert.equal(follower.refused, undefined);
    await follower.stop();
    assert.equal(await persistedId(directory), '1.3');
  });

  test('an offer that throws counts as refused, from disk and from the store alike', async (context) => {
    const directory = await openDirectory(context);
    await writePersistedRevision(directory, revisionOf(1));
    const crash = (id: string): Acceptance => {
      if (id !== '1.3') throw new Error('a bug');
      return { accepted: true };
    };
    const { fake, log, offered, follower } = await startFollower(context, crash, directory);
    assert.equal(log.count('on disk is refused'), 1);
    fake.say(revisionOf(2));
    await waitUntil(() => log.count('this configuration is refused') === 1);
    fake.say(revisionOf(3));
    await waitUntil(() => follower.current !== undefined);
    assert.deepEqual(offered, ['1.1', '1.2', '1.3']);
  });

  test('starts from disk without a store, and asks the store only for what is newer', async (context) => {
    const directory = await openDirectory(context);
    await writePersistedRevision(directory, revisionOf(5));
    const { fake, offered, follower } = await startFollower(context, undefined, directory);
    assert.deepEqual(offered, ['1.5']);
    fake.say(revisionOf(5));
    fake.say(revisionOf(4));
    await pause(20);
    assert.deepEqual({ offered, fetches: fake.fetches }, { offered: ['1.5'], fetches: 0 });
    assert.equal(follower.current?.manifest.id.number, 5);
  });

  test('what is damaged on disk is never offered: it waits for the store', async (context) => {
    const directory = await openDirectory(context);
    await writePersistedRevision(directory, revisionOf(5));
    const file = join(directory, REVISION_FILE);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('web-eu', 'web-xx'));
    const { fake, log, offered, follower } = await startFollower(context, undefined, directory);
    assert.deepEqual(offered, []);
    assert.equal(log.count('on disk cannot be used'), 1);
    fake.say(revisionOf(5));
    await waitUntil(() => follower.current !== undefined);
    await follower.stop();
    assert.equal(await persistedId(directory), '1.5');
  });

  test('a store that lost everything, or does not answer, changes nothing and is told once', async (context) => {
    const { fake, log, offered, follower } = await startFollower(context);
    fake.say(revisionOf(1));
    await waitUntil(() => follower.current !== undefined);
    assert.equal(follower.condition, 'ok');
    fake.say(undefined);
    fake.say(undefined);
    assert.equal(follower.condition, 'empty');
    assert.equal(log.count('has lost the configuration'), 1);
    fake.fail('gone');
    assert.equal(follower.condition, 'unavailable');
    assert.equal(log.count('does not answer'), 1);
    assert.equal(follower.storeFault, 'the store does not answer');
    fake.fail('WRONGPASS', 'STORE_REJECTED');
    assert.equal(log.count('refuses us'), 1);
    assert.equal(follower.storeFault, 'the store refuses us');
    fake.say(revisionOf(1));
    assert.equal(follower.condition, 'ok');
    assert.equal(log.count('answers again'), 1);
    assert.equal(follower.current?.manifest.id.number, 1);
    assert.deepEqual(offered, ['1.1']);
  });

  test('a fetch that failed is tried again until it comes through, and told once', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { fake, log, follower } = await startFollower(context);
    fake.failing = true;
    fake.say(revisionOf(1));
    for (let tries = 1; tries <= 3; tries++) {
      while (fake.fetches < tries) await new Promise(setImmediate);
      await new Promise(setImmediate);
      context.mock.timers.tick(250);
    }
    while (fake.fetches < 4) await new Promise(setImmediate);
    assert.equal(log.count('trying again'), 1);
    fake.failing = false;
    await new Promise(setImmediate);
    context.mock.timers.tick(250);
    while (follower.current === undefined) await new Promise(setImmediate);
    assert.equal(follower.current.manifest.id.number, 1);
  });

  test('nothing is offered any more once it has been stopped, though it was being fetched', async (context) => {
    const { fake, offered, follower } = await startFollower(context);
    fake.say(revisionOf(1));
    await follower.stop();
    await pause(20);
    assert.deepEqual(offered, []);
    assert.ok(fake.isClosed);
  });
});
