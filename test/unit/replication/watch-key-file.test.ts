// Following the file of TSIG keys.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchKeyFile } from '../../../src/replication/watch-key-file.ts';
import { formatName } from '../../../src/wire/name.ts';

const SECRET = Buffer.alloc(32, 5).toString('base64');
const key = (name: string, secret = SECRET) => `key "${name}" { algorithm hmac-sha256; secret "${secret}"; };`;
const INTERVAL_MS = 10;
const LIMIT_MS = 3000;

describe('the watch of the key file', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'azimuth-keys-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function watch(file: string) {
    const lines: string[] = [];
    const say = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const names: string[][] = [];
    const watching = watchKeyFile({ file, intervalMs: INTERVAL_MS }, { info: say, warn: say, error: say }, (keys) =>
      names.push(keys.map(({ name }) => formatName(name))),
    );
    return { lines, names, watching };
  }
  async function until(holds: () => boolean): Promise<void> {
    for (const end = performance.now() + LIMIT_MS; !holds() && performance.now() < end; ) await sleep(INTERVAL_MS);
    assert.ok(holds());
  }

  test('reads at once, then again when the file changes; a fault keeps the keys before, is told once, and no secret is', async () => {
    const file = join(folder, 'keys');
    writeFileSync(file, key('one'), { mode: 0o600 });
    const { lines, names, watching } = watch(file);
    try {
      assert.deepEqual(names, [['one']]);
      writeFileSync(file, `${key('one')}\n${key('two')}`);
      await until(() => names.length === 2);
      assert.deepEqual(names[1], ['one', 'two']);
      writeFileSync(file, `${key('three')}\n${key('three', 'AAAA')}`);
      await until(() => lines.some((line) => line.includes('line 2')));
      await sleep(5 * INTERVAL_MS);
      assert.equal(lines.filter((line) => line.includes('line 2')).length, 1);
      assert.equal(names.length, 2);
      assert.deepEqual(
        watching.keys.map(({ name }) => formatName(name)),
        ['one', 'two'],
      );
      rmSync(file);
      await until(() => lines.some((line) => line.includes('ENOENT')));
      assert.match(
        lines.at(-1) ?? '',
        /of dns\.tsig\.keyFile cannot be used: those before stay in force .*make it .*tsig-keygen/,
      );
      writeFileSync(file, key('four'));
      await until(() => names.length === 3);
      assert.ok(!lines.join().includes(SECRET));
    } finally {
      watching.close();
    }
  });

  test('reads again when the rights of the file change: what could not be read may be readable now', async () => {
    const file = join(folder, 'rights');
    writeFileSync(file, key('one'), { mode: 0o600 });
    const { names, watching } = watch(file);
    chmodSync(file, 0o640);
    await until(() => names.length === 2);
    watching.close();
  });

  test('warns of a file that everybody can read', () => {
    const file = join(folder, 'open');
    writeFileSync(file, key('one'), { mode: 0o644 });
    const { lines, watching } = watch(file);
    watching.close();
    assert.ok(lines.some((line) => line.includes('every user of this machine')));
  });

  test('an empty path is no file, and nothing is said', () => {
    const { lines, names } = watch('');
    assert.deepEqual([lines, names], [[], []]);
  });
});
