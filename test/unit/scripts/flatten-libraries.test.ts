// A library in many files becomes a few, in a folder of its own, and goes on working where it cannot.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../style/sources.ts';

const { flattenLibraries } = await import(pathToFileURL(join(ROOT, 'scripts/flatten-libraries.mjs')).href);
const MARK = '// flattened';

let folder = '';
let library = '';
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'azimuth-flatten-'));
  library = join(folder, 'node_modules/typebox');
  mkdirSync(join(library, 'build/value'), { recursive: true });
  const exports = { './value': { import: './build/value/index.mjs' }, '.': { import: './build/index.mjs' } };
  writeFileSync(join(library, 'package.json'), JSON.stringify({ name: 'typebox', type: 'module', exports }));
  write('build/index.mjs', "export * from './shared.mjs';");
  write('build/value/index.mjs', "import { one } from '../shared.mjs';\nexport const two = one + 1;");
  write('build/shared.mjs', 'export const one = 1;');
  said.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, text: string) => writeFileSync(join(library, path), text);
const read = (path: string) => readFileSync(join(library, path), 'utf8');
const flatten = () => flattenLibraries((line: string) => said.push(line), folder);

describe('flattenLibraries', () => {
  test('every entry is flat and says the same as before; the second time nothing is done', async () => {
    await flatten();
    assert.deepEqual(said, []);
    for (const path of ['build/index.mjs', 'build/value/index.mjs']) assert.ok(read(path).startsWith(MARK), path);
    rmSync(join(library, 'build/shared.mjs'));
    const { one } = await import(pathToFileURL(join(library, 'build/index.mjs')).href);
    const { two } = await import(pathToFileURL(join(library, 'build/value/index.mjs')).href);
    assert.deepEqual([one, two], [1, 2]);
    const before = read('build/index.mjs');
    await flatten();
    assert.equal(read('build/index.mjs'), before);
    assert.deepEqual(
      readdirSync(join(library, 'build')).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  test('a library that cannot be flattened stays as it is, and that is said', async () => {
    write('build/shared.mjs', 'this is no program');
    const before = read('build/index.mjs');
    await flatten();
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^typebox stays in many files, .*: Build failed/);
    assert.equal(read('build/index.mjs'), before);
  });

  test('the one that is installed is flat', () => {
    for (const entry of ['index', 'compile/index', 'value/index']) {
      assert.ok(readFileSync(join(ROOT, `node_modules/typebox/build/${entry}.mjs`), 'utf8').startsWith(MARK), entry);
    }
  });
});
