// The set-up that `npm start` and `npm test` do for themselves, so that each is the only command on a fresh machine. It
// runs on any Node from 18 on and needs no package, because it is what installs them. One line for each thing done;
// silence, and a few milliseconds, when nothing is to do. The npm scripts then hand over to node_modules/.bin/node.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from './build-native.mjs';
import { flattenLibraries } from './flatten-libraries.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, 'node_modules');
const STAMP = join(MODULES, '.azimuth-lock.sha256');
const PROJECT_NODE = join(MODULES, '.bin', 'node');
const NODE_MAJOR = 24;

/** What the stamp holds when node_modules is in step with the lock file, for this kind of machine. */
function expectedStamp() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform}-${process.arch}\n`;
}

function installedStamp() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}

/** The npm that runs us, on the Node that it runs on: node_modules, with its own Node, is about to be replaced. */
function npmCommand() {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const usable = npm !== undefined && basename(npm) === 'npm-cli.js' && existsSync(npm);
  const outside = node !== undefined && !node.startsWith(MODULES) && existsSync(node);
  return usable && outside ? [node, npm] : ['npm'];
}

function reasonToInstall() {
  if (!existsSync(MODULES)) return 'node_modules is missing';
  return installedStamp() === undefined ? 'an installation was not finished' : 'package-lock.json has changed';
}

async function installDependencies(stamp) {
  const began = Date.now();
  say(`installing the locked dependencies (${reasonToInstall()}) …`);
  const [command, ...before] = npmCommand();
  const cause = await run(command, [...before, 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (cause !== undefined) {
    fail(`npm ci failed (${cause}). Its message stands above; once that is put right, run the same command again.`);
  }
  provideNode();
  writeFileSync(STAMP, stamp);
  say(`dependencies installed in ${Math.round((Date.now() - began) / 1000)} s`);
}

/** How long npm may take to end when we are ended. */
const ENDING_MS = 3000;

/**
 * Runs a command until it has ended, and with it what it started: what goes on writing into node_modules after us would break
 * the next installation. Resolves with what went wrong, if anything did.
 */
function run(command, args) {
  let child;
  let ended;
  const kill = (signal) => {
    try {
      // The whole group, npm's own children too; a signal of the terminal reaches us alone.
      process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  const end = (signal) => {
    if (ended === undefined) setTimeout(() => kill('SIGKILL'), ENDING_MS).unref();
    else kill('SIGKILL');
    ended = signal;
    kill('SIGTERM');
  };
  // Before there is a child that we could leave behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], detached: true });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => {
      for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(each, end);
      if (ended !== undefined) {
        say('the installation was ended: the next start begins it anew');
        return process.kill(process.pid, ended);
      }
      return resolve(status === 0 ? undefined : `it ended with ${status ?? signal}`);
    });
  });
}

/**
 * The project's Node comes with the dependencies where a package of it fits the machine. Elsewhere a new enough Node of
 * the system takes its place, under the same path, so that everything after this has one way to start Node.
 */
function provideNode() {
  const version = nodeVersion(PROJECT_NODE);
  if (isNewEnough(version)) return;
  const where = `${process.platform}-${process.arch}`;
  if (!isNewEnough(process.version)) {
    fail(
      `no Node ${NODE_MAJOR} came with the dependencies for ${where}, and this is ${process.version}. ` +
        `Install Node ${NODE_MAJOR} or newer, and run the same command again.`,
    );
  }
  mkdirSync(dirname(PROJECT_NODE), { recursive: true });
  rmSync(PROJECT_NODE, { force: true });
  symlinkSync(process.execPath, PROJECT_NODE);
  say(`no Node ${NODE_MAJOR} came with the dependencies for ${where}: using the system's ${process.version}`);
}

function nodeVersion(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function isNewEnough(version) {
  return version !== undefined && Number(version.slice(1).split('.')[0]) >= NODE_MAJOR;
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

const stamp = expectedStamp();
if (installedStamp() !== stamp || !existsSync(PROJECT_NODE)) await installDependencies(stamp);
await flattenLibraries(say);
buildNative(say);
