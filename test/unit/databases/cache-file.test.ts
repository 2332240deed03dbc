import assert from 'node:assert/strict';
import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { dropOldFiles, isWholeCacheFile, readCacheFile, writeCacheFile } from '../../../src/databases/cache-file.ts';

type Header = { readonly name: string };

const reader = {
  isHeader: (value: unknown): value is Header => typeof value === 'object' && value !== null && 'name' in value,
  imageBytes: () => 4,
};

describe('a file of a cache', () => {
  let directory: string;

  const write = (): void => writeCacheFile(directory, 'a.bin', { name: 'Berlin' }, [Uint8Array.of(1, 2, 3, 4)]);
  const read = (): Header | undefined => readCacheFile(join(directory, 'a.bin'), reader)?.header;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'azimuth-cache-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('counts as not there when any bit of it is another one, those of the header too', () => {
    write();
    assert.deepEqual(read(), { name: 'Berlin' });
    const path = join(directory, 'a.bin');
    const whole = readFileSync(path);
    const end = whole.indexOf('}') + 1;
    for (let at = 0; at < whole.length; at += 1) {
      // Nobody reads what only fills up to a multiple of eight.
      if (at >= end && at < whole.length - 4) continue;
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(path, damaged);
      assert.equal(read(), undefined, `byte ${at}`);
    }
  });

  it('is read where nobody may write, such as on a disk for reading only', (context) => {
    write();
    context.mock.method(fs, 'utimesSync', () => {
      throw new Error('EROFS: read-only file system');
    });
    syncBuiltinESMExports();
    context.after(() => {
      context.mock.restoreAll();
      syncBuiltinESMExports();
    });
    assert.deepEqual(read(), { name: 'Berlin' });
  });

  it('leaves nothing behind on a disk that did not take all of it', () => {
    mkdirSync(join(directory, 'a.bin'));
    assert.throws(write);
    assert.deepEqual(readdirSync(directory), ['a.bin']);
  });

  it('counts as used also where it is looked for and not read, as the map of a node that has all its rankings', () => {
    for (const [name, ageMs] of [['a-1.bin', 9000] as const, ['a-2.bin', 5000] as const]) {
      writeCacheFile(directory, name, { name }, [Uint8Array.of(1, 2, 3, 4)]);
      const written = new Date(Date.now() - ageMs);
      utimesSync(join(directory, name), written, written);
    }
    assert.equal(isWholeCacheFile(join(directory, 'a-1.bin'), reader), true);
    dropOldFiles(directory, 'a-', 1);
    assert.deepEqual(readdirSync(directory), ['a-1.bin']);
  });

  it('is not written over by a process of another container that has the same id', () => {
    const theirs = join(directory, `a.bin.${process.pid}.tmp`);
    writeFileSync(theirs, 'half');
    write();
    assert.deepEqual(readdirSync(directory).sort(), ['a.bin', `a.bin.${process.pid}.tmp`]);
    assert.equal(readFileSync(theirs, 'utf8'), 'half');
  });

  it('stays while another process is writing it, and goes when that has left it', () => {
    const [written, abandoned] = [join(directory, 'a-1.bin.1.tmp'), join(directory, 'a-2.bin.1.tmp')];
    for (const path of [written, abandoned]) writeFileSync(path, 'half');
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(abandoned, hourAgo, hourAgo);
    dropOldFiles(directory, 'a-', 2);
    assert.deepEqual(readdirSync(directory), ['a-1.bin.1.tmp']);
  });
});
