import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDirectory } from '../../../src/native/make-directory.ts';

test('makes a directory and those above it, for its owner only; one that is there stays', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'azimuth-store-'));
  context.after(() => rmSync(folder, { recursive: true }));
  makeDirectory(join(folder, 'a/b/c'));
  makeDirectory(join(folder, 'a/b/c'));
  assert.equal(statSync(join(folder, 'a/b')).mode & 0o777, 0o700);
  makeDirectory(join(folder, 'a'));
  assert.ok(existsSync(join(folder, 'a/b/c')));
});

test('ends with an error where none can be made', { timeout: 10_000 }, (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'azimuth-store-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => makeDirectory(join(folder, 'file/below')), /ENOTDIR/);
  if (process.platform === 'linux') assert.throws(() => makeDirectory('/proc/azimuth/below'), /ENOENT/);
});
