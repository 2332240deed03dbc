// `azimuth override`: an operator's word about a region, a cluster or an endpoint, above what the monitors say.

import type { Command } from 'commander';
import { StatusSchema } from '../api/status-schema.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { failUsage } from './failure.ts';
import { alignColumns, outputOf } from './output.ts';
import { findPlace, formatPlace } from './place.ts';
import { clearOverride, setOverride } from './set-override.ts';

type SetOptions = ApiOptions & { readonly reason: string; readonly for?: string };

const STATES = ['force-down', 'drain', 'force-up'];

export function registerOverride(program: Command): void {
  const override = program
    .command('override')
    .description("set or clear an operator's word about a region, cluster or endpoint");

  const set = override
    .command('set <path> <state>')
    .description(`state: ${STATES.join(', ')}; path: regions/eu-west, clusters/web-eu, endpoints/web-eu/a`)
    .requiredOption('--reason <text>', 'why: for whoever finds it later (must be given)')
    .option('--for <duration>', 'until then, such as 30m; else until it is cleared');
  addApiOptions(set).action(async (path: string, state: string, options: SetOptions, self: Command) => {
    if (!STATES.includes(state)) failUsage(self, `"${state}" is no state: write one of ${STATES.join(', ')}`);
    const client = openApiClient(self, options);
    const place = findPlace(self, path, await client.request(StatusSchema, 'GET', '/v1/status'));
    const { reason, for: duration } = options;
    const written = await setOverride(client, place, {
      state,
      reason,
      ...(duration !== undefined && { for: duration }),
    });
    const output = outputOf(self);
    if (options.json === true) return output.printJson(written);
    const end = written.expiresAt === undefined ? 'until it is cleared' : `until ${written.expiresAt}`;
    output.print(`${formatPlace(place)}: ${written.state}, ${end}.`);
  });

  const clear = override.command('clear <path>').description('let the monitors decide again');
  addApiOptions(clear).action(async (path: string, options: ApiOptions, self: Command) => {
    const client = openApiClient(self, options);
    const place = findPlace(self, path, await client.request(StatusSchema, 'GET', '/v1/status'));
    await clearOverride(client, place);
    const output = outputOf(self);
    if (options.json === true) output.printJson({ cleared: formatPlace(place) });
    else output.print(`${formatPlace(place)}: no override, the monitors decide.`);
  });

  const list = override.command('list').description('list the overrides that are set');
  addApiOptions(list).action(async (options: ApiOptions, self: Command) => {
    const { overrides } = await openApiClient(self, options).request(StatusSchema, 'GET', '/v1/status');
    const output = outputOf(self);
    if (options.json === true) return output.printJson(overrides);
    if (overrides.length === 0) return output.print('No override is set.');
    const rows = overrides.map(({ kind, id, state, reason, author, expiresAt = 'cleared' }) => [
      `${kind}/${id}`,
      state,
      expiresAt,
      author,
      reason,
    ]);
    output.print(alignColumns([['PATH', 'STATE', 'UNTIL', 'WHO', 'WHY'], ...rows]));
  });
}
