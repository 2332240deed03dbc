// `azimuth rollback REVISION`: commits the content of an older revision anew.

import type { Command } from 'commander';
import { ChangedSchema } from '../api/route-schema.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { outputOf } from './output.ts';
import { printChanges } from './print-changes.ts';

type RollbackOptions = ApiOptions & { readonly dryRun?: boolean };

export function registerRollback(program: Command): void {
  const command = program
    .command('rollback <revision>')
    .description('commit the content of an older revision anew; overrides and tokens stay')
    .option('--dry-run', 'only show what would change');
  addApiOptions(command).action(async (revision: string, options: RollbackOptions, self: Command) => {
    const path = `/v1/revisions/${encodeURIComponent(revision)}/rollback`;
    const changed = await openApiClient(self, options).request(ChangedSchema, 'POST', path, {
      query: { dryRun: options.dryRun === true ? 'true' : undefined },
      headers: { 'if-match': '*' },
    });
    const output = outputOf(self);
    if (options.json === true) return output.printJson(changed);
    printChanges(output, changed.changes);
    if (!changed.dryRun) output.print(`Revision ${changed.revision} is committed.`);
  });
}
