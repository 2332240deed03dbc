// Explains an answer: asks the code that serves, on a desk of its own, with a trace, and writes down what it did. Nothing
// of the state is changed: the answers given here are not counted and load nobody.

import { describePlace, explainDistances, findPlaceV4, findPlaceV6 } from '../geo/find-place.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import { type Address, formatAddress, maskPrefix, type Prefix } from '../model/address.ts';
import { NONE, type Snapshot } from '../snapshot/snapshot.ts';
import { copyState, type State } from '../snapshot/state.ts';
import type { Ranking } from '../steering/ranking.ts';
import { type RankMap, TIER_START } from '../steering/run-map.ts';
import { composeQuery } from '../wire/compose-query.ts';
import { type DecodedRecord, decodeMessage } from '../wire/decode-message.ts';
import { formatName } from '../wire/name.ts';
import { formatRecordData } from '../wire/record-data.ts';
import { formatRecordType, formatResponseCode } from '../wire/record-types.ts';
import { answerQuery, TCP } from './answer-query.ts';
import { REASONS } from './decision.ts';
import { describeStep } from './describe-step.ts';
import { createDesk } from './desk.ts';
import type { ExplainedClient, ExplainedPreference, ExplainedRecord, Explanation } from './explanation.ts';
import { shortenTrace } from './shorten-trace.ts';
import type { Trace, TraceStep } from './trace.ts';

export type ExplainInput = {
  readonly snapshot: Snapshot;
  readonly state: State;
  readonly placeMap: PlaceMap;
  /** The rankings that the snapshot's were compiled from, by the same index. */
  readonly rankings: readonly Ranking[];
};

export type ExplainQuestion = {
  /** Uncompressed wire form. */
  readonly name: Uint8Array;
  readonly type: number;
  /** On whose behalf a resolver asks; absent: it does not say. */
  readonly subnet?: Prefix;
  /** Where the query comes from. */
  readonly source: Address;
  /** 32 random bits: what chance decides, it decides by these. */
  readonly seed: number;
};

const MAX_MESSAGE_BYTES = 65535;

export function explain(input: ExplainInput, question: ExplainQuestion): Explanation {
  const { snapshot } = input;
  const desk = createDesk(snapshot, copyState(input.state), question.seed);
  const trace: Trace = [];
  desk.trace = trace;
  desk.client.family = question.source.family;
  desk.client.words.set(question.source.words);
  const query = composeQuery({ id: 0, ...question });
  const out = new Uint8Array(MAX_MESSAGE_BYTES);
  const length = answerQuery(desk, query, 0, query.length, out, 0, out.length, TCP);
  const message = decodeMessage(out.subarray(0, length));
  if (typeof message === 'string') throw new Error('an answer of ours cannot be decoded');

  // Where aliases lead from one service to another, it is the last of them whose endpoints are the answer.
  const service = findLastStep(trace, 'service')?.service;
  const located = findLastStep(trace, 'client');
  const zone = findStep(trace, 'zone')?.zone;
  return {
    question: { name: formatName(question.name), type: formatRecordType(question.type) },
    client: explainClient(input.placeMap, question, located?.from ?? 'source'),
    ...(zone === undefined ? {} : { zone: snapshot.zones.names[zone] ?? '' }),
    ...(service === undefined ? {} : { service: snapshot.services.ids[service] ?? '' }),
    preference:
      service === undefined || located === undefined ? [] : explainPreference(input, question, service, located),
    considered: listConsidered(snapshot, trace),
    steps: shortenTrace(trace).map((step) => ({ step: step.step, text: describeStep(snapshot, step) })),
    answer: {
      rcode: formatResponseCode((out[3] ?? 0) & 15),
      records: message.answers.map(explainRecord),
      ...(located?.from === 'subnet' ? { scope: desk.scope } : {}),
      // Nobody asked where the client is: the records are the same for everybody.
      reason: located === undefined ? reasonOf(trace) : (REASONS[desk.decision.reason] ?? ''),
    },
  };
}

/** Not those that have no endpoint which could answer this type. */
function listConsidered({ clusters }: Snapshot, trace: Trace): readonly string[] {
  const looked = trace.flatMap((step) => {
    switch (step.step) {
      case 'skip':
        return step.because === 'health' ? [step.cluster] : [];
      case 'consider':
      case 'choose':
        return [step.cluster];
      default:
        return [];
    }
  });
  return [...new Set(looked)].map((cluster) => clusters.ids[cluster] ?? '');
}

/** For what no service decided. */
function reasonOf(trace: Trace): string {
  return findStep(trace, 'outside') === undefined ? 'static' : 'refused';
}

function findStep<Kind extends TraceStep['step']>(trace: Trace, kind: Kind) {
  return trace.find((step): step is Extract<TraceStep, { step: Kind }> => step.step === kind);
}

function findLastStep<Kind extends TraceStep['step']>(trace: Trace, kind: Kind) {
  return trace.findLast((step): step is Extract<TraceStep, { step: Kind }> => step.step === kind);
}

/** The prefix whose place decided. */
function decidingPrefix({ subnet, source }: ExplainQuestion): Prefix {
  if (subnet !== undefined && subnet.length > 0) return maskPrefix(subnet);
  return { ...source, length: source.family === 4 ? 32 : 128 };
}

function placeOf(placeMap: PlaceMap, { family, words }: Address) {
  const [high = 0, low = 0] = words;
  return describePlace(placeMap, family === 4 ? findPlaceV4(placeMap, high) : findPlaceV6(placeMap, high, low));
}

function explainClient(placeMap: PlaceMap, question: ExplainQuestion, from: 'subnet' | 'source'): ExplainedClient {
  const prefix = decidingPrefix(question);
  const { country, subdivision, location } = placeOf(placeMap, prefix);
  return {
    address: formatAddress(prefix),
    prefixLength: prefix.length,
    from,
    ...(country === undefined ? {} : { country }),
    ...(subdivision === undefined ? {} : { subdivision }),
    ...(location === undefined ? {} : location),
  };
}

function explainPreference(
  { snapshot, placeMap, rankings }: ExplainInput,
  question: ExplainQuestion,
  service: number,
  { list }: Extract<TraceStep, { step: 'client' }>,
): ExplainedPreference[] {
  const { services, clusters } = snapshot;
  const ranking = services.rankings[service] ?? NONE;
  const candidates = rankings[ranking]?.candidates ?? [];
  const distances = explainDistances(placeOf(placeMap, decidingPrefix(question)), candidates);
  let tier = -1;
  return listEntries(snapshot.rankings[ranking], list).map((entry) => {
    if (entry & TIER_START) tier++;
    const position = entry & ~TIER_START;
    const cluster = services.clusters[(services.clusterStarts[service] ?? 0) + position] ?? NONE;
    const km = distances[position]?.km;
    return {
      cluster: clusters.ids[cluster] ?? '',
      region: clusters.regions[cluster] ?? '',
      tier,
      ...(km === undefined ? {} : { distanceKm: Math.round(km) }),
    };
  });
}

function listEntries(rankMap: RankMap | undefined, list: number): number[] {
  const { offsets, entries } = rankMap?.lists ?? {};
  return Array.from(entries?.subarray(offsets?.[list] ?? 0, offsets?.[list + 1] ?? 0) ?? []);
}

function explainRecord({ name, type, ttlSeconds, data }: DecodedRecord): ExplainedRecord {
  return {
    name: formatName(name),
    type: formatRecordType(type),
    ttl: ttlSeconds,
    data: formatRecordData(type, data),
  };
}
