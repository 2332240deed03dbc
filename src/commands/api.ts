// `azimuth api`: the REST API, through which the configuration changes and everything can be seen.

import type { Command } from 'commander';
import { addRunOptions, type RunOptions, runRoles } from './run-roles.ts';

export function registerApi(program: Command): void {
  addRunOptions(program.command('api'))
    .description('serve the REST API')
    .option('--config <file>', 'configuration that an empty store begins with')
    .action((options: RunOptions) =>
      runRoles(['api'], options, ({ api }) => {
        if (api !== undefined) process.stdout.write(`api ${api.url}/v1   token in ${api.tokenFile}\n`);
      }),
    );
}
