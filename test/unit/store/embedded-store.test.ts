// The embedded driver: the contract of both, and what is its own, the file on disk.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DATABASE_FILE } from '../../../src/store/embedded/database.ts';
import { openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { isStoreError } from '../../../src/store/store-error.ts';
import {
  CONTRACT_HISTORY,
  CONTRACT_POLL_MS,
  describeStoreContract,
  makeRevision,
} from '../../support/store-contract.ts';

let base = '';
let count = 0;

describeStoreContract(
  'the embedded store',
  {
    start: makeBase,
    stop: removeBase,
    openEmpty: async () =>
      openEmbeddedStore(nextDirectory(), { pollIntervalMs: CONTRACT_POLL_MS, historyLimit: CONTRACT_HISTORY }),
  },
  undefined,
);

describe('the file of the embedded store', () => {
  before(makeBase);
  after(removeBase);

  test('keeps the configuration over a restart', async () => {
    const directory = nextDirectory();
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    const first = openEmbeddedStore(directory);
    await first.configuration.commit(manifest, objects);
    await first.close();
    const second = openEmbeddedStore(directory);
    assert.deepEqual(await second.configuration.readManifest(manifest.id), manifest);
    assert.deepEqual(await second.configuration.readHead(), manifest.id);
    await second.close();
  });

  test('keeps what was committed when the process is killed', async () => {
    const directory = nextDirectory();
    const script = `
      import { openEmbeddedStore } from '${new URL('../../../src/store/embedded/open-embedded-store.ts', import.meta.url)}';
      import { makeRevision } from '${new URL('../../support/store-contract.ts', import.meta.url)}';
      const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
      await openEmbeddedStore(${JSON.stringify(directory)}).configuration.commit(manifest, objects);
      process.kill(process.pid, 'SIGKILL');
    `;
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
    assert.equal(run.signal, 'SIGKILL', run.stderr);
    const store = openEmbeddedStore(directory);
    assert.deepEqual(await store.configuration.readHead(), { generation: 1, number: 1 });
    await store.close();
  });

  test('belongs to one process: another one is told who is in the way', async () => {
    const directory = nextDirectory();
    const store = openEmbeddedStore(directory);
    const script = `
      import { openEmbeddedStore } from '${new URL('../../../src/store/embedded/open-embedded-store.ts', import.meta.url)}';
      try { openEmbeddedStore(${JSON.stringify(directory)}); } catch (error) { console.log(error.code, error.message, error.advice); }
    `;
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
    assert.match(
      run.stdout,
      /^STORE_LOCKED .*configuration\.sqlite is in use by another process .*AZIMUTH_STATE_DIRECTORY/,
    );
    assert.throws(() => openEmbeddedStore(directory), { code: 'STORE_LOCKED' });
    await store.close();
    await openEmbeddedStore(directory).close();
  });

  test('is refused, by name and with advice, when it is no database', async () => {
    const directory = nextDirectory();
    await openEmbeddedStore(directory).close();
    await writeFile(join(directory, DATABASE_FILE), 'this is no database, whatever its name says. '.repeat(100));
    assert.throws(() => openEmbeddedStore(directory), isDamage);
  });

  test('is refused when pages inside it are damaged', async () => {
    const directory = nextDirectory();
    const store = openEmbeddedStore(directory);
    const { manifest, objects } = makeRevision(1, null, { regions: 'x'.repeat(100_000) });
    await store.configuration.commit(manifest, objects);
    await store.close();
    const file = join(directory, DATABASE_FILE);
    const bytes = await readFile(file);
    bytes.fill(0xff, 4096, bytes.length - 4096);
    await writeFile(file, bytes);
    assert.throws(() => openEmbeddedStore(directory), isDamage);
  });

  test('says what is wrong when its directory cannot be made', async () => {
    const file = join(base, 'a-file');
    await writeFile(file, '');
    assert.throws(
      () => openEmbeddedStore(join(file, 'inside')),
      (error: unknown) => {
        return isStoreError(error) && error.code === 'STORE_UNWRITABLE' && /stateDirectory/.test(error.advice);
      },
    );
  });

  test('nobody else may read it, as with all that stands in the state directory', async () => {
    const directory = nextDirectory();
    const store = openEmbeddedStore(directory);
    for (const name of await readdir(directory)) {
      assert.equal((await stat(join(directory, name))).mode & 0o077, 0, name);
    }
    await store.close();
  });
});

function isDamage(error: unknown): boolean {
  return isStoreError(error) && error.code === 'STORE_DAMAGED' && error.message.includes(DATABASE_FILE);
}

async function makeBase(): Promise<void> {
  base = await mkdtemp(join(tmpdir(), 'azimuth-store-'));
}

async function removeBase(): Promise<void> {
  await rm(base, { recursive: true, force: true });
}

function nextDirectory(): string {
  return join(base, String(count++));
}
