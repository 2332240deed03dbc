// `azimuth apply FILE`: commits a configuration file, whole or not at all.

import type { Command } from 'commander';
import { parseRevisionId } from '../model/revision.ts';
import { type ApiOptions, addApiOptions } from './api-client.ts';
import { failUsage } from './failure.ts';
import { outputOf } from './output.ts';
import { printChanges } from './print-changes.ts';
import { putDocument } from './put-document.ts';

type ApplyOptions = ApiOptions & { readonly ifRevision?: string; readonly message?: string };

export function registerApply(program: Command): void {
  const command = program
    .command('apply <file>')
    .description('commit a configuration')
    .option('--if-revision <revision>', 'only if this is the newest revision, such as 1.42')
    .option('--message <text>', 'what the history says of it');
  addApiOptions(command).action(async (file: string, options: ApplyOptions, self: Command) => {
    const { ifRevision, message } = options;
    if (ifRevision !== undefined && parseRevisionId(ifRevision) === undefined) {
      failUsage(self, `"${ifRevision}" is no revision: write it as "azimuth history" shows it, such as 1.42`);
    }
    const changed = await putDocument(self, file, options, { dryRun: false, ifRevision, message });
    const output = outputOf(self);
    if (options.json === true) return output.printJson(changed);
    printChanges(output, changed.changes);
    output.print(`Revision ${changed.revision} is committed.`);
  });
}
