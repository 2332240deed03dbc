// The set-up, run for real in a folder of its own, with a stand-in for npm that installs what the test says.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ROOT } from '../style/sources.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'azimuth-setup-'));
  for (const name of ['scripts', 'bin']) mkdirSync(join(folder, name));
  for (const name of ['setup.mjs', 'build-native.mjs', 'flatten-libraries.mjs']) {
    copyFileSync(join(ROOT, 'scripts', name), join(folder, 'scripts', name));
  }
  writeFileSync(join(folder, 'package-lock.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Installs a Node that answers `version`, or none; says what it was asked for. */
function provideNpm(version: string | undefined, status = 0): void {
  const node = `mkdir -p node_modules/.bin && printf '#!/bin/sh\\necho ${version}\\n' >node_modules/.bin/node && chmod +x node_modules/.bin/node`;
  const lines = [
    '#!/bin/sh',
    'rm -rf node_modules',
    'mkdir -p node_modules',
    'echo "npm $*"',
    version === undefined ? '' : node,
  ];
  writeFileSync(join(folder, 'bin/npm'), [...lines, `exit ${status}`, ''].join('\n'), { mode: 0o755 });
}

function runSetup() {
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return {
    status,
    stdout,
    lines: stderr
      .trim()
      .split('\n')
      .filter((line) => line !== ''),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('set-up', () => {
  test('installs the locked dependencies on a fresh machine, and the second time does and says nothing', () => {
    provideNpm('v24.21.0');
    const first = runSetup();
    assert.equal(first.status, 0);
    assert.match(first.lines[0] ?? '', /installing the locked dependencies \(node_modules is missing\)/);
    assert.match(first.lines[1] ?? '', /^npm ci /);
    assert.match(first.lines[2] ?? '', /dependencies installed in \d+ s$/);
    assert.deepEqual(runSetup(), { status: 0, stdout: '', lines: [] });
  });

  test('installs again when the lock file has changed, or when the Node is gone', () => {
    provideNpm('v24.21.0');
    runSetup();
    writeFileSync(join(folder, 'package-lock.json'), '{ }');
    assert.match(runSetup().lines[0] ?? '', /package-lock\.json has changed/);
    assert.deepEqual(runSetup().lines, []);
    rmSync(join(folder, 'node_modules/.bin/node'));
    assert.match(runSetup().lines[1] ?? '', /^npm ci /);
  });

  test('where no Node came with the dependencies, a new enough one of the system takes its place, and this is said', () => {
    for (const version of [undefined, 'v22.1.0']) {
      provideNpm(version);
      const { status, lines } = runSetup();
      assert.equal(status, 0);
      assert.match(lines[2] ?? '', /no Node 24 came with the dependencies for \w+-\w+: using the system's v\d+/);
      const { stdout } = spawnSync(join(folder, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' });
      assert.equal(stdout.trim(), process.version);
      assert.deepEqual(runSetup().lines, []);
      rmSync(join(folder, 'node_modules'), { recursive: true });
    }
  });

  test('says what became of the batch socket, once', { skip: process.platform !== 'linux' }, () => {
    provideNpm('v24.21.0');
    runSetup();
    mkdirSync(join(folder, 'src/native'), { recursive: true });
    writeFileSync(join(folder, 'src/native/socket.c'), '');
    writeFileSync(join(folder, 'bin/cc'), '#!/bin/sh\nfor output; do :; done\n: >"$output"\n', { mode: 0o755 });
    assert.deepEqual(runSetup().lines, ['setup: batch socket built with cc']);
    assert.deepEqual(runSetup().lines, []);
  });

  test('fails when npm fails, and tries again the next time', () => {
    provideNpm('v24.21.0', 3);
    const { status, lines } = runSetup();
    assert.equal(status, 1);
    assert.match(lines.at(-1) ?? '', /npm ci failed \(it ended with 3\)/);
    provideNpm('v24.21.0');
    assert.equal(runSetup().status, 0);
  });
});

describe('package-lock.json', () => {
  type Entry = { resolved?: string; integrity?: string; optionalDependencies?: Record<string, string> };
  const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const entries = Object.entries(lock.packages);

  test('names no registry, and has the integrity of every package', () => {
    for (const [path, { resolved, integrity }] of entries) {
      if (path === '') continue;
      assert.equal(resolved, undefined, path);
      assert.match(integrity ?? '', /^sha512-/, path);
    }
  });

  test('has the packages of every platform, without which npm ci refuses it and other platforms lack their binaries', () => {
    const optional = entries.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
    const isLocked = (name: string) => entries.some(([path]) => path.endsWith(`node_modules/${name}`));
    assert.deepEqual(
      [...new Set(optional)].filter((name) => !isLocked(name)),
      [],
    );
  });
});

describe('package.json', () => {
  test('pins every dependency to one version', () => {
    const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies })) {
      assert.match(`${version}`, /^\d+\.\d+\.\d+$/, name);
    }
  });

  test('whoever ends it ends npm and what npm started, and is told at the next start why that installs again', async () => {
    const written = join(folder, 'written');
    const child = `(trap '' INT TERM; while :; do echo x >>${written}; sleep 0.02; done) &`;
    const npm = ['#!/bin/sh', 'mkdir -p node_modules', "trap '' INT TERM", child, 'wait', ''].join('\n');
    writeFileSync(join(folder, 'bin/npm'), npm, { mode: 0o755 });
    const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` };
    const setup = spawn(process.execPath, ['scripts/setup.mjs'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    setup.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    while (!existsSync(written)) await pause(10);
    setup.kill('SIGINT');
    const [status, signal] = await once(setup, 'close');
    assert.deepEqual([status, signal], [null, 'SIGINT'], said);
    assert.match(said, /the installation was ended/);
    const { size } = statSync(written);
    await pause(200);
    assert.equal(statSync(written).size, size, 'something still writes');
    provideNpm('v24.21.0');
    assert.match(runSetup().lines[0] ?? '', /an installation was not finished/);
  });
});
