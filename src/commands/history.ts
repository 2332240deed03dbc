// `azimuth history`: who changed what, and when.

import type { Command } from 'commander';
import { RevisionPageSchema } from '../api/revisions.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { alignColumns, outputOf } from './output.ts';

type HistoryOptions = ApiOptions & { readonly limit: string };

export function registerHistory(program: Command): void {
  const command = program
    .command('history')
    .description('list revisions, newest first')
    .option('--limit <number>', 'how many', '20');
  addApiOptions(command).action(async (options: HistoryOptions, self: Command) => {
    const query = { limit: options.limit };
    const page = await openApiClient(self, options).request(RevisionPageSchema, 'GET', '/v1/revisions', { query });
    const output = outputOf(self);
    if (options.json === true) return output.printJson(page);
    const rows = page.items.map(({ id, createdAt, author, message }) => [
      output.paint('bold', id),
      createdAt.slice(0, 19).replace('T', ' '),
      author,
      message,
    ]);
    output.print(alignColumns([['REVISION', 'WHEN (UTC)', 'WHO', 'WHAT'], ...rows]));
  });
}
