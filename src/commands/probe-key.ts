// `azimuth probe key`: the public key that the worker of these settings signs its votes with, to be listed in `workers` of its
// vantage. The private one is made where it is missing, and never printed.

import type { Command } from 'commander';
import { makeSlotKeyFile, openSlotKey } from '../roles/slot-key-file.ts';
import { readSettings } from '../settings/read-settings.ts';
import { fail, failUsage } from './failure.ts';
import { outputOf } from './output.ts';

type KeyOptions = { readonly settings?: string; readonly json?: boolean };

export function registerProbeKey(probe: Command): void {
  probe
    .command('key')
    .description('the public key that this worker signs its votes with; the private one is made where there is none')
    .option('--settings <file>', 'how the worker runs: probe.keyFile, or stateDirectory, says where its key is')
    .option('--json', 'print JSON')
    // The settings are an option of `probe` as well, which takes it wherever it stands.
    .action((_: KeyOptions, self: Command) => printKey(self, self.optsWithGlobals()));
}

async function printKey(command: Command, { settings: file, json }: KeyOptions): Promise<void> {
  const read = readSettings({ file, environment: process.env });
  if (!read.ok) return failUsage(command, read.problems.map(({ message }) => message).join('\n'));
  const { vantage, worker } = read.value.probe;
  const publicKey = await findPublicKey(command, read.value);
  const output = outputOf(command);
  if (json === true) return output.printJson({ vantage, ...(worker !== '' && { worker }), publicKey });
  output.print(publicKey);
  output.printNotice(
    worker === ''
      ? 'To be listed in the configuration the worker needs an id that stays: probe.worker (AZIMUTH_PROBE_WORKER).'
      : `To admit it: vantages: [{ id: ${vantage}, workers: [{ id: ${worker}, publicKey: ${publicKey} }] }]`,
  );
}

async function findPublicKey(command: Command, settings: Parameters<typeof openSlotKey>[0]): Promise<string> {
  try {
    await makeSlotKeyFile(settings);
    return (await openSlotKey(settings)).publicKey;
  } catch (error) {
    return fail(command, error instanceof Error ? error.message : String(error));
  }
}
