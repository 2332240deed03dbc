// The part `compile`: how long the map of clients takes for 4 and for 50 data centres, and the memory of the whole process that
// holds it, ours and gdnsd's. Both are measured from outside, as an operator sees it: from the start of the process to its first
// steered answer, less the same start with nothing to compile.
//
//   ours, all of it      no cache        ─┐
//   ours, ranking alone  map cached       ├─ less: everything cached
//   gdnsd                with the map    ── less: the same name served without a map

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../support/dns-ask.ts';
import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES, spreadDataCentres } from './bench-zone.ts';
import { openCityDatabase } from './database/city-database.ts';
import { median, medianRatio, round } from './figures.ts';
import { readCpuTime, readMemory } from './proc-status.ts';
import type { PartResult } from './report/report.ts';
import type { Table } from './report/table.ts';
import { type AzimuthSite, prepareSite, startDnsRole, startEverything } from './servers/azimuth.ts';
import { GDNSD, startGdnsd } from './servers/gdnsd.ts';
import type { Server, ServerSetup } from './servers/server.ts';
import { describeMissing, isInstalled } from './servers/server-kinds.ts';

const MAX_ROUNDS = 3;
const MANY = 50;
const FULL = 'gdnsd, lists of all';
/** In the node's cache: what is kept of one ranking. The other files are maps of clients. */
const RANKING_FILE = /rank/;
const KEPT_LIMIT_MS = 20_000;

/** One start, and the process once it had answered. */
type Start = {
  readonly answeredMs: number;
  /** User and system, of all threads, until then. */
  readonly cpuMs: number;
  readonly residentMegabytes: number;
  readonly peakMegabytes: number;
};

/** The starts of each round, by what there was to do. */
type Starts = Readonly<Record<'compiling' | 'ranking' | 'cached' | 'gdnsd' | 'fullGdnsd' | 'bareGdnsd', Start[]>>;

export async function benchCompileTime(context: BenchContext): Promise<PartResult> {
  const { processes, say } = context;
  const database = openCityDatabase(say).path;
  const rounds = Math.min(MAX_ROUNDS, context.rounds);
  const measured = [];
  for (const dataCentres of [FOUR_DATA_CENTRES, spreadDataCentres(MANY)]) {
    const setup = { processes, database, dataCentres, prefix: [] };
    const starts: Starts = { compiling: [], ranking: [], cached: [], gdnsd: [], fullGdnsd: [], bareGdnsd: [] };
    const site = await prepareSite(setup);
    await (await startEverything(setup, site)).running.stop();
    for (let count = 1; count <= rounds; count++) {
      say(`${dataCentres.length} data centres, round ${count} of ${rounds}`);
      await measureOurs(setup, site, starts);
      if (isInstalled(GDNSD)) await measureGdnsd(setup, starts);
    }
    measured.push({ dataCentres: dataCentres.length, ...sumUp(starts) });
  }
  const notes = [
    `${rounds} rounds in turn, medians; each time is that of a start less that of one with nothing to compile. No processor is reserved.`,
    'gdnsd keeps lists of three data centres unless told otherwise, Azimuth always lists of all. Ratios are to gdnsd as it comes.',
    ...describeMissing([GDNSD]),
  ];
  return { figures: { measured }, tables: describeFigures(measured), notes };
}

async function measureOurs(setup: ServerSetup, site: AzimuthSite, starts: Starts): Promise<void> {
  const start = async () => {
    const server = await startDnsRole(setup, site);
    return observe(server, () => waitUntil('the cache is written', () => isKept(site), KEPT_LIMIT_MS));
  };
  dropCache(site, /./);
  starts.compiling.push(await start());
  dropCache(site, RANKING_FILE);
  starts.ranking.push(await start());
  starts.cached.push(await start());
}

async function measureGdnsd(setup: ServerSetup, starts: Starts): Promise<void> {
  starts.gdnsd.push(await observe(await startGdnsd(setup, {})));
  starts.fullGdnsd.push(await observe(await startGdnsd(setup, { listLimit: 0 })));
  starts.bareGdnsd.push(await observe(await startGdnsd({ ...setup, database: undefined }, {})));
}

/** Looks at a process that has just answered for the first time, lets it settle, and ends it. */
async function observe({ running, startedInMs }: Server, settle?: () => Promise<unknown>): Promise<Start> {
  const { user, system } = readCpuTime(running.pid);
  await settle?.();
  const memory = readMemory(running.pid);
  await running.stop();
  return { answeredMs: startedInMs, cpuMs: (user + system) * 1000, ...memory };
}

/** What was compiled is written after the first answer: a node that is ended before has to compile it again. */
function isKept({ stateDirectory }: AzimuthSite): boolean {
  const finished = readdirSync(join(stateDirectory, 'cache')).filter((name) => !name.endsWith('.tmp'));
  const rankings = finished.filter((name) => RANKING_FILE.test(name));
  return rankings.length > 0 && rankings.length < finished.length;
}

function dropCache({ stateDirectory }: AzimuthSite, pattern: RegExp): void {
  const cache = join(stateDirectory, 'cache');
  for (const name of readdirSync(cache).filter((file) => pattern.test(file))) rmSync(join(cache, name));
}

function sumUp({ compiling, ranking, cached, gdnsd, fullGdnsd, bareGdnsd }: Starts) {
  const lessOf = (part: 'answeredMs' | 'cpuMs', starts: readonly Start[], base: readonly Start[]) =>
    starts.map((start, index) => Math.max(0, start[part] - (base[index]?.[part] ?? 0)));
  const timesOf = (starts: readonly Start[], base: readonly Start[]) => ({
    ms: Math.round(median(lessOf('answeredMs', starts, base))),
    cpuMs: Math.round(median(lessOf('cpuMs', starts, base))),
  });
  const memoryOf = (starts: readonly Start[]) => ({
    residentMegabytes: Math.round(median(starts.map(({ residentMegabytes }) => residentMegabytes))),
    peakMegabytes: Math.round(median(starts.map(({ peakMegabytes }) => peakMegabytes))),
  });
  const ours = {
    all: timesOf(compiling, cached),
    ranking: timesOf(ranking, cached),
    memoryCompiled: memoryOf(compiling),
    memoryFromDisk: memoryOf(cached),
  };
  if (gdnsd.length === 0) return { ours };
  const gdnsdMs = lessOf('answeredMs', gdnsd, bareGdnsd);
  return {
    ours,
    gdnsd: { ...timesOf(gdnsd, bareGdnsd), memory: memoryOf(gdnsd) },
    fullGdnsd: { ...timesOf(fullGdnsd, bareGdnsd), memory: memoryOf(fullGdnsd) },
    ratios: {
      all: round(medianRatio(lessOf('answeredMs', compiling, cached), gdnsdMs), 2),
      ranking: round(medianRatio(lessOf('answeredMs', ranking, cached), gdnsdMs), 2),
    },
  };
}

type Measured = ReturnType<typeof sumUp> & { readonly dataCentres: number };

function describeFigures(measured: readonly Measured[]): readonly Table[] {
  const times = measured.map(({ dataCentres, ours, gdnsd, fullGdnsd, ratios }) => [
    String(dataCentres),
    ...[ours.all, ours.ranking, gdnsd, fullGdnsd].map((found) => (found === undefined ? '–' : formatTimes(found))),
    ...[ratios?.all, ratios?.ranking].map((ratio) => ratio?.toFixed(2) ?? '–'),
  ]);
  const memory = measured.map(({ dataCentres, ours, gdnsd, fullGdnsd }) => [
    String(dataCentres),
    ...[ours.memoryCompiled, ours.memoryFromDisk, gdnsd?.memory, fullGdnsd?.memory].map((found) =>
      found === undefined ? '–' : formatMemory(found),
    ),
  ]);
  return [
    {
      title: 'Compiling the map of clients: seconds until answered (of CPU)',
      columns: [
        'data centres',
        'Azimuth',
        'a changed ranking',
        'gdnsd',
        FULL,
        'Azimuth ÷ gdnsd',
        'changed ranking ÷ gdnsd',
      ],
      rows: times,
    },
    {
      title: 'Memory of the whole process in MB: resident (at its peak)',
      columns: ['data centres', 'Azimuth, having compiled', 'Azimuth, from disk', 'gdnsd', FULL],
      rows: memory,
    },
  ];
}

function formatTimes({ ms, cpuMs }: { readonly ms: number; readonly cpuMs: number }): string {
  return `${(ms / 1000).toFixed(2)} (${(cpuMs / 1000).toFixed(2)})`;
}

function formatMemory(memory: { readonly residentMegabytes: number; readonly peakMegabytes: number }): string {
  return `${memory.residentMegabytes} (${memory.peakMegabytes})`;
}
