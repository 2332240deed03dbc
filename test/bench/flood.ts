// The part `flood`: 100,000 queries a second for names that do not exist, another one each time, and beside them somebody who asks
// for one that does, with and without a rate limit. How many of the good queries are answered, how late, what the node
// needs of the processor, and whether its memory grows.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitObjects } from '../../src/model/objects.ts';
import { composeRevision } from '../../src/roles/revision-texts.ts';
import { writePersistedRevision } from '../../src/store/persisted-revision.ts';
import { composeQuery, tryAsk, waitUntil } from '../support/dns-ask.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes, shareGeoCache } from '../support/processes.ts';
import type { BenchContext } from './bench-context.ts';
import { joinMessages } from './compose-queries.ts';
import { round } from './figures.ts';
import { runLoad } from './load/run-load.ts';
import { pinServer } from './pin.ts';
import { readCpuTime, readMemory } from './proc-status.ts';
import { describeFigures } from './report/describe-figures.ts';
import type { PartResult } from './report/report.ts';

const FLOOD_PER_SECOND = 100_000;
const GOOD_PER_SECOND = 500;
/** As many good queries are allowed as there are, and no flood. */
const LIMIT = 2 * GOOD_PER_SECOND;
const NAMES = 200_000;
const GOOD_NAME = 'host.example.com';
/** One long enough for memory that grows to show. */
const SECONDS_PER_ROUND = 4;
const START_LIMIT_MS = 60_000;
const NXDOMAIN = { rcode: 3, answers: 0 };
const NOERROR = { rcode: 0, answers: 1 };

type Node = { readonly port: number; readonly pid: number };

export async function benchFlood({ rounds, seconds, say }: BenchContext): Promise<PartResult> {
  const figures: Record<string, object> = {};
  for (const [name, limit] of Object.entries({ answered: 0, limited: LIMIT })) {
    say(`flood: ${name}`);
    const processes = await openProcesses();
    try {
      const node = await startNode(processes, limit);
      figures[name] = await measure(processes, node, rounds * Math.max(seconds, SECONDS_PER_ROUND));
    } finally {
      await processes.close();
    }
  }
  return describeFigures('A flood of random names', figures, [
    `${FLOOD_PER_SECOND.toLocaleString('en')} queries/s for names that do not exist, ${GOOD_PER_SECOND} for one that does, both from the same address; one thread.`,
    `Limited: to ${LIMIT} answers of a kind in a second. Memory is what the node has more after the flood than after a second of it.`,
  ]);
}

async function startNode(processes: Processes, responsesPerSecond: number): Promise<Node> {
  const stateDirectory = processes.makeDirectory('state');
  await shareGeoCache(stateDirectory);
  const records = ['ns1', 'host'].map((name) => ({ name, type: 'A', data: ['192.0.2.53'] }));
  const document = { zones: [{ name: 'example.com', ns: ['ns1'], records }] };
  const id = { generation: 1, number: 1 };
  const origin = { id, parent: null, author: 'bench', message: '', createdAtMs: 0 };
  await writePersistedRevision(stateDirectory, composeRevision(origin, splitObjects(document)));
  const [port, telemetry] = [await findFreePort(), await findFreePort()];
  const settings = {
    dns: { listen: [`127.0.0.1:${port}`], threads: 1, rateLimit: { responsesPerSecond } },
    telemetry: { listen: `127.0.0.1:${telemetry}` },
    stateDirectory,
  };
  const file = join(processes.makeDirectory('files'), 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  const args = ['dns', '--store', 'redis://127.0.0.1:1', '--settings', file];
  const { pid } = processes.azimuth(args, { name: 'flooded', prefix: pinServer() });
  const isUp = async () =>
    (await tryAsk({ host: '127.0.0.1', port }, { name: GOOD_NAME, timeoutMs: 100 })) !== undefined;
  await waitUntil('it answers', isUp, START_LIMIT_MS, 20);
  return { port, pid };
}

async function measure(processes: Processes, { port, pid }: Node, seconds: number): Promise<object> {
  const directory = processes.makeDirectory('queries');
  const bad = writeNames(directory, 'bad', NAMES, (index) => `x${Math.imul(index, 0x9e3779b1) >>> 0}.example.com`);
  const good = writeNames(directory, 'good', 1, () => GOOD_NAME);
  const load = (file: string, perSecond: number, expected: typeof NOERROR, forSeconds: number) =>
    runLoad(processes, {
      protocol: 'udp',
      port,
      file,
      seconds: forSeconds,
      pace: { kind: 'rate', perSecond },
      expected,
    });
  await load(bad, FLOOD_PER_SECOND, NXDOMAIN, 1);
  const memory = readMemory(pid).residentMegabytes;
  const before = readCpuTime(pid);
  const [flood, asked] = await Promise.all([
    load(bad, FLOOD_PER_SECOND, NXDOMAIN, seconds),
    load(good, GOOD_PER_SECOND, NOERROR, seconds),
  ]);
  const after = readCpuTime(pid);
  return {
    floodPerSecond: Math.round(flood.sent / flood.seconds),
    floodAnsweredPerSecond: Math.round(flood.answered / flood.seconds),
    goodAsked: asked.sent,
    goodAnsweredPercent: round((100 * (asked.answered - asked.wrong)) / Math.max(1, asked.sent), 3),
    goodP99Us: Math.round(asked.latencyUs.p99),
    cpuUsPerQuery: round(
      ((after.user + after.system - before.user - before.system) * 1e6) / (flood.sent + asked.sent),
      2,
    ),
    moreMegabytes: round(readMemory(pid).residentMegabytes - memory, 1),
  };
}

function writeNames(directory: string, name: string, count: number, nameOf: (index: number) => string): string {
  const file = join(directory, name);
  const messages = Array.from({ length: count }, (_, index) => composeQuery(index & 0xffff, { name: nameOf(index) }));
  writeFileSync(file, joinMessages(messages));
  return file;
}
