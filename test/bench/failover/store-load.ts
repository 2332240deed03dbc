// The part `store`: what 10,000 targets, checked every 5 s from three vantages, cost Redis and the control thread of a dns node
// that follows the votes; with targets that are all well, and with checks that fail now and then, each of which is a suspicion.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { waitUntil } from '../../support/dns-ask.ts';
import { round } from '../figures.ts';
import type { PartResult } from '../report/report.ts';
import type { FailoverContext } from './context.ts';
import { describeLoad, type LoadFigures, startMachineLoad, tryReadMetrics } from './machine-load.ts';
import { openStage, type Stage } from './stage.ts';
import { VANTAGES } from './stage-document.ts';
import { composeStoreDocument } from './store-document.ts';

const FAILING_SHARES = [0, 0.001, 0.01] as const;
const FULL_TARGETS = 10_000;
const QUICK_TARGETS = 1_000;
const FULL_SECONDS = 60;
const QUICK_SECONDS = 12;
/** One interval, in which every target is seen, and one more. */
const SETTLE_MS = 10_000;
const UP_LIMIT_MS = 60_000;
const TICKS_PER_SECOND = 100;
const PROGRAM = fileURLToPath(new URL('stub-worker.ts', import.meta.url));

export async function benchStoreLoad({ processes, isQuick, say }: FailoverContext): Promise<PartResult> {
  const seconds = isQuick ? QUICK_SECONDS : FULL_SECONDS;
  const targets = isQuick ? QUICK_TARGETS : FULL_TARGETS;
  const stage = await openStage({ processes, backends: 0, vantages: [], document: composeStoreDocument(targets) });
  try {
    const results: StoreFigures[] = [];
    for (const share of FAILING_SHARES) {
      say(`${targets} targets, ${share * 100} % of the checks fail: ${seconds} s`);
      results.push(await measureShare(stage, { share, seconds, targets }));
    }
    const rowOf = (name: string, read: (figures: StoreFigures) => number | string) => [
      name,
      ...results.map((result) => read(result).toLocaleString('en')),
    ];
    return {
      figures: Object.fromEntries(FAILING_SHARES.map((share, index) => [`failing ${share}`, results[index]])),
      tables: [
        {
          title: `${targets.toLocaleString('en')} targets × ${VANTAGES.length} vantages × 5 s, by the share of checks that fail`,
          columns: ['', ...FAILING_SHARES.map((share) => `${share * 100} %`)],
          rows: [
            rowOf('Redis: CPU, % of a processor', ({ redis }) => redis.cpuPercent),
            rowOf('Redis: memory, MB', ({ redis }) => redis.memoryMegabytes),
            rowOf('Redis: commands a second', ({ redis }) => redis.commandsPerSecond),
            rowOf('Redis: received, MB a second', ({ redis }) => redis.receivedMegabytesPerSecond),
            rowOf('Redis: sent, MB a second', ({ redis }) => redis.sentMegabytesPerSecond),
            rowOf('a worker: CPU, % of a processor', ({ workerCpuPercent }) => workerCpuPercent),
            rowOf('a dns node, control thread: CPU, %', ({ controlCpuPercent }) => controlCpuPercent),
            rowOf('a dns node, event loop late by: p99, ms', ({ load }) => load.lagMs['dns-1'] ?? Number.NaN),
          ],
        },
      ],
      notes: [
        `Real workers, slot writers and stores over a real Redis, ${seconds} s each; checks are stubbed: 5 ms each, none goes out, and the workers do not abstain when their event loops lag. Two dns nodes follow.`,
        ...results.map(({ load }, index) => `${(FAILING_SHARES[index] ?? 0) * 100} %: ${describeLoad(load)}`),
      ],
    };
  } finally {
    await stage.close();
  }
}

type StoreFigures = {
  readonly redis: RedisFigures;
  readonly workerCpuPercent: number;
  readonly controlCpuPercent: number;
  readonly load: LoadFigures;
};

type Load = { readonly share: number; readonly seconds: number; readonly targets: number };

async function measureShare(stage: Stage, { share, seconds, targets }: Load): Promise<StoreFigures> {
  const { redis, nodes, roles } = stage;
  const client = new Redis(redis.url);
  const workers = VANTAGES.map((vantage) => startStub([redis.url, vantage, String(targets), String(share)]));
  try {
    const node = nodes[0];
    if (node === undefined) throw new Error('there is no node');
    const areUp = async () => countUp(await tryReadMetrics(node.port)) >= targets * (1 - share);
    await waitUntil('the targets are up', areUp, UP_LIMIT_MS, 1000);
    await sleep(SETTLE_MS);
    const stubs = workers.map((worker, index) => ({ name: `stub ${VANTAGES[index]}`, pid: worker.pid ?? 0 }));
    const endLoad = await startMachineLoad([...roles, ...stubs, { name: 'redis', pid: redis.pid ?? 0 }]);
    const before = { redis: await readInfo(client), control: threadSeconds(node.pid) };
    await sleep(seconds * 1000);
    const after = { redis: await readInfo(client), control: threadSeconds(node.pid) };
    const load = await endLoad();
    return {
      redis: compareInfo(before.redis, after.redis, seconds),
      workerCpuPercent: load.cpuPercent[stubs[0]?.name ?? ''] ?? Number.NaN,
      controlCpuPercent: round(((after.control - before.control) / seconds) * 100, 1),
      load,
    };
  } finally {
    await Promise.all(workers.map(endStub));
    client.disconnect();
  }
}

function startStub(args: readonly string[]): ChildProcess {
  return fork(PROGRAM, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

async function endStub(stub: ChildProcess): Promise<void> {
  if (stub.exitCode !== null || stub.signalCode !== null) return;
  const ended = once(stub, 'exit');
  stub.disconnect();
  await ended;
}

function countUp(page: string): number {
  return page.match(/^azimuth_endpoint_up\{.* 1$/gm)?.length ?? 0;
}

export type RedisInfo = Readonly<Record<(typeof INFO_KEYS)[number], number>>;

const INFO_KEYS = [
  'used_cpu_user',
  'used_cpu_sys',
  'used_memory',
  'total_commands_processed',
  'total_net_input_bytes',
  'total_net_output_bytes',
] as const;

async function readInfo(client: Redis): Promise<RedisInfo> {
  return parseInfo(await client.info());
}

/** @throws when a figure is missing. */
export function parseInfo(text: string): RedisInfo {
  const read = (key: string) => {
    const value = new RegExp(`^${key}:([\\d.]+)\\r?$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`INFO says nothing of ${key}`);
    return Number(value);
  };
  return {
    used_cpu_user: read('used_cpu_user'),
    used_cpu_sys: read('used_cpu_sys'),
    used_memory: read('used_memory'),
    total_commands_processed: read('total_commands_processed'),
    total_net_input_bytes: read('total_net_input_bytes'),
    total_net_output_bytes: read('total_net_output_bytes'),
  };
}

export type RedisFigures = ReturnType<typeof compareInfo>;

export function compareInfo(before: RedisInfo, after: RedisInfo, seconds: number) {
  const perSecond = (key: keyof RedisInfo) => (after[key] - before[key]) / seconds;
  return {
    cpuPercent: round((perSecond('used_cpu_user') + perSecond('used_cpu_sys')) * 100, 1),
    memoryMegabytes: round(after.used_memory / 1e6, 1),
    commandsPerSecond: Math.round(perSecond('total_commands_processed')),
    receivedMegabytesPerSecond: round(perSecond('total_net_input_bytes') / 1e6, 2),
    sentMegabytesPerSecond: round(perSecond('total_net_output_bytes') / 1e6, 2),
  };
}

/** CPU of the first thread of a process, which is the control thread of a dns node. */
function threadSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
