// The part `start`: how long a node needs from its start to its first answer, with everything it needs on its disk: all roles,
// and the dns role whose store is not there.

import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES } from './bench-zone.ts';
import { openCityDatabase } from './database/city-database.ts';
import { describeTimes } from './figures.ts';
import type { PartResult } from './report/report.ts';
import { prepareSite, startDnsRole, startEverything } from './servers/azimuth.ts';

const BUDGET_MS = 2000;

export async function benchStartTime({ processes, rounds, say }: BenchContext): Promise<PartResult> {
  const database = openCityDatabase(say).path;
  const setup = { processes, database, dataCentres: FOUR_DATA_CENTRES, prefix: [] };
  const site = await prepareSite(setup);
  await (await startEverything(setup, site)).running.stop();
  const times: { up: number[]; dns: number[] } = { up: [], dns: [] };
  for (let count = 1; count <= rounds; count++) {
    say(`start ${count} of ${rounds}`);
    for (const [role, start] of [['up', startEverything] as const, ['dns', startDnsRole] as const]) {
      const { running, startedInMs } = await start(setup, site);
      times[role].push(startedInMs);
      await running.stop();
    }
  }
  const figures = { up: describeTimes(times.up), dnsWithoutStore: describeTimes(times.dns), budgetMs: BUDGET_MS };
  const rowOf = (name: string, { medianMs, minMs, maxMs }: ReturnType<typeof describeTimes>) => [
    name,
    ...[medianMs, minMs, maxMs].map((ms) => (ms / 1000).toFixed(2)),
  ];
  const table = {
    title: 'From the start of the process to its first answer, in seconds',
    columns: ['started', 'median', 'least', 'most'],
    rows: [rowOf('`azimuth up`', figures.up), rowOf('`azimuth dns`, its store not there', figures.dnsWithoutStore)],
  };
  const notes = [
    `${rounds} starts each, the map of clients and the ranking in the cache. The budget is ${BUDGET_MS / 1000} s.`,
  ];
  return { figures, tables: [table], notes };
}
