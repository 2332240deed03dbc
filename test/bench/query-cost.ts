// The part `queries`: what an answer costs each server, how many it gives, and how long they take at half of our peak. Every
// round measures all servers one after the other before the next round begins, so that a machine that becomes slower in the
// meantime is slower for all.

import { loadNative } from '../../src/native/load-native.ts';
import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES } from './bench-zone.ts';
import { type KindOfQueries, QUERY_KINDS, type QueryKind, writeQueries } from './compose-queries.ts';
import { openCityDatabase } from './database/city-database.ts';
import { median, medianRatio, round } from './figures.ts';
import { type Latency, type LoadFigures, runLoad } from './load/run-load.ts';
import { canPin, pinServer } from './pin.ts';
import { type CpuTime, readCpuTime } from './proc-status.ts';
import { describeQueryCost } from './query-cost-tables.ts';
import type { PartResult } from './report/report.ts';
import type { Server, ServerKind, ServerName } from './servers/server.ts';
import { describeMissing, isOurs, startServers } from './servers/server-kinds.ts';

/** Queries under way at the peak: enough that no server waits for us, few enough for the receive buffers of all. */
const OUTSTANDING = 128;
/** Until V8 has compiled what is hot. */
const WARM_UP_SECONDS = 3;
/** A server whose peak is not above the rate by this much is not asked to keep up with it. */
const HEADROOM = 1.15;

type Measured = { readonly kind: ServerKind; readonly server: Server };

export type PeakFigures = {
  /** Microseconds per answer. */
  readonly cpuUs: CpuTime & { readonly total: number };
  readonly perSecond: number;
  readonly lost: number;
  readonly wrong: number;
};

export type LatencyFigures = { readonly latencyUs: Latency; readonly lost: number };

export type ServerFigures = {
  readonly peak: PeakFigures /** Absent: it cannot keep up. */;
  readonly atRate?: LatencyFigures;
};

export type KindFigures = {
  /** Half of our own peak: the rate for all. */
  readonly ratePerSecond: number;
  readonly servers: Readonly<Partial<Record<ServerName, ServerFigures>>>;
  /** Ours by theirs, median of the ratios of each round. */
  readonly ratios: Readonly<Partial<Record<ServerName, { readonly cpu: number; readonly p99?: number }>>>;
};

export type QueryCostFigures = Readonly<Partial<Record<QueryKind, KindFigures>>>;

export async function benchQueryCost(context: BenchContext): Promise<PartResult> {
  const { processes, say } = context;
  const database = openCityDatabase(say).path;
  const setup = { processes, database, dataCentres: FOUR_DATA_CENTRES, prefix: pinServer() };
  const servers = await startServers(setup, say);
  const directory = processes.makeDirectory('queries');
  const figures: Partial<Record<QueryKind, KindFigures>> = {};
  for (const kind of QUERY_KINDS) {
    const able = new Map([...servers].filter(([, server]) => server.kind.kinds.has(kind.kind)));
    figures[kind.kind] = await measureKind(context, kind, writeQueries(directory, kind), able);
  }
  const { tables, plots } = describeQueryCost(figures);
  return { figures, tables, plots, notes: [...describeMethod(context), ...describeMissing()] };
}

async function measureKind(
  context: BenchContext,
  kind: KindOfQueries,
  file: string,
  servers: ReadonlyMap<ServerName, Measured>,
): Promise<KindFigures> {
  const { processes, seconds, rounds, say } = context;
  const load = (server: Server, forSeconds: number, perSecond?: number): Promise<LoadFigures> => {
    const pace = perSecond === undefined ? PEAK : ({ kind: 'rate', perSecond } as const);
    const { protocol, expected } = kind;
    return runLoad(processes, { protocol, expected, file, port: server.port, seconds: forSeconds, pace });
  };
  for (const { server } of servers.values()) await load(server, WARM_UP_SECONDS);

  const peaks = new Map<ServerName, PeakFigures[]>();
  for (let count = 1; count <= rounds; count++) {
    say(`${kind.label}: peak, round ${count} of ${rounds}`);
    for (const [name, { server }] of servers) {
      const before = readCpuTime(server.running.pid);
      const figures = await load(server, seconds);
      const after = readCpuTime(server.running.pid);
      peaks.set(name, [...(peaks.get(name) ?? []), costOf(before, after, figures)]);
    }
  }
  const perSecondOf = (name: ServerName) => median((peaks.get(name) ?? []).map(({ perSecond }) => perSecond));
  const ratePerSecond = Math.round(perSecondOf('azimuth') / 2);

  const latencies = new Map<ServerName, LatencyFigures[]>();
  for (let count = 1; count <= rounds; count++) {
    say(`${kind.label}: ${ratePerSecond} a second, round ${count} of ${rounds}`);
    for (const [name, { server }] of servers) {
      if (perSecondOf(name) < ratePerSecond * HEADROOM) continue;
      const { latencyUs, lost } = await load(server, seconds, ratePerSecond);
      latencies.set(name, [...(latencies.get(name) ?? []), { latencyUs, lost }]);
    }
  }
  return sumUp(ratePerSecond, peaks, latencies);
}

const PEAK = { kind: 'peak', outstanding: OUTSTANDING } as const;

function costOf(before: CpuTime, after: CpuTime, { answered, lost, wrong, seconds }: LoadFigures): PeakFigures {
  const each = (from: number, to: number) => ((to - from) * 1e6) / Math.max(1, answered);
  const [user, system] = [each(before.user, after.user), each(before.system, after.system)];
  return { cpuUs: { user, system, total: user + system }, perSecond: answered / seconds, lost, wrong };
}

function sumUp(
  ratePerSecond: number,
  peaks: ReadonlyMap<ServerName, readonly PeakFigures[]>,
  latencies: ReadonlyMap<ServerName, readonly LatencyFigures[]>,
): KindFigures {
  const servers: Partial<Record<ServerName, ServerFigures>> = {};
  const ratios: Partial<Record<ServerName, { cpu: number; p99?: number }>> = {};
  const cpuOf = (name: ServerName) => (peaks.get(name) ?? []).map(({ cpuUs }) => cpuUs.total);
  const p99Of = (name: ServerName) => (latencies.get(name) ?? []).map(({ latencyUs }) => latencyUs.p99);
  for (const [name, measured] of peaks) {
    const atRate = latencies.get(name);
    servers[name] = {
      peak: medianPeak(measured),
      ...(atRate === undefined ? {} : { atRate: medianLatency(atRate) }),
    };
    if (isOurs(name)) continue;
    ratios[name] = {
      cpu: round(medianRatio(cpuOf('azimuth'), cpuOf(name)), 3),
      ...(atRate === undefined ? {} : { p99: round(medianRatio(p99Of('azimuth'), p99Of(name)), 3) }),
    };
  }
  return { ratePerSecond, servers, ratios };
}

function medianPeak(rounds: readonly PeakFigures[]): PeakFigures {
  const cpu = (part: keyof PeakFigures['cpuUs']) => round(median(rounds.map(({ cpuUs }) => cpuUs[part])), 2);
  return {
    cpuUs: { user: cpu('user'), system: cpu('system'), total: cpu('total') },
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
    wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0),
  };
}

function medianLatency(rounds: readonly LatencyFigures[]): LatencyFigures {
  const of = (part: keyof Latency) => round(median(rounds.map(({ latencyUs }) => latencyUs[part])), 1);
  return {
    latencyUs: { mean: of('mean'), p50: of('p50'), p90: of('p90'), p99: of('p99'), p999: of('p999'), max: of('max') },
    lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
  };
}

function describeMethod({ rounds, seconds }: BenchContext): readonly string[] {
  const where = canPin()
    ? 'Each server on one processor, the load generator on another.'
    : 'Servers and load generator were not kept on processors of their own (no taskset, or one processor only).';
  return [
    `${rounds} rounds of ${seconds} s for each server and kind, in turn; medians. Ratios are medians of the ratios of each round.`,
    where,
    `Azimuth reads UDP with ${loadNative().ok ? 'the batch socket' : 'node:dgram: the batch socket is not built'}.`,
    'Knot DNS and PowerDNS steer by country only; dns2 gives everybody the same address, over UDP.',
    `Latency counts from when a query should have been sent. A server whose peak is less than ${HEADROOM} times the rate is left out there.`,
  ];
}
