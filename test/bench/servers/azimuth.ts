// Azimuth as a node that only answers: the dns role, served from its disk. `azimuth up` first commits the configuration and
// compiles everything for it; what is measured is the node that starts after that, as at every place of a real installation.

import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../../src/commands/version.ts';
import { tryAsk, waitUntil } from '../../support/dns-ask.ts';
import { findFreePort } from '../../support/free-port.ts';
import { type Processes, ROOT } from '../../support/processes.ts';
import { type DataCentre, STATIC_ADDRESS, STATIC_NAME, TTL_SECONDS, ZONE } from '../bench-zone.ts';
import { QUERY_KINDS } from '../compose-queries.ts';
import { type Server, type ServerKind, type ServerSetup, waitForAnswer } from './server.ts';

export const AZIMUTH: ServerKind = {
  name: 'azimuth',
  label: 'Azimuth',
  steersBy: 'nearest data centre',
  command: undefined,
  apt: '',
  kinds: new Set(QUERY_KINDS.map(({ kind }) => kind)),
  readVersion: () => VERSION,
  start: (setup) => startPrepared(setup, 'auto'),
};

/** What serves where the batch socket cannot be built. */
export const AZIMUTH_DGRAM: ServerKind = {
  ...AZIMUTH,
  name: 'azimuth-dgram',
  label: 'Azimuth, node:dgram',
  kinds: new Set(['ecs4']),
  start: async (setup) => ({ ...(await startPrepared(setup, 'dgram')), name: 'azimuth-dgram' }),
};

/** `isSigned`: with a zone that is signed, by a single key. */
export async function startPrepared(setup: ServerSetup, transport: Transport, isSigned = false): Promise<Server> {
  const site = await prepareSite(setup, transport, isSigned);
  const everything = await startEverything(setup, site);
  if (isSigned) await waitForKeys(site.port);
  await everything.running.stop();
  return startDnsRole(setup, site);
}

/** The setting dns.transport. */
type Transport = 'auto' | 'dgram';

/** Where one node keeps its files, and where it listens. */
export type AzimuthSite = {
  readonly port: number;
  readonly apiPort: number;
  readonly settingsFile: string;
  readonly configurationFile: string;
  readonly stateDirectory: string;
  /** Databases that appear in here are taken within two seconds. */
  readonly geoDirectory: string;
};

const MAIN = join(ROOT, 'src/main.ts');
/** A store that is not there: the node goes on with what is on its disk, which is all it needs here. */
const NO_STORE = 'redis://127.0.0.1:1';

export async function prepareSite(
  { processes, database, dataCentres }: ServerSetup,
  transport: Transport = 'auto',
  isSigned = false,
): Promise<AzimuthSite> {
  const [port, apiPort] = [await findFreePort(), await findFreePort()];
  const name = `azimuth-${port}`;
  const stateDirectory = processes.makeDirectory(`${name}/state`);
  const geoDirectory = processes.makeDirectory(`${name}/geo`);
  symlinkSync(database, join(geoDirectory, 'city.mmdb'));
  const configurationFile = join(processes.makeDirectory(name), 'configuration.json');
  const settingsFile = join(processes.makeDirectory(name), 'settings.json');
  writeFileSync(configurationFile, JSON.stringify(composeConfiguration(dataCentres, isSigned)));
  const secretFile = join(processes.makeDirectory(name), 'secret');
  writeFileSync(secretFile, '5e'.repeat(32), { mode: 0o600 });
  const settings = {
    dnssec: { secretFile, askParent: false },
    dns: { listen: [`127.0.0.1:${port}`], threads: 1, transport },
    api: { listen: `127.0.0.1:${apiPort}` },
    telemetry: { listen: `127.0.0.1:${apiPort}` },
    stateDirectory,
    geo: { directory: geoDirectory, bundled: false, reloadInterval: '1s' },
    log: { format: 'json' },
  };
  writeFileSync(settingsFile, JSON.stringify(settings));
  return { port, apiPort, settingsFile, configurationFile, stateDirectory, geoDirectory };
}

/** Keys are made once the configuration is there; a node that starts from its disk then has them too. */
async function waitForKeys(port: number): Promise<void> {
  const server = { host: '127.0.0.1', port };
  const hasKeys = async () => (await tryAsk(server, { name: ZONE, type: 'DNSKEY' }))?.data.length === 1;
  await waitUntil('the zone is signed', hasKeys, KEYS_LIMIT_MS);
}

const KEYS_LIMIT_MS = 20_000;

/** All roles in one process, with the embedded store. */
export async function startEverything(setup: ServerSetup, site: AzimuthSite): Promise<Server> {
  const args = ['up', '--settings', site.settingsFile, '--config', site.configurationFile];
  return startServer(setup.processes, site.port, args, setup.prefix);
}

/** The dns role alone. `flags`: of Node, such as those that take a profile. */
export async function startDnsRole(
  { processes, prefix }: ServerSetup,
  { port, settingsFile }: AzimuthSite,
  flags: readonly string[] = [],
): Promise<Server> {
  const args = ['dns', '--store', NO_STORE, '--settings', settingsFile];
  return startServer(processes, port, args, prefix, flags);
}

async function startServer(
  processes: Processes,
  port: number,
  args: readonly string[],
  prefix: readonly string[],
  flags: readonly string[] = [],
): Promise<Server> {
  const running = processes.run(process.execPath, [...flags, MAIN, ...args], { name: 'azimuth', prefix });
  return { name: 'azimuth', port, running, startedInMs: await waitForAnswer(running, port) };
}

/** No monitors, so that nothing but answering is measured. */
export function composeConfiguration(dataCentres: readonly DataCentre[], isSigned = false): object {
  const ids = dataCentres.map(({ id }) => id);
  const soa = { mname: `ns1.${ZONE}`, rname: `hostmaster.${ZONE}` };
  const records = [
    { name: 'ns1', type: 'A', ttl: 3600, data: ['192.0.2.53'] },
    { name: STATIC_NAME.slice(0, -ZONE.length - 1), type: 'A', ttl: TTL_SECONDS, data: [STATIC_ADDRESS] },
  ];
  return {
    zones: [{ name: ZONE, soa, ns: [`ns1.${ZONE}`], records, dnssec: { enabled: isSigned } }],
    regions: dataCentres.map(({ id, latitude, longitude }) => ({ id, location: { latitude, longitude } })),
    clusters: dataCentres.map(({ id, address }) => ({ id, region: id, endpoints: [{ id: 'a', address }] })),
    services: [{ name: 'www', zone: ZONE, clusters: ids, ttl: TTL_SECONDS }],
  };
}
