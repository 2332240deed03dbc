// `azimuth probe`: a worker that checks endpoints from one vantage.

import type { Command } from 'commander';
import { formatListenAddress } from '../model/listen-address.ts';
import { registerProbeKey } from './probe-key.ts';
import { addRunOptions, type RunOptions, runRoles } from './run-roles.ts';

export function registerProbe(program: Command): void {
  const probe = addRunOptions(program.command('probe'));
  probe.description('check endpoints from the vantage that the settings name').action((options: RunOptions) =>
    runRoles(['probe'], options, ({ telemetry }, settings) => {
      process.stdout.write(`probe at vantage ${settings.probe.vantage}\n`);
      if (telemetry !== undefined) process.stdout.write(`telemetry http://${formatListenAddress(telemetry)}\n`);
    }),
  );
  registerProbeKey(probe);
}
