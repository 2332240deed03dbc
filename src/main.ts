#!/usr/bin/env node
// `azimuth`: from the command line to a command. Only the file of the command that was asked for is loaded, so that small
// commands answer at once. Exit codes: 0 done, 1 refused or unhealthy, 2 wrong usage.

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { exitCodeOf } from './commands/failure.ts';
import { VERSION } from './commands/version.ts';

type Register = (program: Command) => void;

/** In the order of the help. */
const COMMANDS: readonly (readonly [name: string, load: () => Promise<Register>])[] = [
  ['up', async () => (await import('./commands/up.ts')).registerUp],
  ['dns', async () => (await import('./commands/dns.ts')).registerDns],
  ['probe', async () => (await import('./commands/probe.ts')).registerProbe],
  ['api', async () => (await import('./commands/api.ts')).registerApi],
  ['demo', async () => (await import('./commands/demo.ts')).registerDemo],
  ['check', async () => (await import('./commands/check.ts')).registerCheck],
  ['plan', async () => (await import('./commands/plan.ts')).registerPlan],
  ['apply', async () => (await import('./commands/apply.ts')).registerApply],
  ['status', async () => (await import('./commands/status.ts')).registerStatus],
  ['explain', async () => (await import('./commands/explain.ts')).registerExplain],
  ['override', async () => (await import('./commands/override.ts')).registerOverride],
  ['drain', async () => (await import('./commands/drain.ts')).registerDrain],
  ['history', async () => (await import('./commands/history.ts')).registerHistory],
  ['diff', async () => (await import('./commands/diff.ts')).registerDiff],
  ['rollback', async () => (await import('./commands/rollback.ts')).registerRollback],
  ['zone', async () => (await import('./commands/zone.ts')).registerZone],
  ['token', async () => (await import('./commands/token.ts')).registerToken],
  ['store', async () => (await import('./commands/store.ts')).registerStore],
  ['load', async () => (await import('./commands/load.ts')).registerLoad],
];

// What was parsed once need not be parsed at the next start, here and in worker threads. Where the directory cannot be
// written, it is done again each time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url));
enableCompileCache(process.env.NODE_COMPILE_CACHE);

// Whoever reads what is printed may stop early (`| head`): what is left goes nowhere, and the exit code stays what it is.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const program = new Command('azimuth')
  .description('A global traffic manager that works through DNS')
  .version(VERSION, '-V, --version', 'print the version')
  .exitOverride()
  .showSuggestionAfterError()
  .showHelpAfterError('(--help says more)');

const [asked] = process.argv.slice(2);
const named = COMMANDS.filter(([name]) => name === asked);
const isVersion = asked === '--version' || asked === '-V';
for (const [, load] of isVersion ? [] : named.length > 0 ? named : COMMANDS) (await load())(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = exitCodeOf(error);
}
