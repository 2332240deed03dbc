// The build of the batch socket, run for real in a folder of its own, with a stand-in for the compiler.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ROOT } from '../style/sources.ts';

/** Joins its sources into what it is to make; refuses one that says so, as a compiler does. Has no cat: its PATH is empty. */
const COMPILER = `#!/bin/sh
output= text=
for argument; do
  case $last in -o) output=$argument ;; esac
  case $argument in *.c) while read -r line; do
    case $line in *broken*) echo "$argument:1: error: it is broken" >&2; exit 1 ;; esac
    text="$text$line;"
  done <"$argument" ;; esac
  last=$argument
done
echo "$text" >"$output"
`;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'azimuth-build-'));
  for (const name of ['scripts', 'bin', 'src/native']) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join(ROOT, 'scripts/build-native.mjs'), join(folder, 'scripts/build-native.mjs'));
  write('socket.c', 'one');
  write('socket.h', 'a header');
  provideCompiler('cc');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, 'src/native', name), `${text}\n`);
const provideCompiler = (name: string) => writeFileSync(join(folder, 'bin', name), COMPILER, { mode: 0o755 });
const readBinary = () => readFileSync(join(folder, 'build/azimuth.node'), 'utf8').trim();

function build(environment: Readonly<Record<string, string>> = {}) {
  const env = { PATH: join(folder, 'bin'), ...environment };
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-native.mjs'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { status, said: stderr.trim() };
}

const SILENCE = { status: 0, said: '' };

describe('the build of the batch socket', { skip: process.platform !== 'linux' && 'is made for Linux' }, () => {
  test('happens once, is told in a line, and is silent the second time', () => {
    assert.deepEqual(build(), { status: 0, said: 'build: batch socket built with cc' });
    assert.equal(readBinary(), 'one;');
    assert.deepEqual(build(), SILENCE);
    assert.deepEqual(readdirSync(join(folder, 'build')).sort(), ['azimuth.node', 'azimuth.sha256']);
  });

  test('happens again when a source or a header has changed, one has come or gone, or the binary is missing', () => {
    build();
    const changes = [
      () => write('socket.c', 'two'),
      () => write('socket.h', 'another header'),
      () => write('more.c', 'three'),
      () => rmSync(join(folder, 'src/native/more.c')),
      () => rmSync(join(folder, 'build/azimuth.node')),
    ];
    for (const change of changes) {
      change();
      assert.equal(build().said, 'build: batch socket built with cc');
      assert.deepEqual(build(), SILENCE);
    }
    assert.equal(readBinary(), 'two;');
  });

  test('says once that there is no compiler, leaves no binary of before, and builds when there is one', () => {
    build();
    rmSync(join(folder, 'bin/cc'));
    const { status, said } = build();
    assert.equal(status, 1);
    assert.match(said, /^build: no batch socket, because there is no C compiler \(apt-get install gcc\): .*$/);
    assert.equal(existsSync(join(folder, 'build/azimuth.node')), false);
    assert.deepEqual(build(), { status: 1, said: '' });
    provideCompiler('gcc');
    assert.equal(build().said, 'build: batch socket built with gcc');
  });

  test('leaves nothing of before where a source does not compile, says why, and tries again', () => {
    build();
    write('socket.c', 'broken');
    for (let turn = 0; turn < 2; turn++) {
      const { status, said } = build();
      assert.equal(status, 1);
      assert.match(said, /^build: the batch socket could not be built, .*socket\.c:1: error: it is broken$/);
      assert.deepEqual(
        readdirSync(join(folder, 'build')).filter((name) => name !== 'azimuth.sha256'),
        [],
      );
    }
    write('socket.c', 'mended');
    assert.equal(build().said, 'build: batch socket built with cc');
    assert.equal(readBinary(), 'mended;');
  });

  test('takes the compiler that CC names, by its name or its path', () => {
    provideCompiler('other');
    assert.equal(build({ CC: 'other' }).said, 'build: batch socket built with other');
    rmSync(join(folder, 'build'), { recursive: true });
    const path = join(folder, 'bin/other');
    assert.equal(build({ CC: path }).said, `build: batch socket built with ${path}`);
    rmSync(join(folder, 'build'), { recursive: true });
    assert.equal(build({ CC: 'nothing' }).said, 'build: batch socket built with cc');
  });
});
