// Many names: how a node fares with a million of them, how soon one changed record among 100,000 is answered, and what a
// hundred thousand services take. Each in its turn, since memory is measured too.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { answerQuery, UDP } from '../../src/answer/answer-query.ts';
import { createDesk, type Desk } from '../../src/answer/desk.ts';
import { emptyPlaceMap } from '../../src/geo/place-map.ts';
import { judgeClusters } from '../../src/health/cluster-health.ts';
import type { ConfigurationDocument } from '../../src/model/configuration.ts';
import { splitObjects } from '../../src/model/objects.ts';
import { parseConfiguration } from '../../src/model/parse-configuration.ts';
import type { RevisionId } from '../../src/model/revision.ts';
import type { RecordDocument } from '../../src/model/zone.ts';
import { Control } from '../../src/roles/control.ts';
import { composeRevision } from '../../src/roles/revision-texts.ts';
import { compileSnapshot, createRankMapCache } from '../../src/snapshot/compile-snapshot.ts';
import { readZonePart } from '../../src/snapshot/compile-zone.ts';
import { createState } from '../../src/snapshot/state.ts';
import { openEmbeddedStore } from '../../src/store/embedded/open-embedded-store.ts';
import { writePersistedRevision } from '../../src/store/persisted-revision.ts';
import { composeQuery } from '../../src/wire/compose-query.ts';
import { parseNameText } from '../../src/wire/name.ts';
import { composeQuery as composeBenchQuery, tryAsk, waitUntil } from '../support/dns-ask.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes, shareGeoCache } from '../support/processes.ts';
import type { BenchContext } from './bench-context.ts';
import { joinMessages } from './compose-queries.ts';
import { describeTimes, median, medianRatio, round } from './figures.ts';
import { runLoad } from './load/run-load.ts';
import { readCpuTime } from './proc-status.ts';
import { describeFigures } from './report/describe-figures.ts';
import type { PartResult } from './report/report.ts';
import { measureSignedStart } from './signed-start.ts';

const NAMES = 1_000_000;
const CHANGED_NAMES = 100_000;
const SERVICES = 100_000;
const CHANGES = 20;
const LOAD_LIMIT_MS = 120_000;
const COMMIT_LIMIT_MS = 60_000;
/** Between changes, so that each meets a node at rest. */
const REST_MS = 250;

export async function benchManyNames(context: BenchContext): Promise<PartResult> {
  const { say } = context;
  say(`many names: ${NAMES} loaded by a node`);
  const load = await measureLoad(context);
  say('many names: looking up');
  const lookups = measureLookups();
  say(`many names: ${CHANGED_NAMES} signed, started twice`);
  const signedStart = await measureSignedStart(recordsOf(CHANGED_NAMES));
  say(`many names: one record of ${CHANGED_NAMES}`);
  const oneZone = await measureChanges(1);
  const hundredZones = await measureChanges(100);
  say(`many names: ${SERVICES} services`);
  const changes = { oneZone, hundredZones };
  const figures = { load, lookups, signedStart, changes, services: measureServices() };
  return describeFigures('Many names', figures, [
    `CPU per answer of the node in ${context.rounds} rounds of ${context.seconds} s, one name and all at random in turn; look-ups inside of one process.`,
    'A signed zone is started once without its signatures on disk and three times with them, whose median counts: until the first answer.',
    'A change counts from its commit to the embedded store until the snapshot is handed to the answer threads.',
  ]);
}

function recordsOf(count: number): RecordDocument[] {
  const hosts = Array.from({ length: count }, (_, index) => ({
    name: `host-${index}`,
    type: 'A',
    data: [addressOf(index)],
  }));
  return [{ name: 'ns1', type: 'A', data: ['192.0.2.53'] }, ...hosts];
}

function addressOf(index: number): string {
  return `10.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}`;
}

function zoneOf(name: string, records: RecordDocument[]) {
  return { name, ns: ['ns1'], records };
}

/**
 * From the start of `azimuth dns`, whose store is not there, to the first answer, with the map of clients in its cache; then
 * what an answer costs that node.
 */
async function measureLoad({ rounds, seconds, say }: BenchContext): Promise<object> {
  const processes = await openProcesses();
  try {
    const stateDirectory = processes.makeDirectory('state');
    await shareGeoCache(stateDirectory);
    const document = { zones: [zoneOf('example.com', recordsOf(NAMES))] };
    await writePersistedRevision(stateDirectory, revisionOf(document, 1));
    const [port, telemetry] = [await findFreePort(), await findFreePort()];
    const settings = {
      dns: { listen: [`127.0.0.1:${port}`], threads: 1 },
      telemetry: { listen: `127.0.0.1:${telemetry}` },
    };
    const file = join(processes.makeDirectory('files'), 'settings.json');
    writeFileSync(file, JSON.stringify({ ...settings, stateDirectory }));
    const began = performance.now();
    const node = processes.azimuth(['dns', '--store', 'redis://127.0.0.1:1', '--settings', file], { name: 'load' });
    const question = { name: `host-${NAMES - 1}.example.com`, timeoutMs: 100 };
    const isAnswered = async () => (await tryAsk({ host: '127.0.0.1', port }, question))?.rcode === 'NOERROR';
    await waitUntil('it answers', isAnswered, LOAD_LIMIT_MS, 5);
    const loadSeconds = round((performance.now() - began) / 1000, 2);
    const peakMegabytes = peakOf(node.pid);
    say('many names: what an answer costs');
    const cpuUs = await measureAnswers(processes, { port, pid: node.pid, rounds, seconds });
    return { names: NAMES, seconds: loadSeconds, peakMegabytes, cpuUs };
  } finally {
    await processes.close();
  }
}

type Node = { readonly port: number; readonly pid: number; readonly rounds: number; readonly seconds: number };

/** CPU of the node per answer: of one name, of all at random, and how the two compare, round by round. */
async function measureAnswers(processes: Processes, { port, pid, rounds, seconds }: Node): Promise<object> {
  const directory = processes.makeDirectory('queries');
  const draws = { one: () => 0, random: () => Math.floor(Math.random() * NAMES) };
  const costs = { one: [] as number[], random: [] as number[] };
  const measure = async (file: string): Promise<number> => {
    const before = readCpuTime(pid);
    const pace = { kind: 'peak', outstanding: 128 } as const;
    const plan = { protocol: 'udp', port, file, seconds, pace, expected: { rcode: 0, answers: 1 } } as const;
    const { answered } = await runLoad(processes, plan);
    const after = readCpuTime(pid);
    return ((after.user + after.system - before.user - before.system) * 1e6) / Math.max(1, answered);
  };
  const files = Object.entries(draws).map(([name, draw]) => {
    const file = join(directory, name);
    const messages = Array.from({ length: QUERIES }, () =>
      composeBenchQuery(1, { name: `host-${draw()}.example.com` }),
    );
    writeFileSync(file, joinMessages(messages));
    return file;
  });
  for (const file of files) await measure(file);
  for (let turn = 0; turn < rounds; turn++) {
    for (const [index, file] of files.entries()) (index === 0 ? costs.one : costs.random).push(await measure(file));
  }
  return {
    oneName: round(median(costs.one), 2),
    randomNames: round(median(costs.random), 2),
    ratio: round(medianRatio(costs.random, costs.one), 3),
  };
}

/** Linux; undefined elsewhere. */
function peakOf(pid: number): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
  } catch {
    return undefined;
  }
}

function revisionOf(document: ConfigurationDocument, number: number, parent: RevisionId | null = null) {
  const id = { generation: 1, number };
  return composeRevision({ id, parent, author: 'bench', message: '', createdAtMs: 0 }, splitObjects(document));
}

const QUERIES = 65_536;
const QUERY_BYTES = 64;
const ROUNDS = 21;

/** Nanoseconds of one answer in this process: of one name asked again and again, of all at random, of names that are not. */
function measureLookups(): object {
  const few = deskOf(1);
  const many = deskOf(NAMES);
  const draw = () => Math.floor(Math.random() * NAMES);
  const cases = {
    oneNameNs: [few, composeQueries(() => 'host-0')],
    sameOfManyNs: [many, composeQueries(() => 'host-0')],
    randomOfManyNs: [many, composeQueries(() => `host-${draw()}`)],
    noneOfOneNs: [few, composeQueries(() => `none-${draw()}`)],
    noneOfManyNs: [many, composeQueries(() => `none-${draw()}`)],
  } as const;
  const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));
  // In turn, so that what else the machine does falls on all alike; the first rounds warm up.
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (const [name, [desk, queries]] of Object.entries(cases)) times.get(name)?.push(answerAll(desk, queries));
  }
  return Object.fromEntries(Array.from(times, ([name, values]) => [name, Math.round(median(values.slice(5)))]));
}

function deskOf(names: number): Desk {
  const records = recordsOf(names).map(({ name, type, data }) => {
    return { name: `${name}.example.com`, type, ttlSeconds: 300, data };
  });
  const soa = { mname: 'ns1.example.com', rname: 'h.example.com', refreshSeconds: 1, retrySeconds: 1 };
  const zone = {
    name: 'example.com',
    soa: { ...soa, expireSeconds: 1, minimumSeconds: 60, ttlSeconds: 60 },
    ns: ['ns1.example.com'],
    nsTtlSeconds: 60,
  };
  const lists = { regions: [], vantages: [], monitors: [], clusters: [], services: [], overrides: [] };
  const input = {
    configuration: { zones: [zone], ...lists },
    records: [[readZonePart(zone.name, records)]],
    serial: 1,
  };
  const compiled = compileSnapshot(input, createRankMapCache(emptyPlaceMap));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems[0]));
  const { snapshot } = compiled.value;
  return createDesk(snapshot, createState(snapshot), 1);
}

function composeQueries(draw: () => string): Uint8Array {
  const queries = new Uint8Array(QUERIES * QUERY_BYTES);
  for (let index = 0; index < QUERIES; index++) {
    const name = parseNameText(`${draw()}.example.com.`);
    if (!(name instanceof Uint8Array)) throw new Error('no name');
    const query = composeQuery({ id: 1, name, type: 1 });
    queries[index * QUERY_BYTES] = query.length;
    queries.set(query, index * QUERY_BYTES + 1);
  }
  return queries;
}

function answerAll(desk: Desk, queries: Uint8Array): number {
  const out = new Uint8Array(1232);
  const began = process.cpuUsage();
  for (let at = 0; at < queries.length; at += QUERY_BYTES) {
    answerQuery(desk, queries, at + 1, queries[at] ?? 0, out, 0, out.length, UDP);
  }
  const { user, system } = process.cpuUsage(began);
  return ((user + system) * 1000) / QUERIES;
}

/** From the commit of one changed record to the snapshot that holds it being handed to whoever answers. */
async function measureChanges(zones: number): Promise<object> {
  const processes = await openProcesses();
  const directory = processes.makeDirectory('state');
  const store = openEmbeddedStore(directory);
  const geo = { directory, bundled: false, reloadIntervalMs: 60_000 };
  const options = { stateDirectory: directory, heartbeatMs: 1000, answerThreads: 1, isExplaining: false, geo };
  const dependencies = { ...store, resolveLocation: () => undefined, logger: pino({ level: 'silent' }) };
  const control = new Control(options, dependencies);
  try {
    let served = 0;
    control.onServing(({ revision }) => {
      served = revision.manifest.id.number;
    });
    await control.start();
    const lists = Array.from({ length: zones }, () => recordsOf(CHANGED_NAMES / zones));
    const times: number[] = [];
    let before = new Map<string, string>();
    for (let number = 1; number <= CHANGES + 1; number++) {
      const list = lists[number % zones];
      if (list !== undefined && number > 1) {
        const at = 1 + Math.floor(Math.random() * (list.length - 1));
        list[at] = { name: `host-${at - 1}`, type: 'A', data: [addressOf(0xff0000 + number)] };
      }
      const document = { zones: lists.map((records, zone) => zoneOf(`zone-${zone}.example.com`, records)) };
      const revision = revisionOf(document, number, number === 1 ? null : { generation: 1, number: number - 1 });
      const fresh = new Map([...revision.objects].filter(([hash]) => !before.has(hash)));
      before = new Map(revision.objects);
      await sleep(REST_MS);
      const began = performance.now();
      await store.configuration.commit(revision.manifest, fresh);
      await waitUntil('it is served', () => served === number, COMMIT_LIMIT_MS, 1);
      if (number > 1) times.push(performance.now() - began);
    }
    return { zones, names: CHANGED_NAMES, ...describeTimes(times) };
  } finally {
    await control.stop();
    await store.close();
    await processes.close();
  }
}

function measureServices(): object {
  const clusters = Array.from({ length: SERVICES / 10 }, (_, index) => ({
    id: `c${index}`,
    region: `r${index % 4}`,
    monitor: 'web',
    endpoints: [{ id: 'a', address: addressOf(index) }],
  }));
  const document = {
    zones: [zoneOf('example.com', recordsOf(0))],
    regions: Array.from({ length: 4 }, (_, index) => ({
      id: `r${index}`,
      location: { latitude: index, longitude: index },
    })),
    monitors: [{ id: 'web', type: 'tcp', port: 80 }],
    clusters,
    services: Array.from({ length: SERVICES }, (_, index) => {
      const first = index % (clusters.length - 3);
      return { name: `s${index}`, zone: 'example.com', clusters: [0, 1, 2, 3].map((next) => `c${first + next}`) };
    }),
  };
  const [parseMs, parsed] = time(() => parseConfiguration(document, { resolveLocation: () => undefined }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems[0]));
  const configuration = parsed.value;
  const records = configuration.zones.map((zone) => [readZonePart(zone.name, zone.records)]);
  const cache = createRankMapCache(emptyPlaceMap);
  const [compileMs, compiled] = time(() => compileSnapshot({ configuration, records, serial: 1 }, cache));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems[0]));
  const [judgeMs] = time(() => judgeClusters(configuration, () => 'up', 0));
  return { services: SERVICES, clusters: clusters.length, parseMs, compileMs, judgeMs };
}

function time<Value>(work: () => Value): readonly [number, Value] {
  const began = performance.now();
  const value = work();
  return [Math.round(performance.now() - began), value];
}
