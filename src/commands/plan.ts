// `azimuth plan FILE`: what applying a file would change. Everything is checked as in a real commit; nothing is written.

import type { Command } from 'commander';
import { type ApiOptions, addApiOptions } from './api-client.ts';
import { outputOf } from './output.ts';
import { printChanges } from './print-changes.ts';
import { putDocument } from './put-document.ts';

export function registerPlan(program: Command): void {
  const command = program.command('plan <file>').description('show what applying a configuration would change');
  addApiOptions(command).action(async (file: string, options: ApiOptions, self: Command) => {
    const changed = await putDocument(self, file, options, { dryRun: true });
    const output = outputOf(self);
    if (options.json === true) output.printJson(changed);
    else printChanges(output, changed.changes);
  });
}
