// The part `profile`: where our time goes. Two looks at the same load, steered queries with a client subnet at our peak: V8's
// sampling of the answer thread (`node --cpu-prof` writes a file for each thread), by function; and the kernel's sampling of
// the whole process (perf), by symbol, which also sees what happens below JavaScript.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from '../../scripts/test-tools.ts';
import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES } from './bench-zone.ts';
import { QUERY_KINDS, writeQueries } from './compose-queries.ts';
import { openCityDatabase } from './database/city-database.ts';
import { type CpuProfile, type FunctionShare, shareByFunction } from './function-shares.ts';
import { runLoad, startLoad } from './load/run-load.ts';
import { pinServer } from './pin.ts';
import type { PartResult } from './report/report.ts';
import { prepareSite, startDnsRole, startEverything } from './servers/azimuth.ts';
import type { Server } from './servers/server.ts';

const OUTSTANDING = 128;
const LOAD_SECONDS = 6;
/** The load has begun, and code that is hot has been optimised, before the kernel's sampling begins. */
const SETTLE_MS = 1500;
const PERF_SECONDS = 4;
const SHOWN = 18;
const SHOWN_SYMBOLS = 24;

export async function benchProfile({ processes, say }: BenchContext): Promise<PartResult> {
  const database = openCityDatabase(say).path;
  const setup = { processes, database, dataCentres: FOUR_DATA_CENTRES, prefix: pinServer() };
  const [kind] = QUERY_KINDS;
  if (kind === undefined) throw new Error('there are no kinds of queries');
  const file = writeQueries(processes.makeDirectory('queries'), kind);
  const planFor = ({ port }: Server) => ({
    ...{ protocol: kind.protocol, expected: kind.expected, port, file, seconds: LOAD_SECONDS },
    pace: { kind: 'peak' as const, outstanding: OUTSTANDING },
  });
  const site = await prepareSite(setup);
  await (await startEverything(setup, site)).running.stop();

  say('sampling the answer thread with node --cpu-prof');
  const [profiles, logs] = [processes.makeDirectory('profiles'), processes.makeDirectory('logs')];
  const profiled = await startDnsRole(setup, site, ['--cpu-prof', `--cpu-prof-dir=${profiles}`]);
  await runLoad(processes, planFor(profiled));
  await profiled.running.stop();
  const functions = shareByFunction(findBusiest(profiles), LOAD_SECONDS * 1e6);

  say('sampling the process with perf');
  const observed = await startDnsRole(setup, site, ['--perf-basic-prof', `--logfile=${logs}/v8.log`]);
  const symbols = await samplePerf(observed, logs, () => startLoad(processes, planFor(observed)));
  // Where perf looks for the names of compiled functions; node leaves it behind.
  rmSync(join(tmpdir(), `perf-${observed.running.pid}.map`), { force: true });
  return describe(functions, symbols);
}

/** Of all threads the one that was on the processor longest: under load that is the one that answers. */
function findBusiest(directory: string): CpuProfile {
  const profiles = readdirSync(directory).map((name) => {
    const profile: CpuProfile = JSON.parse(readFileSync(join(directory, name), 'utf8'));
    return profile;
  });
  const busyShare = (profile: CpuProfile) =>
    1 - (shareByFunction(profile, LOAD_SECONDS * 1e6, true).find(isIdle)?.share ?? 0);
  const [busiest] = profiles.sort((a, b) => busyShare(b) * b.samples.length - busyShare(a) * a.samples.length);
  if (busiest === undefined) throw new Error('the node wrote no profile');
  return busiest;
}

function isIdle({ name }: FunctionShare): boolean {
  return name === '(idle)';
}

type SymbolShare = { readonly share: number; readonly symbol: string; readonly isKernel: boolean };

/** Undefined: there is no perf, or it may not look. */
async function samplePerf(
  server: Server,
  directory: string,
  load: () => ReturnType<typeof startLoad>,
): Promise<readonly SymbolShare[] | undefined> {
  const perf = findTool('perf');
  if (perf === undefined) return undefined;
  const { figures } = await load();
  await sleep(SETTLE_MS);
  const { pid } = server.running;
  const data = join(directory, 'perf.data');
  const record = ['record', '-q', '-e', 'cpu-clock', '-F', '997', '-o', data, '-p', String(pid)];
  const recorded = spawnSync(perf, [...record, '--', 'sleep', String(PERF_SECONDS)], { encoding: 'utf8' });
  await figures;
  if (recorded.status !== 0) return undefined;
  const report = ['report', '--stdio', '-q', '--no-children', '--sort', 'symbol', '-i', data];
  const { stdout } = spawnSync(perf, report, { encoding: 'utf8', maxBuffer: 1 << 26 });
  return readPerfReport(stdout);
}

/** `    12.34%  [k] __udp4_lib_lookup   -  -`: k is the kernel. */
function readPerfReport(text: string): readonly SymbolShare[] {
  return [...text.matchAll(/^\s*([\d.]+)%\s+\[(.)\]\s+(.+?)[\s-]*$/gm)].map(([, share, space, symbol = '']) => ({
    share: Number(share) / 100,
    symbol: symbol.replace(/^JS:\S?'?(\S*) \S*\//, 'JavaScript: $1 '),
    isKernel: space === 'k',
  }));
}

function describe(functions: readonly FunctionShare[], symbols: readonly SymbolShare[] | undefined): PartResult {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const functionTable = {
    title: 'The answer thread by function, of the time when it was not idle (self time)',
    columns: ['function', 'share'],
    rows: functions
      .slice(0, SHOWN)
      .map(({ name, file, line, share }) => [
        file === '' ? name : `${name} (${basename(file)}:${line})`,
        percent(share),
      ]),
  };
  if (symbols === undefined) {
    const notes = [
      'perf is not there, or may not look: sudo apt-get install linux-perf, kernel.perf_event_paranoid ≤ 1',
    ];
    return { figures: { functions }, tables: [functionTable], notes };
  }
  const kernel = symbols.filter(({ isKernel }) => isKernel).reduce((sum, { share }) => sum + share, 0);
  const symbolTable = {
    title: 'The whole process by symbol (perf)',
    columns: ['symbol', 'share'],
    rows: symbols
      .slice(0, SHOWN_SYMBOLS)
      .map(({ symbol, isKernel, share }) => [`${isKernel ? 'kernel: ' : ''}${symbol}`, percent(share)]),
  };
  const notes = [`The kernel has ${percent(kernel)} of the process's time.`];
  return { figures: { functions, kernelShare: kernel, symbols }, tables: [functionTable, symbolTable], notes };
}
