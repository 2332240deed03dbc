// Builds C of the project for a test, into a folder that ends with the test's process: the batch socket with faults to order or
// with sanitizers, and small programs that do what Node cannot.

import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '../../scripts/test-tools.ts';
import { ROOT } from './processes.ts';

const COMPILER = ['cc', 'gcc', 'clang'].find((name) => findTool(name) !== undefined);
const HEADERS = join(ROOT, 'node_modules/node-api-headers/include');
const FLAGS = ['-std=c11', '-g', '-Wall', '-Wextra', '-Werror'];
/** What test/native/faults.c stands in front of. */
const WRAPPED = 'recvmmsg sendmmsg socket setsockopt bind getsockname uv_poll_init uv_poll_start'.split(' ');

/** For `skip`: why nothing can be built here, or false. With CI=true the test runs, and fails. */
export const cannotBuild: string | false =
  process.env.CI === 'true' || (process.platform === 'linux' && COMPILER !== undefined)
    ? false
    : 'needs Linux and a C compiler: sudo apt-get install --no-install-recommends gcc libc6-dev';

let folder: string | undefined;

function openFolder(): string {
  if (folder !== undefined) return folder;
  const made = mkdtempSync(join(tmpdir(), 'azimuth-native-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  folder = made;
  return made;
}

/** The batch socket, with test/native/faults.c linked in; `flags` are the compiler's. Returns its file. */
export function buildFaultyAddon(flags: readonly string[] = []): string {
  const sources = [...globSync(join(ROOT, 'src/native/*.c')), join(ROOT, 'test/native/faults.c')];
  const wraps = WRAPPED.map((call) => `-Wl,--wrap=${call}`);
  return build('azimuth.node', [
    '-fPIC',
    '-shared',
    '-fvisibility=hidden',
    '-I',
    HEADERS,
    ...flags,
    ...wraps,
    ...sources,
  ]);
}

/** A program of test/native. Returns its file. */
export function buildProgram(name: string): string {
  return build(name, [join(ROOT, 'test/native', `${name}.c`)]);
}

function build(name: string, args: readonly string[]): string {
  const file = join(openFolder(), name);
  const { status, stderr, error } = spawnSync(COMPILER ?? 'cc', [...FLAGS, ...args, '-o', file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} cannot be built: ${error?.message ?? stderr}`);
  return file;
}
