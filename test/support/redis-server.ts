// A real redis-server for tests: on a free loopback port, in a directory of its own, keeping nothing on disk.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findProgram } from './require-program.ts';

export type RedisServer = {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now; undefined while none does. */
  readonly pid: number | undefined;
  /** Ends in order, and removes the directory. */
  stop(): Promise<void>;
  /** SIGKILL: connections break without a word. */
  kill(): Promise<void>;
  /** Starts again on the same port, with nothing in it; ends the running one first. */
  restartEmpty(): Promise<void>;
};

const START_LIMIT_MS = 5000;

/**
 * Skip the test with `requireProgram('redis-server', 'redis-server')` where the program may be missing.
 * @param options as in redis.conf, besides those that every test wants.
 */
export async function startRedisServer(options: Readonly<Record<string, string | number>> = {}): Promise<RedisServer> {
  const program = findProgram('redis-server');
  if (!program) throw new Error('redis-server is missing');
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-redis-'));
  const port = await findFreePort();
  let child: ChildProcess | undefined = await launch(program, port, directory, options);

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    await ended;
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child?.pid;
    },
    async stop() {
      await end('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
    kill: () => end('SIGKILL'),
    async restartEmpty() {
      await end('SIGKILL');
      child = await launch(program, port, directory, options);
    },
  };
}

async function launch(
  program: string,
  port: number,
  directory: string,
  options: Readonly<Record<string, string | number>>,
): Promise<ChildProcess> {
  const child = spawnRedis(
    program,
    composeOptions({ port, dir: directory, 'enable-debug-command': 'local', ...options }),
  );
  await waitForPong(child, port);
  return child;
}

/** As arguments, or, joined by line breaks, as a file. Nothing is kept on disk unless these say so. */
export function composeOptions(options: Readonly<Record<string, string | number>>): string[] {
  const all = { bind: '127.0.0.1', save: '', appendonly: 'no', ...options };
  return Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Ends with this process, whatever happens. */
export function spawnRedis(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore' });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export async function waitForPong(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`redis-server does not start on port ${port}`);
    await pause(10);
  }
}

/** Whether somebody answers PING there. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(500, () => socket.destroy());
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  server.close();
  await once(server, 'close');
  return address.port;
}
