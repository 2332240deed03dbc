// The system that the bench fails over: Redis, an api node, a worker in each of three vantages and two dns nodes, every one a
// process of its own, and the backends in one more.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DnsServer } from '../../support/dns-ask.ts';
import { waitUntil } from '../../support/dns-ask.ts';
import { type ApiAddress, callApi } from '../../support/fleet.ts';
import { findFreePort } from '../../support/free-port.ts';
import { type Processes, shareGeoCache, waitReady } from '../../support/processes.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { type Backends, startBackends } from './backends.ts';
import { tryReadMetrics } from './machine-load.ts';
import { composeStageDocument, type StageDocument, VANTAGES } from './stage-document.ts';

export type Role = { readonly name: string; readonly pid: number; readonly port: number };

export type Stage = {
  readonly redis: RedisServer;
  readonly backends: Backends;
  readonly nodes: readonly (Role & { readonly server: DnsServer })[];
  /** All of the product's processes. */
  readonly roles: readonly Role[];
  /** Puts another configuration in force, and waits until every target of it is judged up by both nodes. */
  configure(document: StageDocument): Promise<void>;
  close(): Promise<void>;
};

export type StageOptions = {
  readonly processes: Processes;
  readonly backends: number;
  /** Where the roles find their store, given where it is; default: there. */
  readonly storeUrl?: (redis: RedisServer) => Promise<string>;
  /** Those that have a worker; default: all. */
  readonly vantages?: readonly string[];
  /** To begin with; default: one without services. */
  readonly document?: object;
};

const NODES = ['dns-1', 'dns-2'] as const;
/** A node with 10,000 targets on a busy machine. */
const READY_LIMIT_MS = 60_000;
const SETTLE_LIMIT_MS = 60_000;
const EMPTY_DOCUMENT = composeStageDocument({ round: 0, timing: { interval: '1s' }, places: [] });

/** @throws when it does not start; what was started is ended then. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const redis = await startRedisServer();
  const backends = await startBackends(options.backends);
  const close = async () => {
    await options.processes.close();
    await backends.close();
    await redis.stop();
  };
  try {
    return await assemble(options, redis, backends, close);
  } catch (error) {
    const report = options.processes.report();
    await close();
    throw new Error(`the stage does not start\n${report}`, { cause: error });
  }
}

async function assemble(
  { processes, storeUrl, vantages = VANTAGES, document = EMPTY_DOCUMENT }: StageOptions,
  redis: RedisServer,
  backends: Backends,
  close: () => Promise<void>,
): Promise<Stage> {
  const store = storeUrl === undefined ? redis.url : await storeUrl(redis);
  const file = join(processes.makeDirectory('configuration'), 'configuration.json');
  writeFileSync(file, JSON.stringify(document));

  const start = async (name: string, args: readonly string[], extra: Readonly<Record<string, string>> = {}) => {
    const stateDirectory = processes.makeDirectory(name);
    await shareGeoCache(stateDirectory);
    const port = await findFreePort();
    const environment = {
      AZIMUTH_STORE: store,
      AZIMUTH_STATE_DIRECTORY: stateDirectory,
      AZIMUTH_GEO_DIRECTORY: processes.makeDirectory(`${name}-geo`),
      AZIMUTH_PROBE_ALLOW_NETWORKS: '127.0.0.0/8',
      AZIMUTH_LOG_FORMAT: 'json',
      [args[0] === 'api' ? 'AZIMUTH_API_LISTEN' : 'AZIMUTH_TELEMETRY_LISTEN']: `127.0.0.1:${port}`,
      ...extra,
    };
    const running = processes.azimuth(args, { name, environment });
    await waitReady(running, port, READY_LIMIT_MS);
    return { name, pid: running.pid, port, stateDirectory };
  };

  const api = await start('api', ['api', '--config', file]);
  const startWorker = (vantage: string) =>
    start(vantage, ['probe'], { AZIMUTH_PROBE_VANTAGE: vantage, AZIMUTH_PROBE_WORKER: `${vantage}-a` });
  const startNode = async (name: string) => {
    const server = { host: '127.0.0.1', port: await findFreePort() };
    const listen = { AZIMUTH_DNS_LISTEN: `${server.host}:${server.port}`, AZIMUTH_DNS_THREADS: '1' };
    return { ...(await start(name, ['dns'], listen)), server };
  };
  const workers = await Promise.all(vantages.map(startWorker));
  const nodes = await Promise.all(NODES.map(startNode));
  const address = { url: `http://127.0.0.1:${api.port}`, tokenFile: join(api.stateDirectory, 'token') };

  return {
    redis,
    backends,
    nodes,
    roles: [api, ...workers, ...nodes],
    async configure(document) {
      await replaceConfiguration(address, composeStageDocument(document));
      let up: readonly number[] = [];
      const areUp = async () => {
        const pages = await Promise.all(nodes.map(({ port }) => tryReadMetrics(port)));
        up = pages.map((page) => countUp(page, document.round));
        return up.every((count) => count === document.places.length);
      };
      await waitUntil('every target is up', areUp, SETTLE_LIMIT_MS, 200).catch((cause: unknown) => {
        const found = `of ${document.places.length} targets ${up.join(' and ')} are up`;
        throw new Error(`${found}\n${processes.report()}`, { cause });
      });
    },
    close,
  };
}

/** @throws with what the API said when it refuses. */
export async function replaceConfiguration(address: ApiAddress, document: object): Promise<void> {
  const reply = await callApi(address, 'PUT', '/v1/configuration', document, { 'if-match': '*' });
  if (reply.status >= 300) throw new Error(`the API refuses the configuration: ${JSON.stringify(reply.body)}`);
}

function countUp(page: string, round: number): number {
  return page.match(new RegExp(`^azimuth_endpoint_up\\{cluster="p${round}-.* 1$`, 'gm'))?.length ?? 0;
}
