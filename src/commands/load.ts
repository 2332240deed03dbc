// `azimuth load set SUBJECT`: reports the load of a cluster or an endpoint, as its servers' own agents would.

import type { Command } from 'commander';
import { ReportSchema } from '../api/load.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { failUsage } from './failure.ts';
import { outputOf } from './output.ts';

const QUANTITIES = ['connections', 'capacity', 'utilisation'] as const;
type LoadOptions = ApiOptions & Partial<Record<(typeof QUANTITIES)[number], string>>;

export function registerLoad(program: Command): void {
  const set = program
    .command('load')
    .description('report load')
    .command('set <subject>')
    .description('subject: a cluster, or cluster/endpoint; a report counts for 30 s')
    .option('--connections <number>', 'open now')
    .option('--capacity <number>', 'that it can hold')
    .option('--utilisation <share>', 'share of its capacity in use, 1 = full');
  addApiOptions(set).action(async (subject: string, options: LoadOptions, self: Command) => {
    const given = QUANTITIES.flatMap((quantity) => {
      const text = options[quantity];
      return text === undefined ? [] : [[quantity, readNumber(self, quantity, text)] as const];
    });
    if (given.length === 0) failUsage(self, `give at least one of --${QUANTITIES.join(', --')}`);
    const path = `/v1/load/${subject.split('/').map(encodeURIComponent).join('/')}`;
    const body = Object.fromEntries(given);
    const report = await openApiClient(self, options).request(ReportSchema, 'PUT', path, { body });
    const output = outputOf(self);
    if (options.json === true) output.printJson(report);
    else output.print(`${subject}: ${given.map(([quantity, number]) => `${quantity} ${number}`).join(', ')}.`);
  });
}

function readNumber(command: Command, name: string, text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : failUsage(command, `--${name} ${text}: give a number`);
}
