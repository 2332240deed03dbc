// What `up`, `dns`, `probe` and `api` have in common: read the settings, run the roles until a signal ends them, and say
// what went wrong in words that help.

import { existsSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { formatProblems, readDocument } from '../documents/read-document.ts';
import { readZoneFiles } from '../documents/read-zone-files.ts';
import type { Settings } from '../model/settings.ts';
import type { InitialConfiguration } from '../roles/api-role.ts';
import type { Role, RunningNode } from '../roles/run-node.ts';
import { countThreads, ThreadStarter } from '../roles/thread-starter.ts';
import { readSettings } from '../settings/read-settings.ts';
import { isStoreError } from '../store/store-error.ts';
import { createLogger } from '../telemetry/create-logger.ts';
import { VERSION } from './version.ts';

export type RunOptions = {
  /** Settings file. */
  readonly settings?: string;
  /** Configuration file: the first revision of an empty store. */
  readonly config?: string;
  /** Overrides the setting `store`. */
  readonly store?: string;
};

/** What an empty store begins with where --config says nothing. */
export type DefaultConfiguration = (settings: Settings) => string;

/** Adds the options that every role takes. */
export function addRunOptions(command: Command): Command {
  return command
    .option('--settings <file>', 'how this process runs: listeners, store, paths, limits')
    .option(
      '--store <url>',
      'where configuration and health are kept: embedded, redis://…, redis+sentinel://… or redis+cluster://…',
    );
}

const CONFIG_ADVICE = 'give --config the path of a configuration';
const USAGE_EXIT_CODE = 2;
const FAILED_EXIT_CODE = 1;
/** Whoever stops us (systemd, Docker) kills after some ten seconds; what each part needs to close stays well below. */
const CLOSE_LIMIT_MS = 8000;

/** Runs until SIGINT or SIGTERM. `onStarted` is called when everything listens. */
export async function runRoles(
  roles: readonly Role[],
  options: RunOptions,
  onStarted: (node: RunningNode, settings: Settings) => void,
  defaultConfiguration?: DefaultConfiguration,
): Promise<void> {
  const settings = loadSettings(options);
  const file = options.config ?? (settings && defaultConfiguration?.(settings));
  const advice =
    options.config === undefined ? 'correct demo.configuration (AZIMUTH_DEMO_CONFIGURATION)' : CONFIG_ADVICE;
  const initial = file === undefined ? undefined : loadConfiguration(file, advice);
  if (settings === undefined || (file !== undefined && initial === undefined)) {
    process.exitCode = USAGE_EXIT_CODE;
    return;
  }
  const logger = createLogger(settings.log);
  const signals = closeOnSignal(logger);
  const starter = beginThreads(roles, settings);
  try {
    // Loaded only now, so that a mistake in the settings is told at once.
    const { runNode } = await import('../roles/run-node.ts');
    const node = await runNode(
      { settings, roles: new Set(roles), version: VERSION, starter, ...(initial && { initial }) },
      logger,
    );
    signals.started(node);
    await node.listening;
    onStarted(node, settings);
    // It would be written at the end, and who is killed has none: the next start would parse everything again.
    flushCompileCache();
  } catch (error) {
    // Said once, in the words below; where in the program it happened is for those who look for it.
    logger.debug({ err: error }, 'cannot start');
    const advice = isStoreError(error) ? `: ${error.advice}` : '';
    process.stderr.write(`azimuth: ${error instanceof Error ? error.message : String(error)}${advice}\n`);
    process.exit(FAILED_EXIT_CODE);
  }
}

/** They load their code while this thread loads its own. */
function beginThreads(roles: readonly Role[], { dns }: Settings): ThreadStarter {
  const starter = new ThreadStarter();
  if (roles.includes('dns')) starter.begin('answer', countThreads(dns.threads));
  if (roles.includes('dns') || roles.includes('api')) starter.begin('compile', 1);
  return starter;
}

function loadSettings({ settings: file, store }: RunOptions): Settings | undefined {
  const flags = store === undefined ? {} : { store };
  const read = readSettings({ file, environment: process.env, flags });
  if (read.ok) return read.value;
  for (const { message } of read.problems) process.stderr.write(`azimuth: ${message}\n`);
  return undefined;
}

function loadConfiguration(file: string, advice: string): InitialConfiguration | undefined {
  if (!existsSync(file)) {
    process.stderr.write(`azimuth: there is no file ${file}: ${advice}\n`);
    return undefined;
  }
  const text = readText(file);
  if (text === undefined) return undefined;
  const own = readDocument(text);
  const read = own.ok ? readZoneFiles(own, file) : own;
  if (read.ok) {
    const { document, locate } = read;
    return { document, describe: (problems) => formatProblems(problems, locate, file) };
  }
  for (const line of formatProblems(read.problems, () => undefined, file)) process.stderr.write(`${line}\n`);
  return undefined;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    process.stderr.write(`azimuth: cannot read ${file} (${error instanceof Error ? error.message : String(error)})\n`);
    return undefined;
  }
}

/**
 * The first signal closes in order; npm passes on what the terminal has sent already, so a second one is no haste. While
 * nothing is answered yet there is nothing to close: all that is on disk is whole at any moment. (The handlers stand from
 * the beginning, for the first process of a container does not end at a signal that it does not handle.)
 */
function closeOnSignal(logger: Logger): { started(node: RunningNode): void } {
  let running: RunningNode | undefined;
  let closing = false;
  const close = (signal: NodeJS.Signals) => {
    if (closing) return;
    closing = true;
    logger.info({ signal }, 'closing');
    if (running === undefined) process.exit(0);
    setTimeout(() => {
      logger.error('closing takes too long: ending all the same');
      process.exit(FAILED_EXIT_CODE);
    }, CLOSE_LIMIT_MS);
    running.close().then(
      () => process.exit(0),
      (error: Error) => {
        logger.error({ err: error }, 'closing failed');
        process.exit(FAILED_EXIT_CODE);
      },
    );
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
  return {
    started(node) {
      running = node;
    },
  };
}
