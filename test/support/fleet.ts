// Azimuth as it runs on several machines, on one: a real Redis, a worker in each of three vantages, two dns nodes, one api
// node and a backend in each of three regions, every one a process of its own. For tests and for the bench.

import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askAddress, type DnsServer, waitUntil } from './dns-ask.ts';
import { findFreePort } from './free-port.ts';
import { type Exit, openProcesses, type Processes, type Running, shareGeoCache, waitReady } from './processes.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

export const ZONE = 'gtm.example.com';
export const SERVICE = `www.${ZONE}`;
export const LONDON = '81.2.69.0/24';
export const TOKYO = '133.11.0.0/24';
export const NEW_YORK = '128.122.49.0/24';

export const VANTAGES = ['v1', 'v2', 'v3'] as const;

/** What answers hold, by region: the addresses are those of documentation, while checks go to loopback. */
export const ADDRESS = { eu: '203.0.113.10', us: '203.0.113.20', ap: '203.0.113.30' } as const;
export type RegionId = keyof typeof ADDRESS;
const LOCATION: Readonly<Record<RegionId, string>> = { eu: 'aws:eu-west-1', us: 'aws:us-east-1', ap: 'iata:NRT' };
export const REGIONS: readonly RegionId[] = ['eu', 'us', 'ap'];

const SETTLE_LIMIT_MS = 20_000;

/** A process that can be ended and started again with the same settings. */
export type Restartable = {
  readonly running: Running;
  readonly telemetryPort: number;
  start(): Running;
};

export type Node = Restartable & { readonly server: DnsServer };

export type Backend = {
  readonly port: number;
  readonly running: Running;
  /** SIGKILL: connections are refused from then on. */
  kill(): Promise<Exit>;
  /** Starts it again on the same port; resolves when it listens. */
  start(): Promise<void>;
};

export type ApiReply = { readonly status: number; readonly headers: Headers; readonly body: unknown };

export type Fleet = {
  readonly processes: Processes;
  readonly redis: RedisServer;
  readonly nodes: readonly Node[];
  readonly workers: readonly Restartable[];
  readonly api: Restartable & { readonly url: string };
  readonly backends: Readonly<Record<RegionId, Backend>>;
  /** Calls the API with the token of the api node's state directory. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiReply>;
  /** Milliseconds until every node answers the client with the address. @throws after the limit. */
  waitForAnswer(client: string, address: string, limitMs?: number): Promise<number>;
  close(): Promise<void>;
};

/** Resolves when both nodes serve and every backend is judged up. Call `close` whatever happens; it never throws half way. */
export async function startFleet(): Promise<Fleet> {
  const processes = await openProcesses();
  const redis = await startRedisServer();
  const close = async () => {
    await processes.close();
    await redis.stop();
  };
  try {
    return await assemble(processes, redis, close);
  } catch (error) {
    const report = processes.report();
    await close();
    throw new Error(`the fleet does not start\n${report}`, { cause: error });
  }
}

async function assemble(processes: Processes, redis: RedisServer, close: () => Promise<void>): Promise<Fleet> {
  const backends = {
    eu: await createBackend(processes, 'eu'),
    us: await createBackend(processes, 'us'),
    ap: await createBackend(processes, 'ap'),
  };
  const checkAt = (region: RegionId) => ({ address: '127.0.0.1', port: backends[region].port });
  const configurationFile = join(processes.makeDirectory('configuration'), 'configuration.json');
  writeFileSync(
    configurationFile,
    JSON.stringify(composeConfiguration({ eu: checkAt('eu'), us: checkAt('us'), ap: checkAt('ap') })),
  );

  const create = async (name: string, args: readonly string[], extra: Readonly<Record<string, string>> = {}) => {
    const stateDirectory = processes.makeDirectory(name);
    await shareGeoCache(stateDirectory);
    const port = await findFreePort();
    const environment = {
      AZIMUTH_STORE: redis.url,
      AZIMUTH_STATE_DIRECTORY: stateDirectory,
      AZIMUTH_GEO_DIRECTORY: processes.makeDirectory(`${name}-geo`),
      AZIMUTH_PROBE_ALLOW_NETWORKS: '127.0.0.0/8',
      AZIMUTH_LOG_FORMAT: 'json',
      [args[0] === 'api' ? 'AZIMUTH_API_LISTEN' : 'AZIMUTH_TELEMETRY_LISTEN']: `127.0.0.1:${port}`,
      ...extra,
    };
    let running: Running | undefined;
    const start = () => {
      running = processes.azimuth(args, { name, environment });
      return running;
    };
    start();
    return {
      stateDirectory,
      telemetryPort: port,
      start,
      get running() {
        return running ?? start();
      },
    };
  };

  const api = await create('api', ['api', '--config', configurationFile]);
  const workers = await Promise.all(VANTAGES.map((vantage) => create(vantage, ['probe'], vantageOf(vantage))));
  const nodes = await Promise.all(['dns-1', 'dns-2'].map((name) => createNode(name, create)));
  for (const role of [api, ...workers, ...nodes]) await waitReady(role.running, role.telemetryPort);

  const url = `http://127.0.0.1:${api.telemetryPort}`;
  const fleet: Fleet = {
    processes,
    redis,
    nodes,
    workers,
    api: {
      url,
      telemetryPort: api.telemetryPort,
      start: api.start,
      get running() {
        return api.running;
      },
    },
    backends,
    call: (method, path, body, headers) =>
      callApi({ url, tokenFile: join(api.stateDirectory, 'token') }, method, path, body, headers),
    waitForAnswer: (client, address, limitMs = SETTLE_LIMIT_MS) =>
      waitUntil(
        `every node answers ${client} with ${address}`,
        async () => {
          const answers = await Promise.all(nodes.map(({ server }) => askAddress(server, SERVICE, client)));
          return answers.every((answer) => answer === address);
        },
        limitMs,
      ),
    close,
  };
  await waitUntil('every endpoint is up', () => areAllUp(fleet), SETTLE_LIMIT_MS, 100);
  return fleet;
}

function vantageOf(vantage: string) {
  return { AZIMUTH_PROBE_VANTAGE: vantage, AZIMUTH_PROBE_WORKER: `${vantage}-a` };
}

async function createNode(
  name: string,
  create: (name: string, args: readonly string[], extra: Readonly<Record<string, string>>) => Promise<Restartable>,
): Promise<Node> {
  const port = await findFreePort();
  const role = await create(name, ['dns'], { AZIMUTH_DNS_LISTEN: `127.0.0.1:${port}` });
  return {
    server: { host: '127.0.0.1', port },
    telemetryPort: role.telemetryPort,
    start: role.start,
    get running() {
      return role.running;
    },
  };
}

async function createBackend(processes: Processes, region: RegionId): Promise<Backend> {
  const port = await findFreePort();
  const args = ['demo', 'serve', '--region', region, '--listen', `127.0.0.1:${port}`];
  const launch = () => processes.azimuth(args, { name: `backend-${region}` });
  let running = launch();
  await running.waitFor(/demonstration backend of/);
  return {
    port,
    get running() {
      return running;
    },
    kill: () => running.kill(),
    async start() {
      running = launch();
      await running.waitFor(/demonstration backend of/);
    },
  };
}

/** Metrics of every node say 1 for every endpoint. */
async function areAllUp({ nodes }: Fleet): Promise<boolean> {
  const pages = await Promise.all(nodes.map(({ telemetryPort }) => readMetrics(telemetryPort)));
  return pages.every((page) => REGIONS.every((region) => page.includes(endpointUp(region, 1))));
}

export function endpointUp(region: RegionId, value: 0 | 1): string {
  return `azimuth_endpoint_up{cluster="web-${region}",endpoint="a"} ${value}`;
}

export async function readMetrics(port: number, host = '127.0.0.1'): Promise<string> {
  const response = await fetch(`http://${host}:${port}/metrics`, { signal: AbortSignal.timeout(5000) });
  return response.text();
}

export type ApiAddress = { readonly url: string; readonly tokenFile: string };

export async function callApi(
  { url, tokenFile }: ApiAddress,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiReply> {
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const response = await fetch(`${url}${path}`, {
    method,
    signal: AbortSignal.timeout(10_000),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: unknown = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body: parsed };
}

/** One steered name over three regions. @param checks where each backend is checked. @param records more of the zone. */
export function composeConfiguration(
  checks: Readonly<Record<RegionId, { readonly address: string; readonly port: number }>>,
  records: readonly object[] = [],
): object {
  return {
    zones: [
      {
        name: ZONE,
        soa: { mname: `ns1.${ZONE}`, rname: 'hostmaster.example.com', minimum: 60 },
        ns: [`ns1.${ZONE}`, `ns2.${ZONE}`],
        records: [
          { name: 'ns1', type: 'A', ttl: 3600, data: ['192.0.2.53'] },
          { name: 'ns2', type: 'A', ttl: 3600, data: ['192.0.2.54'] },
          ...records,
        ],
      },
    ],
    vantages: VANTAGES.map((id) => ({ id })),
    regions: REGIONS.map((id) => ({ id, location: LOCATION[id] })),
    // A backend that is killed again and again by a test is no flapper.
    monitors: [
      { id: 'web', type: 'http', path: '/healthz', interval: '1s', timeout: '800ms', fall: 2, maxHoldDown: '0s' },
    ],
    clusters: REGIONS.map((id) => ({
      id: `web-${id}`,
      region: id,
      monitor: 'web',
      capacity: 100,
      endpoints: [{ id: 'a', address: ADDRESS[id], check: checks[id] }],
    })),
    services: [
      {
        name: 'www',
        zone: ZONE,
        ttl: { min: 1, max: 20 },
        clusters: REGIONS.map((id) => `web-${id}`),
        rank: [{ by: 'proximity' }],
      },
    ],
  };
}
