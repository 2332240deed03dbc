// `azimuth dns`: a node that answers queries, following a store that others write to.

import type { Command } from 'commander';
import { formatListenAddress } from '../model/listen-address.ts';
import { addRunOptions, type RunOptions, runRoles } from './run-roles.ts';

export function registerDns(program: Command): void {
  addRunOptions(program.command('dns'))
    .description('answer queries, from the configuration and health in the store')
    .action((options: RunOptions) =>
      runRoles(['dns'], options, ({ dnsAddresses, telemetry }) => {
        for (const address of dnsAddresses) {
          process.stdout.write(`dns ${address.protocol} ${formatListenAddress(address)}\n`);
        }
        if (telemetry !== undefined) process.stdout.write(`telemetry http://${formatListenAddress(telemetry)}\n`);
      }),
    );
}
