// What one steered query with a client subnet costs a node, beside a dns2 server that gives a fixed answer: both loaded in
// turn in the same run, since throughput on a shared machine drifts. The figure to compare is CPU time per query.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findTool } from '../../scripts/test-tools.ts';
import { tryAsk, waitUntil } from '../support/dns-ask.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes, type Running, shareGeoCache } from '../support/processes.ts';
import { median, round } from './figures.ts';
import type { LoadResult } from './load-generator.ts';
import { composeSubnetQueries } from './queries.ts';

const SERVICE = 'www.gtm.example.com';
const QUERIES = 50_000;
const SEED = 20_261_123;
const ROUNDS = 3;
const ROUND_SECONDS = 3;
const WARM_UP_SECONDS = 1;
/** Of user and system time in /proc/PID/stat (proc(5)): a hundredth of a second on every Linux. */
const TICKS_PER_SECOND = 100;

type Cpu = { readonly user: number; readonly system: number };
type Round = {
  readonly queriesPerSecond: number;
  readonly cpu: Cpu | undefined;
  readonly lost: number;
  readonly wrong: number;
};

export async function benchQueryCost(say: (text: string) => void): Promise<object> {
  const processes = await openProcesses();
  try {
    const file = join(processes.makeDirectory('queries'), 'subnets.bin');
    writeFileSync(file, composeSubnetQueries(SERVICE, QUERIES, SEED));
    const servers = {
      azimuth: await startNode(processes),
      dns2: await startDns2(processes),
    };
    const rounds: Record<keyof typeof servers, Round[]> = { azimuth: [], dns2: [] };
    for (const { port } of Object.values(servers)) await load(port, file, WARM_UP_SECONDS);
    for (let count = 1; count <= ROUNDS; count++) {
      for (const name of ['azimuth', 'dns2'] as const) {
        say(`query cost, round ${count} of ${ROUNDS}: ${name}`);
        rounds[name].push(await measure(servers[name], file));
      }
    }
    const azimuth = summarize(rounds.azimuth);
    const dns2 = summarize(rounds.dns2);
    return {
      queries: `${QUERIES} random client subnets /24 for one steered name, ${ROUNDS} rounds of ${ROUND_SECONDS} s, medians`,
      generator: findTool('dnsperf') === undefined ? 'node:dgram' : 'dnsperf',
      azimuth: { ...azimuth, residentMegabytes: readResidentMegabytes(servers.azimuth.running.pid) },
      dns2,
      cpuRatio:
        azimuth.cpuMicroseconds && dns2.cpuMicroseconds
          ? round(azimuth.cpuMicroseconds / dns2.cpuMicroseconds, 3)
          : undefined,
    };
  } finally {
    await processes.close();
  }
}

type Server = { readonly running: Running; readonly port: number };

async function measure({ running, port }: Server, file: string): Promise<Round> {
  const before = readCpu(running.pid);
  const { answered, lost, wrong, seconds } = await load(port, file, ROUND_SECONDS);
  const after = readCpu(running.pid);
  const cpu = before && after && perQuery(before, after, answered);
  return { queriesPerSecond: answered / seconds, cpu, lost, wrong };
}

/** Microseconds. */
function perQuery(before: Cpu, after: Cpu, queries: number): Cpu {
  const cost = (from: number, to: number) => ((to - from) * 1e6) / queries;
  return { user: cost(before.user, after.user), system: cost(before.system, after.system) };
}

function summarize(rounds: readonly Round[]) {
  const cpus = rounds.flatMap(({ cpu }) => cpu ?? []);
  const of = (pick: (cpu: Cpu) => number) => (cpus.length === 0 ? undefined : round(median(cpus.map(pick)), 2));
  return {
    queriesPerSecond: Math.round(median(rounds.map(({ queriesPerSecond }) => queriesPerSecond))),
    cpuMicroseconds: of(({ user, system }) => user + system),
    cpuUserMicroseconds: of(({ user }) => user),
    cpuSystemMicroseconds: of(({ system }) => system),
    lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
    wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0),
  };
}

/** With dnsperf where it is installed, which costs less than ours and so leaves more of the machine to the server. */
async function load(port: number, file: string, seconds: number): Promise<LoadResult> {
  const dnsperf = findTool('dnsperf');
  const run = promisify(execFile);
  if (dnsperf === undefined) {
    const generator = fileURLToPath(new URL('load-generator.ts', import.meta.url));
    const { stdout } = await run(process.execPath, [generator, '127.0.0.1', String(port), file, String(seconds)]);
    const result: LoadResult = JSON.parse(stdout);
    return result;
  }
  const to = ['-B', '-d', file, '-s', '127.0.0.1', '-p', String(port), '-m', 'udp'];
  const { stdout } = await run(dnsperf, [...to, '-l', String(seconds), '-q', '200', '-c', '4']);
  const read = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const answered = read(/Queries completed:\s+(\d+)/);
  return {
    answered,
    lost: read(/Queries lost:\s+(\d+)/),
    wrong: answered - read(/NOERROR (\d+)/),
    seconds: read(/Run time \(s\):\s+([\d.]+)/),
  };
}

async function startNode(processes: Processes): Promise<Server> {
  const [port, apiPort] = [await findFreePort(), await findFreePort()];
  const stateDirectory = processes.makeDirectory('state');
  await shareGeoCache(stateDirectory);
  const file = join(processes.makeDirectory('files'), 'configuration.json');
  const settingsFile = join(processes.makeDirectory('files'), 'settings.json');
  writeFileSync(file, JSON.stringify(composeConfiguration()));
  const settings = {
    dns: { listen: [`127.0.0.1:${port}`] },
    api: { listen: `127.0.0.1:${apiPort}` },
    stateDirectory,
    geo: { directory: processes.makeDirectory('geo') },
  };
  writeFileSync(settingsFile, JSON.stringify(settings));
  const running = processes.azimuth(['up', '--settings', settingsFile, '--config', file], { name: 'azimuth' });
  await waitForAnswer(running, port);
  return { running, port };
}

async function startDns2(processes: Processes): Promise<Server> {
  const port = await findFreePort();
  const program = fileURLToPath(new URL('dns2-server.ts', import.meta.url));
  const running = processes.run(process.execPath, [program, String(port)], { name: 'dns2' });
  await waitForAnswer(running, port);
  return { running, port };
}

async function waitForAnswer(running: Running, port: number): Promise<void> {
  const isAnswered = async () =>
    (await tryAsk({ host: '127.0.0.1', port }, { name: SERVICE, timeoutMs: 200 })) !== undefined;
  await waitUntil(`${running.name} answers`, isAnswered, 30_000).catch((error: Error) => {
    throw new Error(running.output(), { cause: error });
  });
}

/** The four regions that the peers are measured with; no monitors, so that nothing but answering is measured. */
function composeConfiguration(): object {
  const regions = { 'us-east': [38.9, -77], 'us-west': [37.3, -121.9], eu: [50.1, 8.7], ap: [1.35, 103.8] };
  const zone = 'gtm.example.com';
  return {
    zones: [{ name: zone, soa: { mname: `ns1.${zone}`, rname: `hostmaster.${zone}` }, ns: ['ns1.example.net'] }],
    regions: Object.entries(regions).map(([id, [latitude, longitude]]) => ({ id, location: { latitude, longitude } })),
    clusters: Object.keys(regions).map((id, index) => {
      return { id, region: id, endpoints: [{ id: 'a', address: `192.0.2.${index + 1}` }] };
    }),
    services: [{ name: 'www', zone, clusters: Object.keys(regions), ttl: 30 }],
  };
}

/** Seconds of the whole process, all its threads; undefined where there is no /proc. */
function readCpu(pid: number): Cpu | undefined {
  const fields = readProc(pid, 'stat')?.split(') ').at(-1)?.split(' ');
  if (fields === undefined) return undefined;
  return { user: Number(fields[11]) / TICKS_PER_SECOND, system: Number(fields[12]) / TICKS_PER_SECOND };
}

function readResidentMegabytes(pid: number): number | undefined {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1000);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
