// Starts the real program for tests: each role as a child process with settings, ports and a state directory of its own.
// What the processes said is kept, to be shown when a test fails; at the end all are ended, by their ids.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDefaultMap } from './default-map.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'src/main.ts');

/** Kept of what one process says: enough to find out why, little enough to read. */
const MAX_OUTPUT_CHARACTERS = 20_000;
const MAX_REPORTED_CHARACTERS = 4000;
const END_LIMIT_MS = 8000;
const READY_LIMIT_MS = 20_000;

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Running = {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Standard output and standard error, the end of it. */
  output(): string;
  /** Resolves with the match when the pattern appears in the output. Rejects when the process ends before, or in time. */
  waitFor(pattern: RegExp, limitMs?: number): Promise<RegExpMatchArray>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM; SIGKILL when that does not end it. */
  stop(): Promise<Exit>;
  /** SIGKILL. */
  kill(): Promise<Exit>;
};

export type StartOptions = {
  readonly name: string;
  /** A command before the program, such as one that enters a network namespace. */
  readonly prefix?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

export type Processes = {
  /** A new directory, removed at the end. */
  makeDirectory(name: string): string;
  /** `node src/main.ts …`, as `azimuth …`. */
  azimuth(args: readonly string[], options: StartOptions): Running;
  /** Any other program. */
  run(command: string, args: readonly string[], options: StartOptions): Running;
  /** What all processes said; show it when a test fails. */
  report(): string;
  /** Ends all that run, the youngest first, and removes the directories. */
  close(): Promise<void>;
};

/** Close it in `after`, whatever happens in between. */
export async function openProcesses(): Promise<Processes> {
  const base = await mkdtemp(join(tmpdir(), 'azimuth-test-'));
  const all: Running[] = [];
  const run: Processes['run'] = (command, args, options) => {
    const running = launch(command, args, options);
    all.push(running);
    return running;
  };
  return {
    makeDirectory(name) {
      const directory = join(base, name);
      mkdirSync(directory, { recursive: true });
      return directory;
    },
    run,
    azimuth: (args, options) => run(process.execPath, [MAIN, ...args], options),
    report: () =>
      all.map(({ name, pid, output }) => `── ${name} (${pid})\n${output().slice(-MAX_REPORTED_CHARACTERS)}`).join('\n'),
    async close() {
      for (const running of all.toReversed()) await running.stop();
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** Gives a state directory the finished map of the bundled database, so that it need not be made again for every test. */
export async function shareGeoCache(stateDirectory: string): Promise<void> {
  const shared = join(tmpdir(), 'azimuth-test-geo', 'cache');
  await openDefaultMap();
  const link = join(stateDirectory, 'cache');
  if (!existsSync(link)) symlinkSync(shared, link);
}

/** Waits until a role says that it is ready. */
export async function waitReady(
  running: Running,
  telemetryPort: number,
  limitMs = READY_LIMIT_MS,
  host = '127.0.0.1',
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const ended = await Promise.race([running.exited, fetchStatus(`http://${host}:${telemetryPort}/readyz`)]);
    if (ended === 200) return;
    if (typeof ended === 'object') throw new Error(`${running.name} ended:\n${running.output()}`);
    if (performance.now() > deadline) throw new Error(`${running.name} is not ready:\n${running.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function fetchStatus(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

function launch(command: string, args: readonly string[], { name, prefix = [], environment }: StartOptions): Running {
  const [program = command, ...rest] = [...prefix, command, ...args];
  const child = spawn(program, rest, {
    cwd: ROOT,
    env: { ...cleanEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test runner that is killed takes its processes with it.
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const exited = waitExit(child).finally(() => process.off('exit', endWithUs));
  let output = '';
  const listeners = new Set<() => void>();
  const collect = (chunk: string): void => {
    output = (output + chunk).slice(-MAX_OUTPUT_CHARACTERS);
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);

  const end = async (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
    const exit = await exited;
    clearTimeout(late);
    return exit;
  };
  return {
    name,
    pid: child.pid ?? 0,
    exited,
    output: () => output,
    waitFor: (pattern, limitMs = READY_LIMIT_MS) =>
      new Promise((resolve, reject) => {
        const settle = (match: RegExpMatchArray | undefined, why: string): void => {
          clearTimeout(limit);
          listeners.delete(look);
          if (match) resolve(match);
          else reject(new Error(`${name} ${why} before it said ${pattern}:\n${output}`));
        };
        const look = (): void => {
          const match = pattern.exec(output);
          if (match) settle(match, '');
        };
        const limit = setTimeout(() => settle(undefined, `took more than ${limitMs} ms`), limitMs);
        listeners.add(look);
        void exited.then(() => settle(pattern.exec(output) ?? undefined, 'ended'));
        look();
      }),
    signal: (signal) => void child.kill(signal),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

function waitExit(child: ChildProcess): Promise<Exit> {
  return once(child, 'close').then(
    ([code, signal]): Exit => ({ code, signal }),
    (error: Error): Exit => {
      child.stderr?.emit('data', `cannot be started: ${error.message}\n`);
      return { code: 127, signal: null };
    },
  );
}

/** Settings of the shell that runs the tests must not reach the processes that they start. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AZIMUTH_') && name !== 'NODE_OPTIONS');
  // The test runner's own channel, which its children must not write to.
  return Object.fromEntries(kept.filter(([name]) => name !== 'NODE_TEST_CONTEXT'));
}
