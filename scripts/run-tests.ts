// `npm test`: everything that checks the project, cheapest first: types, lint and format, then the tests. Arguments are
// files or folders of tests to run instead of all (`npm test -- test/rfc`); `--fast` means the unit tests and a few
// seeds of the simulation, without fetching any server. The closing lines of node's test runner come last, so that the count is what one sees.

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adviceFor, MISSING_VARIABLE, provideTools } from './test-tools.ts';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

const SUITES = ['unit', 'rfc', 'scenario', 'simulation', 'integration', 'faults', 'fuzz'].map(
  (suite) => `test/${suite}`,
);
/** Files that run at once: each may itself start processes and worker threads, and waits for them much of the time. */
const CONCURRENCY = 3;
/** Worlds that the simulation runs with `--fast`. */
const FAST_SEEDS = '200';
/** A file of tests that hangs is ended, and counts as failed. */
const TEST_TIMEOUT_MS = 900_000;

const args = process.argv.slice(2);
const isFast = args.includes('--fast');
const chosen = args.filter((argument) => argument !== '--fast');

if (isFast) process.env.SIMULATION_SEEDS ??= FAST_SEEDS;
else requireServers();
check('types', 'tsc', ['--project', '.']);
check('lint and format', 'biome', ['check', '--error-on-warnings']);
runTests(chosen.length > 0 ? chosen : isFast ? ['test/unit', 'test/simulation'] : SUITES);

function requireServers(): void {
  const missing = provideTools(say);
  if (missing.length === 0) return;
  if (process.env.CI === 'true') {
    say(`CI=true, and a test may not be skipped there: ${adviceFor(missing)}`);
    process.exit(1);
  }
  process.env[MISSING_VARIABLE] = missing.map(({ command }) => command).join(',');
}

function check(what: string, command: string, argv: readonly string[]): void {
  const began = performance.now();
  const { status, error } = spawnSync(process.execPath, [`node_modules/.bin/${command}`, ...argv], {
    stdio: ['ignore', 2, 2],
  });
  if (status === 0) {
    say(`${what} hold (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    return;
  }
  say(`${what}: ${error?.message ?? 'the faults stand above'}`);
  process.exit(status ?? 1);
}

function runTests(places: readonly string[]): void {
  const files = places.flatMap((place) => (place.endsWith('.ts') ? [place] : globSync(`${place}/**/*.test.ts`).sort()));
  if (files.length === 0) {
    say(`no tests in ${places.join(', ')}`);
    process.exit(1);
  }
  const flags = [`--test-concurrency=${CONCURRENCY}`, `--test-timeout=${TEST_TIMEOUT_MS}`, '--test-reporter=spec'];
  // Every file of tests is a process of its own: what one has parsed, the next need not parse again.
  process.env.NODE_COMPILE_CACHE ??= join(process.cwd(), 'node_modules/.cache/compiled');
  // Replaces this process where the platform can, so that signals and the exit status need no forwarding.
  process.execve?.(process.execPath, [process.execPath, '--test', ...flags, ...files], process.env);
}

function say(text: string): void {
  process.stderr.write(`test: ${text}\n`);
}
