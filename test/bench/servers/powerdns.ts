// PowerDNS with its geoip backend, which puts what a database says of a client into the name that it looks up: here its country.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.ts';
import { type DataCentre, STATIC_ADDRESS, STATIC_NAME, STEERED_NAME, TTL_SECONDS, ZONE } from '../bench-zone.ts';
import { QUERY_KINDS } from '../compose-queries.ts';
import { answerByCountry } from './nearest-by-country.ts';
import { askVersion, requireTool, type ServerKind, waitForAnswer } from './server.ts';

export const POWERDNS: ServerKind = {
  name: 'powerdns',
  label: 'PowerDNS geoip',
  steersBy: 'country',
  command: 'pdns_server',
  apt: 'pdns-server pdns-backend-geoip',
  kinds: new Set(QUERY_KINDS.map(({ kind }) => kind)),
  readVersion: () => askVersion('pdns_server', ['--version']),
  async start({ processes, database, dataCentres, prefix }) {
    const port = await findFreePort();
    const directory = processes.makeDirectory('powerdns');
    writeFileSync(join(directory, 'zones.yaml'), composePowerdnsZones(dataCentres));
    writeFileSync(join(directory, 'pdns.conf'), composePowerdnsConfiguration(directory, port, database));
    const args = [`--config-dir=${directory}`];
    const running = processes.run(requireTool('pdns_server'), args, { name: 'powerdns', prefix });
    return { name: 'powerdns', port, running, startedInMs: await waitForAnswer(running, port) };
  },
};

export function composePowerdnsConfiguration(directory: string, port: number, database: string): string {
  return `launch=geoip
geoip-database-files=mmdb:${database}
geoip-zones-file=${directory}/zones.yaml
edns-subnet-processing=yes
local-address=127.0.0.1
local-port=${port}
receiver-threads=1
distributor-threads=1
socket-dir=${directory}
daemon=no
guardian=no
disable-syslog=yes
loglevel=3
`;
}

/** A name of its own for each country; JSON is YAML. */
export function composePowerdnsZones(dataCentres: readonly DataCentre[]): string {
  const unknown = `unknown.country.${ZONE}`;
  const countries = answerByCountry(dataCentres).map(({ country, address }) => [
    `${country.toLowerCase()}.country.${ZONE}`,
    [{ a: address }],
  ]);
  const records = {
    [ZONE]: [{ soa: `ns1.${ZONE} hostmaster.${ZONE} 1 7200 1800 259200 900` }, { ns: `ns1.${ZONE}` }],
    [`ns1.${ZONE}`]: [{ a: '127.0.0.1' }],
    [STATIC_NAME]: [{ a: STATIC_ADDRESS }],
    [unknown]: [{ a: dataCentres[0]?.address }],
    ...Object.fromEntries(countries),
  };
  const services = { [STEERED_NAME]: [`%cc.country.${ZONE}`, unknown] };
  return JSON.stringify({ domains: [{ domain: ZONE, ttl: TTL_SECONDS, records, services }] });
}
