// The part `changes`: whether answers wait while something changes. Queries come at a fixed, moderate rate; their latency in
// quiet time is compared with that while the map of clients is compiled anew (another edition of the database), while a record
// changes every second, and while a region moves every second, which ranks all clients anew.
//
// The answering process has all processors here, as it has in life, and the load generator sleeps between its queries: the
// compiler is meant to use what the answers leave. Clients are elsewhere, in life: so that the figures are not those of a load
// generator that waits for the compiler itself, it has a real-time priority where that is permitted, and says how late it was.

import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callApi } from '../support/fleet.ts';
import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES, ZONE } from './bench-zone.ts';
import { QUERY_KINDS, writeQueries } from './compose-queries.ts';
import { copyAsNewer, openCityDatabase } from './database/city-database.ts';
import { median, medianRatio, round } from './figures.ts';
import { type LoadFigures, type RunningLoad, startLoad } from './load/run-load.ts';
import type { PartResult } from './report/report.ts';
import { type AzimuthSite, prepareSite, startEverything } from './servers/azimuth.ts';
import type { Server } from './servers/server.ts';

/** A tenth or less of what one thread can answer: what is left over is for the compiler. */
const PER_SECOND = 5000;
const MAX_ROUNDS = 3;
const QUIET_SECONDS = 5;
const CHANGES = 8;
const CHANGE_EVERY_MS = 1000;
/** The longest that the load generator runs at a time. */
const LIMIT_SECONDS = 60;
/** Editions of the database are looked for every second, and taken when they have been left alone for another. */
const NOTICE_MS = 1000;
const BUDGET = 2;

type Phase = 'quiet' | 'record' | 'region' | 'database';

const PHASES: Readonly<Record<Phase, string>> = {
  quiet: 'quiet',
  record: 'a record changes every second',
  region: 'a region moves every second',
  database: 'a new edition of the database',
};
const ORDER: readonly Phase[] = ['quiet', 'record', 'region', 'database'];

type Site = { readonly server: Server; readonly site: AzimuthSite; readonly databases: readonly string[] };

export async function benchDisturbance(context: BenchContext): Promise<PartResult> {
  const { processes, say } = context;
  const rounds = Math.min(MAX_ROUNDS, context.rounds);
  const database = openCityDatabase(say).path;
  const setup = { processes, database, dataCentres: FOUR_DATA_CENTRES, prefix: [] };
  const site = await prepareSite(setup);
  say('starting Azimuth, all roles');
  const server = await startEverything(setup, site);
  const editions = Array.from({ length: rounds }, (_, index) => join(processes.makeDirectory('editions'), `${index}`));
  editions.forEach((edition, index) => {
    copyAsNewer(database, edition, index + 1);
  });
  const [kind] = QUERY_KINDS;
  if (kind === undefined) throw new Error('there are no kinds of queries');
  const file = writeQueries(processes.makeDirectory('queries'), kind);
  const begin = () =>
    startLoad(processes, {
      ...{ protocol: kind.protocol, expected: kind.expected, port: server.port, file },
      ...{ seconds: LIMIT_SECONDS, pace: { kind: 'rate-asleep', perSecond: PER_SECOND }, isPinned: false },
    });
  const warmUp = await begin();
  await endAfter(warmUp, QUIET_SECONDS * 1000);

  const measured: Record<Phase, LoadFigures[]> = { quiet: [], record: [], region: [], database: [] };
  for (let count = 0; count < rounds; count++) {
    for (const phase of ORDER) {
      say(`${PHASES[phase]}, round ${count + 1} of ${rounds}`);
      const place = { server, site, databases: editions };
      measured[phase].push(await measurePhase(phase, place, count, begin));
    }
  }
  return describe(measured, rounds);
}

async function measurePhase(
  phase: Phase,
  { server, site, databases }: Site,
  count: number,
  begin: () => Promise<RunningLoad>,
): Promise<LoadFigures> {
  if (phase === 'database') {
    const inForce = countInForce(server);
    renameSync(databases[count] ?? '', join(site.geoDirectory, `city-${count}.mmdb`));
    await sleep(NOTICE_MS);
    const load = await begin();
    while (countInForce(server) === inForce) {
      if (server.running.output().includes('"level":50')) throw new Error(server.running.output());
      await sleep(20);
    }
    return endAfter(load, 0);
  }
  const load = await begin();
  if (phase === 'quiet') return endAfter(load, QUIET_SECONDS * 1000);
  for (let change = 0; change < CHANGES; change++) {
    const next = sleep(CHANGE_EVERY_MS);
    await (phase === 'record' ? changeRecord(site, change) : moveRegion(site, change));
    await next;
  }
  return endAfter(load, 0);
}

/** How often the node has said that it took a database. */
function countInForce({ running }: Server): number {
  return running.output().split('GeoIP database in force').length - 1;
}

async function endAfter(load: RunningLoad, ms: number): Promise<LoadFigures> {
  await sleep(ms);
  load.stop();
  return load.figures;
}

async function changeRecord(site: AzimuthSite, change: number): Promise<void> {
  const record = { name: 'static', type: 'A', ttl: 30, data: [`192.0.2.${201 + (change % 50)}`] };
  await commitChange(site, 'PUT', `/v1/zones/${ZONE}/records/static/A`, record);
}

async function moveRegion(site: AzimuthSite, change: number): Promise<void> {
  const [first] = FOUR_DATA_CENTRES;
  const location = { latitude: (first?.latitude ?? 0) + 0.1 * ((change % 8) + 1), longitude: first?.longitude ?? 0 };
  await commitChange(site, 'PATCH', `/v1/regions/${first?.id}`, { location });
}

async function commitChange(site: AzimuthSite, method: string, path: string, body: object): Promise<void> {
  const address = { url: `http://127.0.0.1:${site.apiPort}`, tokenFile: join(site.stateDirectory, 'token') };
  const type = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
  const reply = await callApi(address, method, path, body, { 'if-match': '*', ...type });
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
}

function describe(measured: Readonly<Record<Phase, readonly LoadFigures[]>>, rounds: number): PartResult {
  const p99Of = (phase: Phase) => measured[phase].map(({ latencyUs }) => latencyUs.p99);
  const figures = ORDER.map((phase) => {
    const of = (part: 'p50' | 'p99' | 'p999' | 'max') =>
      round(median(measured[phase].map(({ latencyUs }) => latencyUs[part])), 1);
    return {
      phase,
      latencyUs: { p50: of('p50'), p99: of('p99'), p999: of('p999'), max: of('max') },
      sentLateP99Us: round(median(measured[phase].map(({ latenessUs }) => latenessUs.p99)), 1),
      p99ByQuiet: round(medianRatio(p99Of(phase), p99Of('quiet')), 2),
      lost: measured[phase].reduce((sum, { lost }) => sum + lost, 0),
      wrong: measured[phase].reduce((sum, { wrong }) => sum + wrong, 0),
      seconds: round(median(measured[phase].map(({ seconds }) => seconds)), 1),
    };
  });
  const table = {
    title: 'Latency of answers in µs while something changes',
    columns: ['meanwhile', 'p50', 'p99', 'p99.9', 'longest', 'p99 ÷ quiet', 'sent late, p99', 'lost', 'wrong', 'for'],
    rows: figures.map(
      ({ phase, latencyUs: { p50, p99, p999, max }, p99ByQuiet, sentLateP99Us, lost, wrong, seconds }) => [
        PHASES[phase],
        ...[p50, p99, p999, max].map(inMicroseconds),
        ...[p99ByQuiet.toFixed(2), inMicroseconds(sentLateP99Us), String(lost), String(wrong), `${seconds} s`],
      ],
    ),
  };
  const notes = [
    `${PER_SECOND.toLocaleString('en')} queries a second (steered, ECS IPv4) against \`azimuth up\`, ${rounds} rounds in turn; medians, losses are sums.`,
    `The budget for "p99 ÷ quiet" is ${BUDGET}. Not kept on processors: answers and compiler share what the load generator leaves.`,
    'Latency counts from when a query should have been sent. "Sent late" is the load generator\'s own part in it: it asks for a real-time priority, as clients in a network do not wait for our processors.',
  ];
  return { figures: { perSecond: PER_SECOND, phases: figures }, tables: [table], notes };
}

function inMicroseconds(us: number): string {
  return Math.round(us).toLocaleString('en');
}
