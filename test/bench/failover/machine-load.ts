// How busy the machine and each of its processes were while something was measured: figures of a saturated machine say
// nothing of the product. Linux only (proc(5)).

import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readMetrics } from '../../support/fleet.ts';
import { mean, round } from '../figures.ts';
import { readCpuTime } from '../proc-status.ts';
import { machineMs } from './machine-time.ts';

export type Watched = { readonly name: string; readonly pid: number; readonly port?: number };

export type LoadFigures = {
  /** Percent of all processors together. */
  readonly machineBusyPercent: number;
  /** Percent of one processor. */
  readonly cpuPercent: Readonly<Record<string, number>>;
  /** Event loops: p99 of how late their timers were, as each process counts it; the greatest, for the bench's own. */
  readonly lagMs: Readonly<Record<string, number>>;
};

const LAG_RESOLUTION_MS = 5;
const NANOSECONDS_PER_MS = 1e6;

/** Begins to count; what is returned ends it. */
export async function startMachineLoad(watched: readonly Watched[]): Promise<() => Promise<LoadFigures>> {
  // Reading a page of metrics begins its counts of lag anew.
  await Promise.all(watched.map(readLagMs));
  const own = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  own.enable();
  const before = { ticks: readTicks(), cpu: watched.map(({ pid }) => cpuSeconds(pid)), atMs: machineMs() };
  return async () => {
    own.disable();
    const ticks = readTicks();
    const seconds = (machineMs() - before.atMs) / 1000;
    const share = (pid: number, index: number) => ((cpuSeconds(pid) - (before.cpu[index] ?? 0)) / seconds) * 100;
    const busy = ticks.busy - before.ticks.busy;
    const cpuPercent = Object.fromEntries(watched.map(({ name, pid }, index) => [name, round(share(pid, index), 1)]));
    const lags = await Promise.all(watched.map(async (one) => [one.name, await readLagMs(one)] as const));
    return {
      machineBusyPercent: Math.round((busy / (ticks.all - before.ticks.all)) * 100),
      cpuPercent,
      lagMs: {
        ...Object.fromEntries(lags.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, ms]]))),
        bench: round(own.percentile(99) / NANOSECONDS_PER_MS - LAG_RESOLUTION_MS, 1),
      },
    };
  };
}

/** Several rounds as one: means, and the greatest lag. */
export function mergeLoads(loads: readonly LoadFigures[]): LoadFigures {
  const merge = (key: 'cpuPercent' | 'lagMs', sum: (values: readonly number[]) => number) =>
    Object.fromEntries(
      Object.keys(loads[0]?.[key] ?? {}).map((name) => [
        name,
        round(sum(loads.map((load) => load[key][name] ?? 0)), 1),
      ]),
    );
  return {
    machineBusyPercent: Math.round(mean(loads.map((load) => load.machineBusyPercent))),
    cpuPercent: merge('cpuPercent', mean),
    lagMs: merge('lagMs', (values) => Math.max(...values)),
  };
}

/** A sentence for the notes of a table. */
export function describeLoad({ machineBusyPercent, cpuPercent, lagMs }: LoadFigures): string {
  const list = (figures: Readonly<Record<string, number>>, unit: string) =>
    Object.entries(figures)
      .map(([name, value]) => `${name} ${value}${unit}`)
      .join(', ');
  return `The machine was ${machineBusyPercent} % busy (of one processor: ${list(cpuPercent, ' %')}); event loops were late by (p99) ${list(lagMs, ' ms')}.`;
}

function cpuSeconds(pid: number): number {
  const { user, system } = readCpuTime(pid);
  return user + system;
}

/** Of all processors since the machine started. */
function readTicks(): { readonly busy: number; readonly all: number } {
  // cpu user nice system idle iowait irq softirq steal …; guest times are in user's already.
  const times = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number);
  const all = times.reduce((sum, time) => sum + time, 0);
  return { busy: all - (times[3] ?? 0) - (times[4] ?? 0), all };
}

/** Undefined for a process without a page of metrics. */
async function readLagMs({ port }: Watched): Promise<number | undefined> {
  if (port === undefined) return undefined;
  const page = await tryReadMetrics(port);
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(page)?.[1];
  return seconds === undefined ? undefined : round(Number(seconds) * 1000, 1);
}

/** Empty when a process that is very busy does not answer in time. */
export async function tryReadMetrics(port: number): Promise<string> {
  return readMetrics(port).catch(() => '');
}
