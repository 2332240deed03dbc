import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Revision } from '../../../src/model/revision.ts';
import { parseSettings } from '../../../src/model/settings.ts';
import { JOURNAL_DIRECTORY } from '../../../src/roles/journal.ts';
import { type KeptManifests, openKeySecret, SECRET_FILE } from '../../../src/roles/key-secret.ts';
import { composeRevision, textsOf } from '../../../src/roles/revision-texts.ts';
import { writePersistedRevision } from '../../../src/store/persisted-revision.ts';
import { openDirectory, revisionOf } from './fixture.ts';

function settingsOf(document: object) {
  const parsed = parseSettings(document);
  assert.ok(parsed.ok);
  return parsed.value;
}

const EMPTY_STORE: KeptManifests = { readHead: async () => undefined, readManifest: async () => undefined };

/** A revision that has the keys of a zone. */
function revisionWithKeys(): Revision {
  const { manifest, objects } = revisionOf(1);
  return composeRevision(manifest, textsOf({ manifest, objects }).set('keys/gtm.example.com', '{}'));
}

describe('the secret of keys', () => {
  test('is made once beside the embedded store, for its owner alone', async (context) => {
    const stateDirectory = join(await openDirectory(context), 'state');
    const settings = settingsOf({ stateDirectory });
    const [first, second] = await Promise.all([
      openKeySecret(settings, EMPTY_STORE),
      openKeySecret(settings, EMPTY_STORE),
    ]);
    assert.deepEqual(await readdir(stateDirectory), [SECRET_FILE]);
    const third = await openKeySecret(settings, EMPTY_STORE);
    assert.ok(first && second && third);
    assert.deepEqual(first.secret.export(), third.secret.export());
    assert.deepEqual(first.secret.export(), second.secret.export());
    const file = join(stateDirectory, SECRET_FILE);
    assert.equal((await stat(file)).mode & 0o077, 0);
    assert.equal((await readFile(file, 'utf8')).trim(), first.secret.export().toString('hex'));
  });

  test('is none with Redis unless a file is named', async (context) => {
    const stateDirectory = await openDirectory(context);
    const store = 'redis://127.0.0.1:6379';
    assert.equal(await openKeySecret(settingsOf({ stateDirectory, store }), EMPTY_STORE), undefined);
    const secretFile = join(stateDirectory, 'given');
    await writeFile(secretFile, 'ab'.repeat(32));
    const given = await openKeySecret(settingsOf({ stateDirectory, store, dnssec: { secretFile } }), EMPTY_STORE);
    assert.equal(given?.secret.export().toString('hex'), 'ab'.repeat(32));
  });

  test('is never replaced by a new one where the store or what the node keeps has keys already', async (context) => {
    const { manifest } = revisionWithKeys();
    const store: KeptManifests = { readHead: async () => manifest.id, readManifest: async () => manifest };
    const told = /dnssec\.secret, is not there, .*: put its copy back, or name the file .* in dnssec\.secretFile/;
    const directory = await openDirectory(context);
    await assert.rejects(openKeySecret(settingsOf({ stateDirectory: directory }), store), told);
    assert.deepEqual(await readdir(directory), []);
    for (const folder of ['.', JOURNAL_DIRECTORY]) {
      const stateDirectory = await openDirectory(context);
      await mkdir(join(stateDirectory, folder), { recursive: true });
      await writePersistedRevision(join(stateDirectory, folder), revisionWithKeys());
      const settings = settingsOf({ stateDirectory });
      await assert.rejects(openKeySecret(settings, EMPTY_STORE), told);
      await writeFile(join(stateDirectory, SECRET_FILE), 'ab'.repeat(32));
      assert.ok(await openKeySecret(settings, store), 'its copy is back');
    }
  });

  test('a file that is not there, or holds none, is told with its path and never with what it holds', async (context) => {
    const stateDirectory = await openDirectory(context);
    const secretFile = join(stateDirectory, 'given');
    const settings = settingsOf({ stateDirectory, dnssec: { secretFile } });
    await assert.rejects(
      openKeySecret(settings, EMPTY_STORE),
      /the secret of DNSSEC keys cannot be read \(ENOENT.*given/,
    );
    await writeFile(secretFile, 'hunter2');
    await assert.rejects(openKeySecret(settings, EMPTY_STORE), (error: Error) => {
      assert.match(error.message, /given cannot be used: it must hold 32 octets/);
      return !error.message.includes('hunter2');
    });
  });
});
