// `azimuth demo`: breaks and mends the demonstration backends of a running `azimuth up`, or runs one by itself.

import type { Command } from 'commander';
import { startDemoBackend } from '../demo/backends.ts';
import { type DemoCommand, sendDemoCommand } from '../demo/control-socket.ts';
import { formatListenAddress, parseListenAddress } from '../model/listen-address.ts';

type StateOptions = { readonly state: string };

export function registerDemo(program: Command): void {
  const stateDirectory = process.env['AZIMUTH_STATE_DIRECTORY'] ?? 'var';
  const demo = program.command('demo').description('demonstration backends: real ones, to be broken and mended');
  for (const [name, description] of [
    ['fail', 'let the backend of a region refuse connections'],
    ['heal', 'let the backend of a region answer again'],
  ] as const) {
    demo
      .command(`${name} <region>`)
      .description(description)
      .option('--state <directory>', 'state directory of the running process', stateDirectory)
      .action((region: string, { state }: StateOptions) => send(state, name, region));
  }
  demo
    .command('list')
    .description('show the backends')
    .option('--state <directory>', 'state directory of the running process', stateDirectory)
    .action(({ state }: StateOptions) => send(state, 'list', ''));
  demo
    .command('serve')
    .description('run one backend by itself')
    .requiredOption('--region <region>', 'what it says of itself')
    .requiredOption('--listen <host:port>', 'where it listens')
    .action(({ region, listen }: { region: string; listen: string }) => serve(region, listen));
}

async function send(state: string, command: DemoCommand, region: string): Promise<void> {
  try {
    const reply = await sendDemoCommand(state, command, region);
    if (!reply.ok) return fail(reply.message, 1);
    if (reply.message !== '') process.stdout.write(`${reply.message}\n`);
    for (const { region: name, port, healthy } of command === 'list' ? reply.backends : []) {
      process.stdout.write(`${name.padEnd(16)} 127.0.0.1:${port}  ${healthy ? 'answers' : 'refuses'}\n`);
    }
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error), 1);
  }
}

async function serve(region: string, listen: string): Promise<void> {
  const address = parseListenAddress(listen);
  if (address === undefined) return fail(`--listen ${listen} is not host:port`, 2);
  try {
    const backend = await startDemoBackend({ region, listen: address });
    process.stdout.write(`demonstration backend of ${region} at http://${formatListenAddress(backend.listen)}\n`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => void backend.close().then(() => process.exit(0)));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error), 1);
  }
}

function fail(message: string, exitCode: number): void {
  process.stderr.write(`azimuth: ${message}\n`);
  process.exitCode = exitCode;
}
