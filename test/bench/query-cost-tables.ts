// The tables and plots of the part `queries`.

import { QUERY_KINDS } from './compose-queries.ts';
import type { KindFigures, QueryCostFigures, ServerFigures } from './query-cost.ts';
import type { Plot, PlotRow } from './report/plot.ts';
import type { Table } from './report/table.ts';
import type { ServerKind } from './servers/server.ts';
import { isOurs, SERVER_KINDS } from './servers/server-kinds.ts';

const NOTHING = '–';
/** A bar that is longer (dns2's) would leave nothing to see of the others. */
const CPU_AXIS_US = 30;

export function describeQueryCost(figures: QueryCostFigures): { tables: readonly Table[]; plots: readonly Plot[] } {
  const measured = SERVER_KINDS.filter(({ name }) => Object.values(figures).some(({ servers }) => servers[name]));
  const peers = measured.filter(({ name }) => !isOurs(name));
  const tableOf = (
    title: string,
    cell: (server: ServerFigures, kind: KindFigures) => string,
    more: readonly (readonly string[])[] = [],
  ) => ({
    title,
    columns: ['server', ...kindsIn(figures).map(({ label }) => label)],
    rows: [...measured.map((server) => [server.label, ...cellsOf(figures, server, cell)]), ...more],
  });
  const ratioRows = (part: 'cpu' | 'p99') =>
    peers.map(({ name, label }) => [
      `Azimuth ÷ ${label}`,
      ...kindsIn(figures).map(({ kind }) => figures[kind]?.ratios[name]?.[part]?.toFixed(2) ?? NOTHING),
    ]);
  const rates = ['queries a second', ...kindsIn(figures).map(({ kind }) => formatCount(figures[kind]?.ratePerSecond))];
  return {
    tables: [
      tableOf('CPU per query in µs (user + system)', formatCpu, ratioRows('cpu')),
      tableOf('Answers a second', ({ peak }) => formatCount(peak.perSecond)),
      tableOf('Latency at half of our peak in µs: p50 / p99 / p99.9', formatLatency, [...ratioRows('p99'), rates]),
      tableOf('Lost at the peak / at half of it, and wrong answers, of all rounds', formatLosses),
    ],
    plots: [plotCpu(figures, measured), plotLatency(figures, measured)],
  };
}

function kindsIn(figures: QueryCostFigures) {
  return QUERY_KINDS.filter(({ kind }) => figures[kind] !== undefined);
}

function cellsOf(
  figures: QueryCostFigures,
  { name }: ServerKind,
  cell: (server: ServerFigures, kind: KindFigures) => string,
): readonly string[] {
  return kindsIn(figures).map(({ kind }) => {
    const server = figures[kind]?.servers[name];
    return server === undefined || figures[kind] === undefined ? NOTHING : cell(server, figures[kind]);
  });
}

function formatCpu({ peak: { cpuUs } }: ServerFigures): string {
  return `${cpuUs.total.toFixed(2)} (${cpuUs.user.toFixed(2)} + ${cpuUs.system.toFixed(2)})`;
}

function formatLatency({ atRate }: ServerFigures): string {
  if (atRate === undefined) return NOTHING;
  const { p50, p99, p999 } = atRate.latencyUs;
  return [p50, p99, p999].map((us) => formatCount(us)).join(' / ');
}

function formatLosses({ peak, atRate }: ServerFigures): string {
  return `${peak.lost} / ${atRate?.lost ?? NOTHING}, ${peak.wrong}`;
}

function formatCount(value: number | undefined): string {
  return value === undefined ? NOTHING : Math.round(value).toLocaleString('en');
}

function plotCpu(figures: QueryCostFigures, measured: readonly ServerKind[]): Plot {
  return {
    kind: 'bars',
    file: 'performance-cpu.svg',
    title: 'CPU time per query',
    unit: 'µs',
    parts: ['user', 'system'],
    limit: CPU_AXIS_US,
    groups: groupsOf(figures, measured, ({ peak }) => [peak.cpuUs.user, peak.cpuUs.system]),
  };
}

function plotLatency(figures: QueryCostFigures, measured: readonly ServerKind[]): Plot {
  return {
    kind: 'ranges',
    file: 'performance-latency.svg',
    title: 'Latency at half of our peak, from the intended time of sending',
    unit: 'µs',
    parts: ['p50', 'p99', 'p99.9'],
    groups: groupsOf(figures, measured, ({ atRate }) => {
      return atRate === undefined ? undefined : [atRate.latencyUs.p50, atRate.latencyUs.p99, atRate.latencyUs.p999];
    }),
  };
}

function groupsOf(
  figures: QueryCostFigures,
  measured: readonly ServerKind[],
  valuesOf: (server: ServerFigures) => readonly number[] | undefined,
): Plot['groups'] {
  return kindsIn(figures).map(({ kind, label }) => ({
    name: label,
    rows: measured.flatMap((server): readonly PlotRow[] => {
      const found = figures[kind]?.servers[server.name];
      const values = found && valuesOf(found);
      return values === undefined ? [] : [{ name: server.label, isOurs: isOurs(server.name), values }];
    }),
  }));
}
