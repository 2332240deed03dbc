// `azimuth up`: all roles in one process, with the embedded store unless the settings say otherwise.

import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { formatListenAddress } from '../model/listen-address.ts';
import { formatRevisionId } from '../model/revision.ts';
import type { Settings } from '../model/settings.ts';
import type { RunningNode } from '../roles/run-node.ts';
import { count } from './output.ts';
import { addRunOptions, type RunOptions, runRoles } from './run-roles.ts';
import { VERSION } from './version.ts';

const ROOT = new URL('../../', import.meta.url);

export function registerUp(program: Command): void {
  addRunOptions(program.command('up'))
    .description('run all roles in one process')
    .option('--config <file>', 'configuration that an empty store begins with')
    .action((options: RunOptions) =>
      runRoles(
        ['dns', 'probe', 'api'],
        { settings: pathOf('config/azimuth.yaml'), ...options },
        (node) => announce(node),
        defaultConfiguration,
      ),
    );
}

/** Without any option: what is shown, so that its backends are there; or the example that Azimuth comes with. */
function defaultConfiguration({ demo }: Settings): string {
  return demo.enabled && demo.configuration !== '' ? demo.configuration : pathOf('config/example.yaml');
}

/** In the directory that Azimuth was installed to. */
function pathOf(file: string): string {
  return fileURLToPath(new URL(file, ROOT));
}

/** TCP is where UDP is; TLS and HTTPS are shown where there are any. */
function describeAddresses({ dnsAddresses }: RunningNode): string {
  const kinds = [
    ['udp', 'udp+tcp'],
    ['tls', 'tls'],
    ['https', 'https'],
  ] as const;
  return kinds
    .map(([protocol, name]) => [name, dnsAddresses.filter((address) => address.protocol === protocol)] as const)
    .filter(([, addresses]) => addresses.length > 0)
    .map(([name, addresses]) => `${name} ${addresses.map(formatListenAddress).join(', ')}`)
    .join(' · ');
}

function describeAnswering({ answering }: RunningNode): string {
  if (answering === undefined) return '';
  const { threads, transport } = answering;
  const socket = transport.transport === 'batch' ? 'batch socket' : "Node's own socket";
  return ` (${socket}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;
}

function announce(node: RunningNode): void {
  const { control, dnsAddresses, api } = node;
  const serving = control?.serving;
  if (serving === undefined) return;
  const { configuration, revision } = serving;
  const database = control?.database?.database;
  const [first] = dnsAddresses;
  const service = configuration.services[0]?.id ?? configuration.zones[0]?.name ?? '';
  const ask = first === undefined ? '' : `dig @${first.host} -p ${first.port} ${service} +subnet=81.2.69.0/24`;
  const head = [
    `azimuth ${VERSION}`,
    `revision ${formatRevisionId(revision.manifest.id)}`,
    count(configuration.regions.length, 'region'),
    database === undefined ? 'no GeoIP database' : `${database.name} (${database.attribution})`,
  ].join(' · ');
  const lines = [
    styleText('bold', head),
    `dns      ${describeAddresses(node)}${describeAnswering(node)}`,
    ...(api === undefined ? [] : [`api      ${api.url}/v1   docs ${api.url}/docs   token in ${api.tokenFile}`]),
    `try      ${ask}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
