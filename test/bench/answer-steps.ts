// The part `steps`: what each step of an answer takes inside of one process, without any socket. Nanoseconds, the least of many
// short rounds, so that whatever else the machine does is left out.

import { answerQuery, UDP } from '../../src/answer/answer-query.ts';
import { answerService } from '../../src/answer/answer-service.ts';
import { decide } from '../../src/answer/decide.ts';
import { findName } from '../../src/answer/find-name.ts';
import { FAMILY_A } from '../../src/snapshot/snapshot.ts';
import { parseQuery } from '../../src/wire/query.ts';
import { beginResponse, finishResponse } from '../../src/wire/response.ts';
import { openDefaultMap } from '../support/default-map.ts';
import { composeQuery } from '../support/dns-ask.ts';
import { createFixture } from '../support/snapshot-fixture.ts';
import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES, STATIC_ADDRESS } from './bench-zone.ts';
import { createRandom, drawSubnetV4, drawSubnetV6, type Random } from './compose-queries.ts';
import { describeFigures } from './report/describe-figures.ts';
import type { PartResult } from './report/report.ts';

const ZONE = 'gtm.example.com';
const CALLS = 5000;
const ROUNDS = 300;
/** More than any cache of the processor holds of the map, and few enough for it to hold all that they need. */
const MANY = 50_000;
const FEW = 64;
const SLOT_BYTES = 1280;

export async function benchAnswerSteps({ say }: BenchContext): Promise<PartResult> {
  say('steps of an answer');
  const { placeMap } = await openDefaultMap();
  const { desk, snapshot, state } = createFixture(composeDocument(), { placeMap });
  const steered = (draw: (random: Random) => string, count: number) => {
    const random = createRandom(1);
    return Array.from({ length: count }, () => composeQuery(1, { name: `www.${ZONE}`, subnet: draw(random) }));
  };
  const one = steered(() => '81.2.69.0/24', 1);
  const [query = new Uint8Array(0)] = one;
  const out = new Uint8Array(FEW * SLOT_BYTES);
  const lists = snapshot.rankings[0]?.lists;
  if (lists === undefined) throw new Error('the service has no ranking');
  const answering = (queries: readonly Uint8Array[]) => (turn: number) => {
    const bytes = queries[turn % queries.length] ?? query;
    answerQuery(desk, bytes, 0, bytes.length, out, (turn % FEW) * SLOT_BYTES, SLOT_BYTES, UDP);
  };
  const steps: Readonly<Record<string, (turn: number) => void>> = {
    'whole answer: static': answering([composeQuery(1, { name: `static.${ZONE}` })]),
    'whole answer: NXDOMAIN': answering([composeQuery(1, { name: `nothing.${ZONE}` })]),
    'whole answer: steered, one client': answering(one),
    'whole answer: steered, random IPv4 clients': answering(steered((random) => drawSubnetV4(random, 24), MANY)),
    'whole answer: steered, random IPv6 clients': answering(steered((random) => drawSubnetV6(random, 56), MANY)),
    'step: parse the query': () => void parseQuery(desk.query, query, 0, query.length),
    'step: find the name': () => findName(snapshot.zones, desk.query.name, desk.found),
    'step: begin the response': () => beginResponse(desk.response, desk.query, out, 0, SLOT_BYTES),
    'step: rank, pick and write': () => {
      beginResponse(desk.response, desk.query, out, 0, SLOT_BYTES);
      answerService(desk, 0);
    },
    'step: pick': () => decide(desk.decision, snapshot, state, 0, lists, 0, FAMILY_A),
    'step: finish the response': () => {
      beginResponse(desk.response, desk.query, out, 0, SLOT_BYTES);
      finishResponse(desk.response, desk.query, 0, true, 24);
    },
  };
  return describeFigures('Nanoseconds inside of one process', measure(steps), [
    'A step alone, again and again, is quicker than within an answer, where the processor meets it anew.',
  ]);
}

function measure(steps: Readonly<Record<string, (turn: number) => void>>): Readonly<Record<string, number>> {
  const least = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, step] of Object.entries(steps)) {
      const began = process.hrtime.bigint();
      for (let call = 0; call < CALLS; call++) step(round * CALLS + call);
      const nanoseconds = Number(process.hrtime.bigint() - began) / CALLS;
      least.set(name, Math.min(least.get(name) ?? nanoseconds, nanoseconds));
    }
  }
  return Object.fromEntries(Array.from(least, ([name, nanoseconds]) => [name, Math.round(nanoseconds)]));
}

function composeDocument() {
  return {
    zones: [
      { name: ZONE, ns: [`ns1.${ZONE}`], records: [record('ns1', '192.0.2.53'), record('static', STATIC_ADDRESS)] },
    ],
    regions: FOUR_DATA_CENTRES.map(({ id, latitude, longitude }) => ({ id, location: { latitude, longitude } })),
    clusters: FOUR_DATA_CENTRES.map(({ id, address }) => ({ id, region: id, endpoints: [{ id: 'a', address }] })),
    services: [{ name: 'www', zone: ZONE, clusters: FOUR_DATA_CENTRES.map(({ id }) => id) }],
  };
}

function record(name: string, address: string) {
  return { name, type: 'A', data: [address] };
}
