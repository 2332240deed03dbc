// `azimuth status`: regions, clusters, endpoints and vantages at a glance. Exit code 1 when something that should serve
// does not, so that scripts can ask.

import type { Command } from 'commander';
import { type StatusDocument, StatusSchema } from '../api/status-schema.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { endUnhealthy } from './failure.ts';
import { alignColumns, count, describeAge, type Output, outputOf } from './output.ts';
import { ENDPOINT_COLOURS, evidenceRows, isPlainlyUp } from './print-evidence.ts';
import { vantageRows } from './print-vantages.ts';

export function registerStatus(program: Command): void {
  const command = program.command('status').description('show regions, clusters, endpoints and vantages at a glance');
  addApiOptions(command).action(async (options: ApiOptions, self: Command) => {
    const status = await openApiClient(self, options).request(StatusSchema, 'GET', '/v1/status');
    const output = outputOf(self);
    if (options.json === true) output.printJson(status);
    else printStatus(output, status, Date.now());
    if (!status.healthy) endUnhealthy();
  });
}

/** What the API calls it when there is none. */
const NO_DATABASE = 'none';

/** `nowMs`: by the wall clock, for how long ago things happened. */
export function printStatus(output: Output, status: StatusDocument, nowMs: number): void {
  const health = status.healthy ? output.paint('green', 'healthy') : output.paint('red', 'not healthy');
  const database = status.database.name === NO_DATABASE ? 'no GeoIP database' : status.database.name;
  const parts = [`revision ${status.revision}`, count(status.regions.length, 'region'), database];
  output.print([health, ...parts].join(' · '));
  for (const reason of status.reasons) output.print(output.paint('yellow', `  ${reason}`));
  printRegions(output, status, nowMs);
  const services = status.services.map(({ name, clusters, serving }) => [
    name,
    serving ? output.paint('green', 'serving') : output.paint('red', 'out'),
    clusters.join(', '),
  ]);
  printTable(output, 'Services', services);
  printTable(output, 'Vantages', vantageRows(output, status.vantages));
  const overrides = status.overrides.map(({ kind, id, state, author, reason, expiresAt = 'cleared' }) => [
    `${kind}/${id}`,
    output.paint('yellow', state),
    `until ${expiresAt}`,
    `${author}: ${reason}`,
  ]);
  printTable(output, 'Overrides', overrides);
}

const CLUSTER_COLOURS = { serving: 'green', degraded: 'yellow', drained: 'yellow', out: 'red' } as const;

/** One table over all regions, so that its columns stand below each other. */
function printRegions(output: Output, { regions }: StatusDocument, nowMs: number): void {
  const rows = regions.flatMap(({ id, name, state, clusters }) => [
    [output.paint('bold', id), state === 'enabled' ? '' : output.paint('yellow', state), '', name === id ? '' : name],
    ...clusters.flatMap((cluster) => [
      [
        `  ${cluster.id}`,
        output.paint(CLUSTER_COLOURS[cluster.state], cluster.state),
        '',
        [describeReturn(cluster.clientShare), describeLoad(cluster.load)].filter(Boolean).join(' · '),
      ],
      ...cluster.endpoints.flatMap((status) => [
        [
          `    ${status.endpoint}`,
          output.paint(ENDPOINT_COLOURS[status.state], status.state),
          status.address,
          [describeWhy(status, nowMs), describeLoad(status.load)].filter(Boolean).join(' · '),
        ],
        ...(isPlainlyUp(status) ? [] : evidenceRows(output, status, '      ')),
      ]),
    ]),
  ]);
  printTable(output, 'Regions', rows);
}

/** What is down says for how long. */
function describeWhy({ why, verdict, since }: Endpoint, nowMs: number): string {
  return verdict !== 'down' || since === undefined ? why : `${why}; for ${describeAge(nowMs - Date.parse(since))}`;
}

function describeReturn(clientShare: number | undefined): string {
  return clientShare === undefined ? '' : `coming back: takes ${Math.round(clientShare * 100)} % of its clients`;
}

type Cluster = StatusDocument['regions'][number]['clusters'][number];
type Endpoint = Cluster['endpoints'][number];
type Load = Cluster['load'];

function describeLoad(load: Load): string {
  if (load === undefined) return '';
  const { connections, capacity, utilisation, ageSeconds, fresh } = load;
  const quantities = [
    connections === undefined ? '' : `${connections}${capacity === undefined ? '' : ` of ${capacity}`} connections`,
    utilisation === undefined ? '' : `${Math.round(utilisation * 100)}% used`,
  ].filter(Boolean);
  const age = `${ageSeconds} s ago${fresh ? '' : ', no longer counts'}`;
  return quantities.length === 0 ? '' : `${quantities.join(', ')} (${age})`;
}

function printTable(output: Output, title: string, rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return;
  output.print(`\n${output.paint('dim', title)}`);
  output.print(alignColumns(rows));
}
