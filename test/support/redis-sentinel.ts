// A primary, two replicas and three Sentinels for tests, all real processes on loopback.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findFreePort } from './free-port.ts';
import { composeOptions, spawnRedis, waitForPong } from './redis-server.ts';
import { findProgram } from './require-program.ts';

export const PRIMARY_NAME = 'azimuth';
/** What Sentinels wait before they call a server down. */
export const DOWN_AFTER_MS = 1000;
const SETTLE_LIMIT_MS = 15_000;

export type Member = {
  readonly port: number;
  readonly pid: number;
  /** For the test itself: an administrator. */
  readonly admin: Redis;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, whether it is stopped or not. */
  kill(): Promise<void>;
};

export type SentinelGroup = {
  readonly url: string;
  /** The first is the primary at the start. */
  readonly servers: readonly Member[];
  readonly sentinels: readonly Member[];
  /** Whom the first Sentinel that answers calls the primary. */
  readPrimaryPort(): Promise<number>;
  /** Resolves when the Sentinels agree that this one is. */
  waitForPrimary(isIt: (port: number) => boolean, limitMs?: number): Promise<number>;
  stop(): Promise<void>;
};

export async function startSentinelGroup(): Promise<SentinelGroup> {
  const program = findProgram('redis-server');
  if (!program) throw new Error('redis-server is missing');
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-sentinel-'));
  const members: Member[] = [];
  const start = async (name: string, args: (port: number, home: string) => Promise<string[]>): Promise<Member> => {
    const port = await findFreePort();
    const home = join(directory, `${name}-${port}`);
    await mkdir(home);
    const member = await launchMember(program, port, await args(port, home));
    members.push(member);
    return member;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.kill()));
    await rm(directory, { recursive: true, force: true });
  };
  const shared = { 'enable-debug-command': 'local', 'repl-diskless-sync-delay': 0, 'repl-ping-replica-period': 1 };
  try {
    const primary = await start('server', async (port, dir) => composeOptions({ port, dir, ...shared }));
    const replicaOf = (port: number, dir: string): string[] => [
      ...composeOptions({ port, dir, ...shared }),
      ...['--replicaof', '127.0.0.1', String(primary.port)],
    ];
    const replicas = [
      await start('server', async (port, dir) => replicaOf(port, dir)),
      await start('server', async (port, dir) => replicaOf(port, dir)),
    ];
    await waitFor('both replicas follow', async () => {
      const info = await primary.admin.info('replication');
      return (info.match(/state=online/g) ?? []).length === replicas.length;
    });
    const sentinel = async (port: number, dir: string): Promise<string[]> => {
      const file = join(dir, 'sentinel.conf');
      await writeFile(file, composeSentinelFile(port, dir, primary.port));
      return [file, '--sentinel'];
    };
    const sentinels = [
      await start('sentinel', sentinel),
      await start('sentinel', sentinel),
      await start('sentinel', sentinel),
    ];
    await waitFor('all Sentinels know each other and the replicas', () => areAllKnown(sentinels));
    const readPrimaryPort = async (): Promise<number> => Promise.any(sentinels.map(readPrimary));
    return {
      url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${PRIMARY_NAME}`,
      servers: [primary, ...replicas],
      sentinels,
      readPrimaryPort,
      async waitForPrimary(isIt, limitMs = SETTLE_LIMIT_MS) {
        let found = 0;
        await waitFor(
          'the Sentinels agree on another primary',
          async () => {
            const ports = await Promise.all(sentinels.map(readPrimary));
            found = ports[0] ?? 0;
            return ports.every((port) => port === found) && isIt(found);
          },
          limitMs,
        );
        return found;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts one, and waits until it answers. */
export async function launchMember(program: string, port: number, args: readonly string[]): Promise<Member> {
  const child = spawnRedis(program, args);
  await waitForPong(child, port);
  const admin = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 100, maxRetriesPerRequest: 0, protocol: 2 });
  admin.on('error', () => {});
  return {
    port,
    pid: child.pid ?? 0,
    admin,
    signal: (signal) => void child.kill(signal),
    async kill() {
      admin.disconnect();
      await end(child);
    },
  };
}

export async function waitFor(what: string, isSo: () => Promise<boolean>, limitMs = SETTLE_LIMIT_MS): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pause(25);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function composeSentinelFile(port: number, dir: string, primaryPort: number): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${PRIMARY_NAME} 6000`,
    `sentinel parallel-syncs ${PRIMARY_NAME} 2`,
    '',
  ].join('\n');
}

async function areAllKnown(sentinels: readonly Member[]): Promise<boolean> {
  const views = await Promise.all(sentinels.map(({ admin }) => admin.call('SENTINEL', 'MASTER', PRIMARY_NAME)));
  return views.every((view) => {
    const fields: unknown[] = Array.isArray(view) ? view : [];
    const read = (name: string): unknown => fields[fields.indexOf(name) + 1];
    return read('num-slaves') === '2' && read('num-other-sentinels') === '2' && read('flags') === 'master';
  });
}

async function readPrimary({ admin }: Member): Promise<number> {
  const reply = await admin.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY_NAME);
  return Number(Array.isArray(reply) ? reply[1] : 0);
}
