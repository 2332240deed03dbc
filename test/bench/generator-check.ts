// The part `generator`: our load generator beside dnsperf, against the same server, in turn. The two must agree on what the server
// answers and costs, or figures of one cannot be trusted.

import { findTool } from '../../scripts/test-tools.ts';
import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES } from './bench-zone.ts';
import { QUERY_KINDS, writeQueries } from './compose-queries.ts';
import { openCityDatabase } from './database/city-database.ts';
import { median, medianRatio, round } from './figures.ts';
import { type LoadFigures, runLoad } from './load/run-load.ts';
import { pinLoad, pinServer } from './pin.ts';
import { readCpuTime } from './proc-status.ts';
import type { PartResult } from './report/report.ts';
import { runProgram } from './run-program.ts';
import { GDNSD } from './servers/gdnsd.ts';
import { describeMissing, isInstalled } from './servers/server-kinds.ts';

const OUTSTANDING = 128;
const SOCKETS = 4;

type Counted = Pick<LoadFigures, 'answered' | 'lost' | 'seconds'>;
type Measured = { readonly cpuUs: number; readonly perSecond: number; readonly lost: number };

export async function benchGenerator({ processes, rounds, seconds, say }: BenchContext): Promise<PartResult> {
  const missing = describeMissing([GDNSD]);
  if (!isInstalled(GDNSD)) return { figures: {}, tables: [], notes: missing };
  if (findTool('dnsperf') === undefined) {
    return { figures: {}, tables: [], notes: ['dnsperf is not installed and left out: sudo apt-get install dnsperf'] };
  }
  const [kind] = QUERY_KINDS;
  if (kind === undefined) throw new Error('there are no kinds of queries');
  const file = writeQueries(processes.makeDirectory('queries'), kind);
  const setup = {
    dataCentres: FOUR_DATA_CENTRES,
    prefix: pinServer(),
    database: openCityDatabase(say).path,
    processes,
  };
  const { running, port } = await GDNSD.start(setup);
  const generators: Readonly<Record<'ours' | 'dnsperf', () => Promise<Counted>>> = {
    ours: () =>
      runLoad(processes, {
        ...{ protocol: kind.protocol, expected: kind.expected, port, file, seconds },
        pace: { kind: 'peak', outstanding: OUTSTANDING },
      }),
    dnsperf: () => runDnsperf(port, file, Math.ceil(seconds)),
  };
  const measured: Record<'ours' | 'dnsperf', Measured[]> = { ours: [], dnsperf: [] };
  for (let count = 1; count <= rounds; count++) {
    for (const name of ['ours', 'dnsperf'] as const) {
      say(`${name}, round ${count} of ${rounds}`);
      const before = readCpuTime(running.pid);
      const { answered, lost, seconds: took } = await generators[name]();
      const after = readCpuTime(running.pid);
      const cpu = after.user + after.system - before.user - before.system;
      measured[name].push({ cpuUs: (cpu * 1e6) / answered, perSecond: answered / took, lost });
    }
  }
  return describe(measured);
}

async function runDnsperf(port: number, file: string, seconds: number): Promise<Counted> {
  const load = ['-l', seconds, '-q', OUTSTANDING, '-c', SOCKETS];
  const words = [...pinLoad(), 'dnsperf', '-B', '-d', file, '-s', '127.0.0.1', '-p', port, '-m', 'udp', ...load];
  const [command = 'dnsperf', ...args] = words.map(String);
  const stdout = await runProgram(command, args);
  const read = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  return {
    answered: read(/Queries completed:\s+(\d+)/),
    lost: read(/Queries lost:\s+(\d+)/),
    seconds: read(/Run time \(s\):\s+([\d.]+)/),
  };
}

function describe(measured: Readonly<Record<'ours' | 'dnsperf', readonly Measured[]>>): PartResult {
  const sumUp = (rounds: readonly Measured[]) => ({
    cpuUs: round(median(rounds.map(({ cpuUs }) => cpuUs)), 2),
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
  });
  const figures = { ours: sumUp(measured.ours), dnsperf: sumUp(measured.dnsperf) };
  const cpuOf = (name: 'ours' | 'dnsperf') => measured[name].map(({ cpuUs }) => cpuUs);
  const cpuRatio = round(medianRatio(cpuOf('ours'), cpuOf('dnsperf')), 2);
  const rowOf = (name: string, { cpuUs, perSecond, lost }: typeof figures.ours) => [
    name,
    ...[cpuUs.toFixed(2), perSecond.toLocaleString('en'), String(lost)],
  ];
  const table = {
    title: 'gdnsd as two load generators see it (steered, ECS IPv4)',
    columns: ['generator', 'CPU per query in µs', 'answers a second', 'lost'],
    rows: [rowOf('ours', figures.ours), rowOf('dnsperf', figures.dnsperf)],
  };
  const notes = [
    `CPU per query with our generator is ${cpuRatio} of that with dnsperf. Ours sends what it can at once in one system call, so that a server that reads in batches finds more in each.`,
  ];
  return { figures: { ...figures, cpuRatio }, tables: [table], notes };
}
