// gdnsd with its geoip plugin: the reference of this field, and the peer that does what we do: nearest data centre, client
// subnet, scope.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.ts';
import type { Processes } from '../../support/processes.ts';
import { type DataCentre, STATIC_ADDRESS, TTL_SECONDS } from '../bench-zone.ts';
import { QUERY_KINDS } from '../compose-queries.ts';
import { askVersion, requireTool, type Server, type ServerKind, type ServerSetup, waitForAnswer } from './server.ts';

const DATABASE_NAME = 'GeoIP2-City.mmdb';

export const GDNSD: ServerKind = {
  name: 'gdnsd',
  label: 'gdnsd',
  steersBy: 'nearest data centre',
  command: 'gdnsd',
  apt: 'gdnsd',
  kinds: new Set(QUERY_KINDS.map(({ kind }) => kind)),
  readVersion: () => askVersion('gdnsd', ['version']),
  start: (setup) => startGdnsd(setup, {}),
};

/**
 * Without a database the name is served from its first data centre. `listLimit`: how many data centres a client's list has;
 * 0: all. gdnsd's default is 3.
 */
export async function startGdnsd(
  { processes, database, dataCentres, prefix }: Omit<ServerSetup, 'database'> & Pick<GdnsdOptions, 'database'>,
  { listLimit }: Pick<GdnsdOptions, 'listLimit'>,
): Promise<Server> {
  const port = await findFreePort();
  const directory = writeGdnsdDirectory(processes, { port, database, dataCentres, listLimit });
  const running = processes.run(requireTool('gdnsd'), ['-c', directory, 'start'], { name: 'gdnsd', prefix });
  return { name: 'gdnsd', port, running, startedInMs: await waitForAnswer(running, port) };
}

export type GdnsdOptions = {
  readonly port: number;
  readonly database: string | undefined;
  readonly dataCentres: readonly DataCentre[];
  readonly listLimit?: number | undefined;
};

/** Everything that gdnsd reads, and the folders it writes to. */
export function writeGdnsdDirectory(processes: Processes, options: GdnsdOptions): string {
  const directory = processes.makeDirectory(`gdnsd-${options.port}-${options.database === undefined ? 'bare' : 'map'}`);
  for (const folder of ['zones', 'geoip', 'run', 'state']) mkdirSync(join(directory, folder), { recursive: true });
  if (options.database !== undefined) symlinkSync(options.database, join(directory, 'geoip', DATABASE_NAME));
  writeFileSync(join(directory, 'config'), composeGdnsdConfiguration(directory, options));
  writeFileSync(join(directory, 'zones', 'example.com'), composeGdnsdZone(options));
  return directory;
}

export function composeGdnsdConfiguration(directory: string, options: GdnsdOptions): string {
  const { port, database, dataCentres, listLimit } = options;
  const ids = dataCentres.map(({ id }) => id).join(', ');
  const places = dataCentres.map(({ id, latitude, longitude }) => `${id} => [ ${latitude}, ${longitude} ]`);
  const addresses = dataCentres.map(({ id, address }) => `${id} => ${address}`);
  const limit = listLimit === undefined ? '' : `auto_dc_limit => ${listLimit}`;
  const plugin = `plugins => {
  geoip => {
    maps => {
      nearest => {
        geoip2_db => ${DATABASE_NAME}
        datacenters => [ ${ids} ]
        auto_dc_coords => { ${places.join(' ')} }
        ${limit}
      }
    }
    resources => {
      www => { map => nearest service_types => up dcmap => { ${addresses.join(' ')} } }
    }
  }
}
`;
  return `options => {
  listen => [ 127.0.0.1:${port} ]
  udp_threads => 1
  tcp_threads => 1
  edns_client_subnet => true
  run_dir => "${directory}/run"
  state_dir => "${directory}/state"
}
${database === undefined ? '' : plugin}`;
}

function composeGdnsdZone({ database, dataCentres }: GdnsdOptions): string {
  const steered = database === undefined ? `A ${dataCentres[0]?.address}` : 'DYNA geoip!www';
  return `@ 900 SOA ns1 hostmaster ( 1 7200 1800 259200 900 )
@ 3600 NS ns1
ns1 3600 A 127.0.0.1
www ${TTL_SECONDS} ${steered}
static ${TTL_SECONDS} A ${STATIC_ADDRESS}
`;
}
