// Starts the process that builds a place map, and takes the map from it. A process of its own: what building took (three
// times what the node itself has) goes back to the system when it ends, and when a damaged file, or memory that is short,
// ends it, the node goes on.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { PlaceMap } from '../geo/place-map.ts';
import type { BuildTask } from './build-map.ts';
import { type BuildNews, createBuildStreamReader } from './build-stream.ts';
import { yieldProcessor } from './yield-processor.ts';

export type BuildOptions = {
  /** Told what takes long: one line for a person. */
  readonly onProgress?: (message: string) => void;
  /** Whether others need the processor more than this build: true where something is answered already. */
  readonly isYielding?: boolean;
  /** How long the process may take; default BUILD_LIMIT_MS, or YIELDING_LIMIT_MS. */
  readonly limitMs?: number;
  /** Ends the process. */
  readonly signal?: AbortSignal;
  /** For tests; default: build-map.ts. */
  readonly program?: string;
};

export type BuildOutcome =
  /** It is in the cache. */
  | { readonly kind: 'kept' }
  /** The disk did not take it. */
  | { readonly kind: 'map'; readonly map: PlaceMap }
  | { readonly kind: 'fault'; readonly message: string };

type BuildChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** A database that does not become a map within this time is damaged in a way that nobody thought of. */
const BUILD_LIMIT_MS = 120_000;
/** One that yields may get a tenth of a processor, and keeps nobody waiting. */
const YIELDING_LIMIT_MS = 1_200_000;
const PROGRESS_INTERVAL_MS = 2000;
const PROGRAM = fileURLToPath(new URL('./build-map.ts', import.meta.url));
/** Of what it said when it died: where V8 names the reason, it comes first. */
const MAX_LAST_WORDS = 4000;

/** Runs the process until there is a map or a fault. Never rejects. */
export async function runBuild(task: BuildTask, options: BuildOptions): Promise<BuildOutcome> {
  const whose = `${task.pathV4 ?? task.pathV6}: the process that builds the map`;
  if (options.signal?.aborted) return { kind: 'fault', message: `${whose} is not started any more` };
  const child = await spawnBuild(task, options).catch((error: unknown) => String(error));
  if (typeof child === 'string') return { kind: 'fault', message: `${whose} cannot be started: ${child}` };
  const progress = tellProgress(options.onProgress);
  const { limitMs = options.isYielding ? YIELDING_LIMIT_MS : BUILD_LIMIT_MS } = options;
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, limitMs);
  const outcome = await waitForOutcome(child, whose, (news) => {
    if (news.kind === 'progress') progress.note(news.message);
    else options.onProgress?.(`the map serves, but is not kept for the next start: ${news.message}`);
  });
  progress.stop();
  clearTimeout(limit);
  // Either it ends by itself now, or nothing that it says from here on is of use.
  if (outcome.kind === 'fault') child.kill('SIGKILL');
  if (outcome.kind !== 'fault' || !isLate) return outcome;
  return {
    kind: 'fault',
    message: `${whose} has none after ${limitMs / 1000} s: the database is damaged, fetch it again`,
  };
}

function waitForOutcome(
  child: BuildChild,
  whose: string,
  tell: (news: BuildNews & { readonly kind: 'progress' | 'not-kept' }) => void,
): Promise<BuildOutcome> {
  const { promise, resolve } = Promise.withResolvers<BuildOutcome>();
  const fail = (message: string): void => resolve({ kind: 'fault', message: `${whose} ${message}` });
  const hear = (news: BuildNews): void => {
    switch (news.kind) {
      case 'progress':
      case 'not-kept':
        return tell(news);
      case 'kept':
      case 'map':
      case 'fault':
        return resolve(news);
      case 'nonsense':
        return fail(`makes no sense: ${news.message}`);
    }
  };
  const reader = createBuildStreamReader();
  const lastWords = keepLastWords(child);
  child.stdout.on('data', (chunk: Buffer) => reader.read(chunk).forEach(hear));
  child.once('error', (error) => fail(`was ended: ${error.message}`));
  // When all that it said has been read: only then is it certain that no map comes.
  child.once('close', (code, signal) => fail(`ended without one (${describeEnd(code, signal, lastWords())})`));
  return promise;
}

/** Some of what keeps a process from starting is thrown, and some is told later: both are thrown here. */
async function spawnBuild(task: BuildTask, options: BuildOptions): Promise<BuildChild> {
  const { isYielding = false, signal, program = PROGRAM } = options;
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    // They are the node's own: what is preloaded there may talk on standard output, and a debugger is waited for.
    env: { ...process.env, NODE_OPTIONS: undefined },
    ...(signal && { signal }),
  });
  if (child.pid === undefined) {
    const [error] = await once(child, 'error');
    throw error;
  }
  if (isYielding && child.pid !== undefined) yieldProcessor(child.pid);
  return child;
}

function keepLastWords(child: BuildChild): () => string {
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(0, MAX_LAST_WORDS);
  });
  return () => words.split('\n').find((line) => /^(\w*Error\b|FATAL ERROR)/.test(line)) ?? '';
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null, lastWords: string): string {
  const end = signal === null ? `exit code ${code}` : signal;
  const reason = lastWords || (signal === 'SIGKILL' ? 'the system may be short of memory' : '');
  return reason === '' ? end : `${end}; ${reason.trim()}`;
}

type Progress = { note(message: string): void; stop(): void };

/** What goes on is worth a line only where it takes long: then what was heard last, every PROGRESS_INTERVAL_MS. */
function tellProgress(onProgress: BuildOptions['onProgress']): Progress {
  const startedMs = performance.now();
  let latest = 'the process that builds it is starting';
  const timer = setInterval(() => {
    onProgress?.(`${latest} (${Math.round((performance.now() - startedMs) / 1000)} s so far)`);
  }, PROGRESS_INTERVAL_MS).unref();
  return {
    note: (message) => {
      latest = message;
    },
    stop: () => clearInterval(timer),
  };
}
