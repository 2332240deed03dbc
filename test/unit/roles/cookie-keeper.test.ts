import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { keepCookieSecrets } from '../../../src/roles/cookie-keeper.ts';
import { openDirectory, recordLog, waitUntil } from './fixture.ts';

const ONE = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const TWO = '445536bcd2513298075a5d379663c962';
const OFF = { enabled: true, secrets: [], secretFile: '', required: 'never' } as const;
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** The secrets that are shared, as hex, first the one that makes cookies. */
function read(secrets: Int32Array): readonly string[] {
  const bytes = Buffer.from(secrets.buffer, secrets.byteOffset, secrets.byteLength);
  return Array.from({ length: secrets[0] ?? 0 }, (_, index) =>
    bytes.subarray(4 + 16 * index, 20 + 16 * index).toString('hex'),
  );
}

describe('the keeper of cookie secrets', () => {
  test('keeps those of the settings', () => {
    const keeper = keepCookieSecrets({ ...OFF, secrets: [bytesOf(TWO), bytesOf(ONE)] }, recordLog().logger);
    assert.deepEqual(read(keeper.secrets), [TWO, ONE]);
    keeper.close();
  });

  test('has none where cookies are not served', () => {
    const keeper = keepCookieSecrets({ ...OFF, enabled: false, secrets: [bytesOf(ONE)] }, recordLog().logger);
    assert.deepEqual(read(keeper.secrets), []);
    keeper.close();
  });

  test('makes one where none is given, another one each day, and forgets what is older than that', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const keeper = keepCookieSecrets(OFF, recordLog().logger);
    const [first = ''] = read(keeper.secrets);
    assert.match(first, /^[0-9a-f]{32}$/);
    assert.notEqual(first, read(keepCookieSecrets(OFF, recordLog().logger).secrets)[0]);
    context.mock.timers.tick(24 * 60 * 60 * 1000);
    const [second = '', ...others] = read(keeper.secrets);
    assert.notEqual(second, first);
    assert.deepEqual(others, [first]);
    context.mock.timers.tick(24 * 60 * 60 * 1000);
    assert.deepEqual(read(keeper.secrets).slice(1), [second]);
    keeper.close();
  });

  test('reads a file again when it changes, and keeps what it had while the file is no use', async (context) => {
    const secretFile = join(await openDirectory(context), 'cookies');
    await writeFile(secretFile, `${ONE}\n`);
    const log = recordLog();
    const keeper = keepCookieSecrets({ ...OFF, secretFile, secrets: [bytesOf(TWO)] }, log.logger);
    context.after(() => keeper.close());
    assert.deepEqual(read(keeper.secrets), [ONE]);
    await writeFile(secretFile, 'something else\n');
    await waitUntil(() => log.count('no use') > 0, 'the complaint');
    assert.deepEqual(read(keeper.secrets), [ONE]);
    await writeFile(secretFile, `${TWO}\n${ONE}\n`);
    await waitUntil(() => log.count('in force') > 0, 'the change');
    assert.deepEqual(read(keeper.secrets), [TWO, ONE]);
    assert.ok(!JSON.stringify(log.lines).includes(ONE) && !JSON.stringify(log.lines).includes('something else'));
  });

  test('says at the start what is wrong with a file', async (context) => {
    const secretFile = join(await openDirectory(context), 'cookies');
    const message = /cookie secrets in .*cookies cannot be used: .* Correct dns\.cookies\.secretFile/;
    assert.throws(() => keepCookieSecrets({ ...OFF, secretFile }, recordLog().logger), message);
    await writeFile(secretFile, '');
    assert.throws(() => keepCookieSecrets({ ...OFF, secretFile }, recordLog().logger), message);
  });
});
