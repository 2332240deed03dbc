// Builds the batch socket (src/native) into build/azimuth.node where that can be done: on Linux, with a C compiler. Elsewhere
// Node's own sockets serve, with the same answers. Part of the set-up; by itself: `node scripts/build-native.mjs`, which
// fails where nothing was built. Node-API only: one binary serves every Node.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FLAGS = ['-std=c11', '-O2', '-Wall', '-Wextra', '-fPIC', '-shared', '-fvisibility=hidden'];
const BUILD_TIMEOUT_MS = 120_000;

/**
 * Builds unless what is there is in step with the sources. Says in one line what was done, or why it goes without; nothing
 * when it has been said before. Answers whether there is a binary.
 */
export function buildNative(say, root = ROOT) {
  const sources = listSources(root);
  if (sources.length === 0) return false;
  const directory = join(root, 'build');
  const binary = join(directory, 'azimuth.node');
  const stampFile = join(directory, 'azimuth.sha256');
  const compiler = process.platform === 'linux' ? findCompiler() : undefined;
  const stamp = `${hashOf(sources)} ${process.arch} ${compiler === undefined ? 'none' : 'built'}\n`;
  if (readIfThere(stampFile) === stamp && existsSync(binary) === (compiler !== undefined)) return existsSync(binary);

  mkdirSync(directory, { recursive: true });
  // One of other sources is worse than none.
  rmSync(binary, { force: true });
  if (compiler === undefined) {
    const why = process.platform === 'linux' ? 'there is no C compiler (apt-get install gcc)' : 'it is made for Linux';
    say(`no batch socket, because ${why}: UDP is read with Node's own, which costs more of the processor`);
  } else {
    const fault = compile(compiler, sources, binary, root);
    if (fault !== undefined) {
      // Not stamped: the next set-up tries again.
      say(`the batch socket could not be built, so UDP is read with Node's own: ${fault}`);
      return false;
    }
    say(`batch socket built with ${compiler}`);
  }
  writeFileSync(stampFile, stamp);
  return compiler !== undefined;
}

function listSources(root) {
  const folder = join(root, 'src/native');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function hashOf(sources) {
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const source of sources) hash.update(readFileSync(source));
  return hash.digest('hex');
}

function findCompiler() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const isThere = (name) =>
    name.includes('/') ? existsSync(name) : folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
  return [process.env.CC, 'cc', 'gcc', 'clang'].find((name) => name !== undefined && name !== '' && isThere(name));
}

/** Into a file beside it first: a process that starts meanwhile finds a whole one or none. Answers what went wrong. */
function compile(compiler, sources, binary, root) {
  const headers = join(root, 'node_modules/node-api-headers/include');
  const temporary = `${binary}.${process.pid}.tmp`;
  const files = sources.filter((name) => name.endsWith('.c'));
  const { status, error, stderr } = spawnSync(compiler, [...FLAGS, '-I', headers, ...files, '-o', temporary], {
    encoding: 'utf8',
    timeout: BUILD_TIMEOUT_MS,
  });
  if (status !== 0) {
    rmSync(temporary, { force: true });
    return error?.message ?? stderr.split('\n').find((line) => line.includes('error')) ?? `${compiler} failed`;
  }
  renameSync(temporary, binary);
  return undefined;
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isBuilt = buildNative((text) => process.stderr.write(`build: ${text}\n`));
  process.exit(isBuilt ? 0 : 1);
}
