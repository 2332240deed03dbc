import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseSettings } from '../../../src/model/settings.ts';
import { openKeySecret, SECRET_FILE } from '../../../src/roles/key-secret.ts';
import { openDirectory } from './fixture.ts';

function settingsOf(document: object) {
  const parsed = parseSettings(document);
  assert.ok(parsed.ok);
  return parsed.value;
}

describe('the secret of keys', () => {
  test('is made once beside the embedded store, for its owner alone', async (context) => {
    const stateDirectory = join(await openDirectory(context), 'state');
    const settings = settingsOf({ stateDirectory });
    const [first, second] = await Promise.all([openKeySecret(settings), openKeySecret(settings)]);
    assert.deepEqual(await readdir(stateDirectory), [SECRET_FILE]);
    const third = await openKeySecret(settings);
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
    assert.equal(await openKeySecret(settingsOf({ stateDirectory, store })), undefined);
    const secretFile = join(stateDirectory, 'given');
    await writeFile(secretFile, 'ab'.repeat(32));
    const given = await openKeySecret(settingsOf({ stateDirectory, store, dnssec: { secretFile } }));
    assert.equal(given?.secret.export().toString('hex'), 'ab'.repeat(32));
  });

  test('a file that is not there, or holds none, is told with its path and never with what it holds', async (context) => {
    const stateDirectory = await openDirectory(context);
    const secretFile = join(stateDirectory, 'given');
    const settings = settingsOf({ stateDirectory, dnssec: { secretFile } });
    await assert.rejects(openKeySecret(settings), /the secret of DNSSEC keys cannot be read \(ENOENT.*given/);
    await writeFile(secretFile, 'hunter2');
    await assert.rejects(openKeySecret(settings), (error: Error) => {
      assert.match(error.message, /given cannot be used: it must hold 32 octets/);
      return !error.message.includes('hunter2');
    });
  });
});
