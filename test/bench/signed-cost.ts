// The part `signed`: what a signed answer costs more than an unsigned one, once its signature is at hand, and what it costs
// Knot DNS, whose geoip module is signed while it answers (mod-onlinesign). All queries have the DO bit.

import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES, STATIC_NAME, STEERED_NAME, ZONE } from './bench-zone.ts';
import { drawSubnetV4, type KindOfQueries, writeQueries } from './compose-queries.ts';
import { openCityDatabase } from './database/city-database.ts';
import { median, medianRatio, round } from './figures.ts';
import { runLoad } from './load/run-load.ts';
import { pinServer } from './pin.ts';
import { readCpuTime } from './proc-status.ts';
import { describeFigures } from './report/describe-figures.ts';
import type { PartResult } from './report/report.ts';
import { startPrepared } from './servers/azimuth.ts';
import { KNOT, startKnot } from './servers/knot.ts';
import type { Server } from './servers/server.ts';
import { isInstalled } from './servers/server-kinds.ts';

const OUTSTANDING = 128;
const WARM_UP_SECONDS = 3;

type SignedKind = Pick<KindOfQueries, 'kind' | 'question'> & {
  readonly label: string;
  readonly rcode: number;
  /** Records in the answer section, without signatures. */
  readonly answers: number;
};

const KINDS: readonly SignedKind[] = [
  {
    kind: 'ecs4',
    label: 'steered',
    rcode: 0,
    answers: 1,
    question: (random) => ({ name: STEERED_NAME, subnet: drawSubnetV4(random, 24), dnssecOk: true }),
  },
  { kind: 'static', label: 'static', rcode: 0, answers: 1, question: () => ({ name: STATIC_NAME, dnssecOk: true }) },
  {
    kind: 'nxdomain',
    label: 'NXDOMAIN',
    rcode: 3,
    answers: 0,
    question: (random) => ({ name: `x${random()}.${ZONE}`, dnssecOk: true }),
  },
];

type Measured = { readonly cpuUs: readonly number[]; readonly perSecond: number; wrong: number; lost: number };

export async function benchSignedCost({ processes, rounds, seconds, say }: BenchContext): Promise<PartResult> {
  const database = openCityDatabase(say).path;
  const setup = { processes, database, dataCentres: FOUR_DATA_CENTRES, prefix: pinServer() };
  const servers = new Map<string, Server>([
    ['unsigned', await startPrepared(setup, 'auto')],
    ['signed', await startPrepared(setup, 'auto', true)],
  ]);
  if (isInstalled(KNOT)) servers.set('knot', await startKnot(setup, ['mod-onlinesign']));
  const directory = processes.makeDirectory('signed-queries');
  const figures: Record<string, object> = {};
  for (const kind of KINDS) {
    const file = writeQueries(directory, kind);
    const measured = new Map<string, Measured>();
    for (let count = 0; count <= rounds; count++) {
      say(`signed: ${kind.label}, ${count === 0 ? 'warming up' : `round ${count} of ${rounds}`}`);
      for (const [name, server] of servers) {
        const before = readCpuTime(server.running.pid);
        const figure = await runLoad(processes, {
          protocol: 'udp',
          port: server.port,
          file,
          seconds: count === 0 ? WARM_UP_SECONDS : seconds,
          pace: { kind: 'peak', outstanding: OUTSTANDING },
          // Compact denial, which Knot signs with, says NOERROR of a name that is not there.
          expected: {
            rcode: name === 'knot' && kind.rcode === 3 ? 0 : kind.rcode,
            answers: name === 'unsigned' ? kind.answers : 2 * kind.answers,
          },
        });
        const after = readCpuTime(server.running.pid);
        if (count === 0) continue;
        const spent = ((after.user + after.system - before.user - before.system) * 1e6) / Math.max(1, figure.answered);
        const known = measured.get(name) ?? { cpuUs: [], perSecond: 0, wrong: 0, lost: 0 };
        measured.set(name, {
          cpuUs: [...known.cpuUs, spent],
          perSecond: Math.max(known.perSecond, Math.round(figure.answered / figure.seconds)),
          wrong: known.wrong + figure.wrong,
          lost: known.lost + figure.lost,
        });
      }
    }
    figures[kind.label] = sumUp(measured);
  }
  return describeFigures('What signatures cost', figures, [
    `${rounds} rounds of ${seconds} s for each server in turn, DO bit set; CPU of the whole process per answer in µs, medians.`,
    'Ratios are medians of the ratios of each round. A steered answer is one address and its signature; NXDOMAIN has the SOA, two NSEC at most, and their signatures.',
    'Knot DNS: geoip by country, with mod-onlinesign, which denies names compactly: one NSEC, signed for each name that is asked.',
  ]);
}

function sumUp(measured: ReadonlyMap<string, Measured>): object {
  const cpuOf = (name: string) => measured.get(name)?.cpuUs ?? [];
  const servers = [...measured].map(([name, { cpuUs, perSecond, wrong, lost }]) => [
    name,
    { cpuUs: round(median(cpuUs), 2), perSecond, wrong, lost },
  ]);
  return {
    ...Object.fromEntries(servers),
    'signed ÷ unsigned': round(medianRatio(cpuOf('signed'), cpuOf('unsigned')), 2),
    ...(measured.has('knot') ? { 'signed ÷ knot': round(medianRatio(cpuOf('signed'), cpuOf('knot')), 2) } : {}),
  };
}
