// Knot DNS with its geoip module, which steers by what a database says of a client: here by country.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.ts';
import { type DataCentre, STATIC_ADDRESS, STEERED_NAME, TTL_SECONDS, ZONE } from '../bench-zone.ts';
import { QUERY_KINDS } from '../compose-queries.ts';
import { answerByCountry } from './nearest-by-country.ts';
import { askVersion, requireTool, type Server, type ServerKind, type ServerSetup, waitForAnswer } from './server.ts';

export const KNOT: ServerKind = {
  name: 'knot',
  label: 'Knot DNS geoip',
  steersBy: 'country',
  command: 'knotd',
  apt: 'knot knot-module-geoip',
  kinds: new Set(QUERY_KINDS.map(({ kind }) => kind)),
  readVersion: () => askVersion('knotd', ['--version']),
  start: (setup) => startKnot(setup, []),
};

/** `modules`: further ones for the zone, behind geoip. */
export async function startKnot(
  { processes, database, dataCentres, prefix }: ServerSetup,
  modules: readonly string[],
): Promise<Server> {
  const port = await findFreePort();
  const directory = processes.makeDirectory(`knot-${port}`);
  for (const folder of ['run', 'database']) mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(join(directory, 'geo.conf'), composeGeoConfiguration(dataCentres));
  writeFileSync(join(directory, 'zone'), composeKnotZone(dataCentres));
  const file = join(directory, 'knot.conf');
  writeFileSync(file, composeKnotConfiguration(directory, port, database, modules));
  const running = processes.run(requireTool('knotd'), ['-c', file], { name: 'knot', prefix });
  return { name: 'knot', port, running, startedInMs: await waitForAnswer(running, port) };
}

export function composeKnotConfiguration(
  directory: string,
  port: number,
  database: string,
  modules: readonly string[] = [],
): string {
  return `server:
  listen: 127.0.0.1@${port}
  rundir: ${directory}/run
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  edns-client-subnet: on
log:
  - target: stderr
    any: warning
database:
  storage: ${directory}/database
mod-geoip:
  - id: country
    config-file: ${directory}/geo.conf
    ttl: ${TTL_SECONDS}
    mode: geodb
    geodb-file: ${database}
    geodb-key: [country/iso_code]
zone:
  - domain: ${ZONE}
    file: ${directory}/zone
    module: [${['mod-geoip/country', ...modules].join(', ')}]
    zonefile-sync: -1
`;
}

export function composeGeoConfiguration(dataCentres: readonly DataCentre[]): string {
  const countries = answerByCountry(dataCentres).map(
    ({ country, address }) => `  - geo: "${country}"\n    A: ${address}\n`,
  );
  return `${STEERED_NAME}:\n${countries.join('')}  - geo: "*"\n    A: ${dataCentres[0]?.address}\n`;
}

function composeKnotZone(dataCentres: readonly DataCentre[]): string {
  return `$ORIGIN ${ZONE}.
@ 900 SOA ns1 hostmaster 1 7200 1800 259200 900
@ 3600 NS ns1
ns1 3600 A 127.0.0.1
www ${TTL_SECONDS} A ${dataCentres[0]?.address}
static ${TTL_SECONDS} A ${STATIC_ADDRESS}
`;
}
