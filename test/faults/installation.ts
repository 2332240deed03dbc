// Azimuth as a large user runs it, every part a process in a place of its own: two dns nodes, three vantages of two workers,
// two api nodes, Redis with two replicas and three Sentinels, and a backend in each of three regions.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callApi, composeConfiguration, type RegionId } from '../support/fleet.ts';
import { type Processes, type Running, shareGeoCache, waitReady } from '../support/processes.ts';
import { composeOptions } from '../support/redis-server.ts';
import { findProgram } from '../support/require-program.ts';
import { MARKERS } from './limits.ts';
import type { Network, Place } from './network.ts';

export const REDIS_PORT = 6379;
export const SENTINEL_PORT = 26_379;
const PRIMARY_NAME = 'azimuth';
/** What Sentinels wait before they call a server down. */
const DOWN_AFTER_MS = 1000;
const API_PORT = 8053;
const BACKEND_PORT = 8080;
const READY_LIMIT_MS = 60_000;

/** One program in one place, which can be ended and started again with the same settings. */
export type Member = {
  readonly name: string;
  readonly place: Place;
  readonly telemetryPort: number;
  readonly stateDirectory: string;
  readonly running: Running;
  start(prefix?: readonly string[]): Running;
};

export type Api = Member & { readonly url: string };

export type Installation = {
  readonly processes: Processes;
  readonly network: Network;
  readonly store: string;
  readonly redis: readonly Member[];
  readonly sentinels: readonly Member[];
  readonly nodes: readonly Member[];
  readonly workers: readonly Member[];
  readonly apis: readonly Api[];
  readonly backends: Readonly<Record<RegionId, Member>>;
  /** Calls one api node. */
  call(
    api: Api,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): ReturnType<typeof callApi>;
};

type Launch = (prefix: readonly string[]) => Running;

export async function startInstallation(
  processes: Processes,
  network: Network,
  say: (text: string) => void,
): Promise<Installation> {
  const member = (
    name: string,
    place: Place,
    telemetryPort: number,
    stateDirectory: string,
    launch: Launch,
  ): Member => {
    let running: Running | undefined;
    const start = (prefix: readonly string[] = []): Running => {
      running = launch(prefix);
      return running;
    };
    return {
      name,
      place,
      telemetryPort,
      stateDirectory,
      start,
      get running() {
        return running ?? start();
      },
    };
  };

  say('Redis, two replicas, three Sentinels');
  const redisPlaces = [await network.addPlace('r1'), await network.addPlace('r2'), await network.addPlace('r3')];
  const [first] = redisPlaces;
  if (first === undefined) throw new Error('no place for Redis');
  const redis = redisPlaces.map((place) => startRedis(processes, member, place, first));
  for (const { running } of redis) await running.waitFor(/Ready to accept connections/);
  const sentinels = redisPlaces.map((place) => startSentinel(processes, member, place, first));
  for (const { running } of sentinels) await running.waitFor(/monitor master/);
  const hosts = redisPlaces.map(({ address }) => `${address}:${SENTINEL_PORT}`).join(',');
  const store = `redis+sentinel://${hosts}/${PRIMARY_NAME}`;

  const role = async (
    name: string,
    place: Place,
    port: number,
    args: readonly string[],
    extra: Readonly<Record<string, string>>,
  ): Promise<Member> => {
    const stateDirectory = processes.makeDirectory(name);
    await shareGeoCache(stateDirectory);
    const environment = {
      AZIMUTH_STORE: store,
      AZIMUTH_STATE_DIRECTORY: stateDirectory,
      AZIMUTH_GEO_DIRECTORY: processes.makeDirectory(`${name}-geo`),
      AZIMUTH_PROBE_ALLOW_NETWORKS: '10.83.0.0/24',
      AZIMUTH_LOG_FORMAT: 'json',
      [args[0] === 'api' ? 'AZIMUTH_API_LISTEN' : 'AZIMUTH_TELEMETRY_LISTEN']: `${place.address}:${port}`,
      ...extra,
    };
    const launch: Launch = (prefix) =>
      processes.azimuth(args, { name, prefix: [...place.prefix, ...prefix], environment });
    const made = member(name, place, port, stateDirectory, launch);
    made.start();
    return made;
  };

  say('backends in three regions');
  const backend = async (region: RegionId): Promise<Member> => {
    const place = await network.addPlace(region);
    const args = ['demo', 'serve', '--region', region, '--listen', `${place.address}:${BACKEND_PORT}`];
    const launch: Launch = (prefix) =>
      processes.azimuth(args, { name: `backend-${region}`, prefix: [...place.prefix, ...prefix] });
    const made = member(`backend-${region}`, place, BACKEND_PORT, '', launch);
    await made.start().waitFor(/demonstration backend of/);
    return made;
  };
  const backends = { eu: await backend('eu'), us: await backend('us'), ap: await backend('ap') };

  say('two api nodes, six workers, two dns nodes');
  const file = join(processes.makeDirectory('configuration'), 'configuration.json');
  const checkAt = (region: RegionId) => ({ address: backends[region].place.address, port: BACKEND_PORT });
  const checks = { eu: checkAt('eu'), us: checkAt('us'), ap: checkAt('ap') };
  const markers = MARKERS.map((name) => ({ name, type: 'TXT', ttl: 1, data: ['0'] }));
  writeFileSync(file, JSON.stringify(composeConfiguration(checks, markers)));
  const apis: Api[] = [];
  for (const name of ['api1', 'api2']) {
    const place = await network.addPlace(name);
    const made = await role(name, place, API_PORT, ['api', '--config', file], {});
    await waitMemberReady(made);
    apis.push(
      Object.assign(made, {
        url: `http://${place.address}:${API_PORT}`,
      }),
    );
  }
  const nodes: Member[] = [];
  for (const name of ['dns1', 'dns2']) {
    const place = await network.addPlace(name);
    nodes.push(await role(name, place, 9153, ['dns'], { AZIMUTH_DNS_LISTEN: `${place.address}:53` }));
  }
  const workers: Member[] = [];
  for (const vantage of ['v1', 'v2', 'v3']) {
    const place = await network.addPlace(vantage);
    for (const [index, worker] of ['a', 'b'].entries()) {
      const extra = { AZIMUTH_PROBE_VANTAGE: vantage, AZIMUTH_PROBE_WORKER: `${vantage}-${worker}` };
      workers.push(await role(`${vantage}${worker}`, place, 9153 + index, ['probe'], extra));
    }
  }
  for (const made of [...nodes, ...workers]) await waitMemberReady(made);

  return {
    processes,
    network,
    store,
    redis,
    sentinels,
    nodes,
    workers,
    apis,
    backends,
    call: ({ url, stateDirectory }, method, path, body, headers) =>
      callApi({ url, tokenFile: join(stateDirectory, 'token') }, method, path, body, headers),
  };
}

export function waitMemberReady({ running, place, telemetryPort }: Member): Promise<void> {
  return waitReady(running, telemetryPort, READY_LIMIT_MS, place.address);
}

type MakeMember = (name: string, place: Place, port: number, directory: string, launch: Launch) => Member;

function startRedis(processes: Processes, member: MakeMember, place: Place, first: Place): Member {
  const dir = processes.makeDirectory(`redis-${place.name}`);
  const options = composeOptions({
    port: REDIS_PORT,
    bind: place.address,
    dir,
    'protected-mode': 'no',
    'enable-debug-command': 'yes',
    'repl-diskless-sync-delay': 0,
    'repl-ping-replica-period': 1,
  });
  const follows = place === first ? [] : ['--replicaof', first.address, String(REDIS_PORT)];
  let isFirstStart = true;
  const made = member(`redis-${place.name}`, place, REDIS_PORT, dir, (prefix) => {
    // Started again, it learns from the Sentinels whom it follows.
    const extra = isFirstStart ? follows : [];
    isFirstStart = false;
    return processes.run(findProgram('redis-server') ?? 'redis-server', [...options, ...extra], {
      name: `redis-${place.name}`,
      prefix: [...place.prefix, ...prefix],
    });
  });
  made.start();
  return made;
}

function startSentinel(processes: Processes, member: MakeMember, place: Place, first: Place): Member {
  const dir = processes.makeDirectory(`sentinel-${place.name}`);
  const file = join(dir, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `port ${SENTINEL_PORT}`,
      `bind ${place.address}`,
      'protected-mode no',
      `dir ${dir}`,
      `sentinel monitor ${PRIMARY_NAME} ${first.address} ${REDIS_PORT} 2`,
      `sentinel down-after-milliseconds ${PRIMARY_NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${PRIMARY_NAME} 6000`,
      `sentinel parallel-syncs ${PRIMARY_NAME} 2`,
      '',
    ].join('\n'),
  );
  const launch: Launch = (prefix) =>
    processes.run(findProgram('redis-server') ?? 'redis-server', [file, '--sentinel'], {
      name: `sentinel-${place.name}`,
      prefix: [...place.prefix, ...prefix],
    });
  const made = member(`sentinel-${place.name}`, place, SENTINEL_PORT, dir, launch);
  made.start();
  return made;
}
