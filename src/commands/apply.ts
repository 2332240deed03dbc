// `azimuth apply FILE`: commits a configuration file, whole or not at all.

import type { Command } from 'commander';
import { parseRevisionId } from '../model/revision.ts';
import { type ApiOptions, addApiOptions } from './api-client.ts';
import { failUsage } from './failure.ts';
import { outputOf } from './output.ts';
import { printChanges } from './print-changes.ts';
import { putDocument } from './put-document.ts';

type ApplyOptions = ApiOptions & { readonly ifRevision?: string; readonly above?: string; readonly message?: string };

export function registerApply(program: Command): void {
  const command = program
    .command('apply <file>')
    .description('commit a configuration')
    .option('--if-revision <revision>', 'only if this is the newest revision, such as 1.42')
    .option('--above <revision>', 'make it newer than this one too, which nodes serve and the store has lost')
    .option('--message <text>', 'what the history says of it');
  addApiOptions(command).action(async (file: string, options: ApplyOptions, self: Command) => {
    const { ifRevision, above, message } = options;
    for (const text of [ifRevision, above]) {
      if (text === undefined || parseRevisionId(text) !== undefined) continue;
      failUsage(self, `"${text}" is no revision: write it as "azimuth history" shows it, such as 1.42`);
    }
    const changed = await putDocument(self, file, options, { dryRun: false, ifRevision, above, message });
    const output = outputOf(self);
    if (options.json === true) return output.printJson(changed);
    printChanges(output, changed.changes);
    output.print(`Revision ${changed.revision} is committed.`);
  });
}
