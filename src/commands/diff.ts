// `azimuth diff A B`: what differs from one revision to another.

import type { Command } from 'commander';
import { DiffSchema } from '../api/revisions.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { outputOf } from './output.ts';
import { printChanges } from './print-changes.ts';

export function registerDiff(program: Command): void {
  const command = program.command('diff <a> <b>').description('list what differs from one revision to another');
  addApiOptions(command).action(async (a: string, b: string, options: ApiOptions, self: Command) => {
    const path = `/v1/revisions/${encodeURIComponent(a)}/diff/${encodeURIComponent(b)}`;
    const diff = await openApiClient(self, options).request(DiffSchema, 'GET', path);
    const output = outputOf(self);
    if (options.json === true) output.printJson(diff);
    else printChanges(output, diff.changes);
  });
}
