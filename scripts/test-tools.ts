// The servers and tools that integration tests talk to: which are missing, and how to get them. Installs them with apt
// when it may; when it may not, tests that need one are skipped with the command that would provide it.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A command that tests run, with the Debian package and the Homebrew formula that bring it; undefined: there is none. */
export type TestTool = { readonly command: string; readonly apt: string; readonly brew: string | undefined };

/** Runs a command. Answers undefined when it went well, otherwise in a line why not. */
export type Run = (argv: readonly string[]) => string | undefined;

export const TEST_TOOLS: readonly TestTool[] = [
  { command: 'redis-server', apt: 'redis-server', brew: 'redis' },
  { command: 'unbound', apt: 'unbound', brew: 'unbound' },
  { command: 'ip', apt: 'iproute2', brew: 'iproute2mac' },
  { command: 'dig', apt: 'bind9-dnsutils', brew: 'bind' },
  { command: 'named-rrchecker', apt: 'bind9', brew: 'bind' },
  { command: 'named', apt: 'bind9', brew: 'bind' },
  { command: 'nsd', apt: 'nsd', brew: 'nsd' },
  { command: 'knotd', apt: 'knot', brew: 'knot' },
  { command: 'dnsviz', apt: 'dnsviz', brew: 'dnsviz' },
  { command: 'zonemaster-cli', apt: 'zonemaster-cli', brew: undefined },
  { command: 'kdig', apt: 'knot-dnsutils', brew: 'knot' },
];

/** The runner's word to the tests: commands that are missing and could not be installed, separated by commas. */
export const MISSING_VARIABLE = 'AZIMUTH_TEST_MISSING';

/**
 * Debian asks the program policy-rc.d whether a package may start its service; 101 means no. We want the binaries only.
 * A machine that has its own (noclobber refuses to write then) keeps it.
 */
const FORBID_SERVICES =
  "set -C; printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d";
const ALLOW_SERVICES = 'rm -f /usr/sbin/policy-rc.d';
const APT_TIMEOUT_MS = 300_000;

/** Servers live in sbin folders, which the PATH of an ordinary user lacks. */
const searchPath = () => `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** The file that `command` is, or undefined. */
export function findTool(command: string, path = searchPath()): string | undefined {
  const folders = path.split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
}

function findMissing(path?: string): readonly TestTool[] {
  return TEST_TOOLS.filter(({ command }) => findTool(command, path) === undefined);
}

/** The command that would provide `tools` on this kind of machine. */
export function adviceFor(tools: readonly TestTool[], platform: string = process.platform): string {
  if (platform === 'darwin') return `brew install ${[...new Set(tools.flatMap(({ brew }) => brew ?? []))].join(' ')}`;
  return `sudo apt-get install --no-install-recommends ${[...new Set(tools.map(({ apt }) => apt))].join(' ')}`;
}

/** The machine as a test may replace it: who we are there, its PATH, and how it runs commands. */
export type Machine = { readonly isRoot: boolean; readonly path?: string; readonly run: Run };
const HERE: Machine = { isRoot: process.getuid?.() === 0, run: runCommand };

/** Installs what is missing, if this machine has apt and we may use it. Answers what is still missing. */
export function provideTools(say: (text: string) => void, machine: Machine = HERE): readonly TestTool[] {
  const { path, run } = machine;
  const missing = findMissing(path);
  if (missing.length === 0) return missing;
  const names = missing.map(({ command }) => command).join(', ');
  const root = findTool('apt-get', path) === undefined ? undefined : rootPrefix(machine);
  if (root === undefined) {
    say(`tests that need ${names} will be skipped; to have them run: ${adviceFor(missing)}`);
    return missing;
  }
  say(`installing ${names} with apt-get, for the tests (no service is started) …`);
  const failure = installPackages(
    missing.map(({ apt }) => apt),
    root,
    run,
  );
  const still = findMissing(path);
  if (still.length > 0) {
    const cause = failure === undefined ? '' : ` (${failure})`;
    say(`could not install ${still.map(({ command }) => command).join(', ')}${cause}; by hand: ${adviceFor(still)}`);
  }
  return still;
}

/** How to become root: not at all when we are, `sudo -n` when it asks for no password, otherwise undefined. */
function rootPrefix({ isRoot, path, run }: Machine): readonly string[] | undefined {
  if (isRoot) return [];
  return findTool('sudo', path) !== undefined && run(['sudo', '-n', 'true']) === undefined ? ['sudo', '-n'] : undefined;
}

/** The lists of a fresh container are empty, and old ones name packages that are gone: hence update and a second try. */
function installPackages(packages: readonly string[], root: readonly string[], run: Run): string | undefined {
  const install = [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-q'];
  const attempt = () => run([...install, '--no-install-recommends', ...packages]);
  const isForbidden = run([...root, 'sh', '-c', FORBID_SERVICES]) === undefined;
  try {
    if (attempt() === undefined) return undefined;
    return run([...root, 'apt-get', 'update', '-q']) ?? attempt();
  } finally {
    if (isForbidden) run([...root, 'sh', '-c', ALLOW_SERVICES]);
  }
}

/** Runs quietly: of a command that fails, the last line that it said is the reason. */
function runCommand([command = '', ...rest]: readonly string[]): string | undefined {
  const { status, error, stderr, stdout } = spawnSync(command, rest, { encoding: 'utf8', timeout: APT_TIMEOUT_MS });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : (`${stdout}${stderr}`.trim().split('\n').at(-1) ?? `ended with ${status}`);
}
