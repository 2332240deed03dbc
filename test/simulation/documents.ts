// The configurations that operators of simulated worlds commit: each has a number, and differs from every other by it. What
// they mean is read and compiled by the real code, once for all worlds, since it depends on nothing else.

import { PLAIN_CONDUCT } from '../../src/answer/conduct.ts';
import { createDesk, type Desk } from '../../src/answer/desk.ts';
import type { HealthJudgement } from '../../src/health/cluster-health.ts';
import { listTargets, type Target } from '../../src/health/target.ts';
import type { Verdicts } from '../../src/health/verdict.ts';
import type { Configuration } from '../../src/model/configuration.ts';
import { splitObjects } from '../../src/model/objects.ts';
import { parseConfiguration } from '../../src/model/parse-configuration.ts';
import type { Revision } from '../../src/model/revision.ts';
import { checkDocument } from '../../src/roles/check-document.ts';
import { type Reading, understand } from '../../src/roles/known-revision.ts';
import { openRevisionReader } from '../../src/roles/read-revision.ts';
import { composeRevision } from '../../src/roles/revision-texts.ts';
import { applyHealth, type Serving } from '../../src/roles/serving.ts';
import { compileSnapshot, createRankMapCache } from '../../src/snapshot/compile-snapshot.ts';
import { createState } from '../../src/snapshot/state.ts';
import { checkRecordData } from '../../src/zone/check-record-data.ts';
import { ask, inputOf, LONDON, placeMapOf, TOKYO, WORLD } from '../support/snapshot-fixture.ts';
import { VANTAGES } from './plan.ts';

const SERVICES = ['www', 'app', 'all'];

export const documentOf: (number: number) => Readonly<Record<string, unknown>> = remember(composeDocument);

function composeDocument(number: number): Readonly<Record<string, unknown>> {
  const endpoints = [
    { id: 'a', address: '203.0.113.1' },
    { id: 'b', address: '203.0.113.2' },
  ];
  return {
    zones: [
      {
        name: 'gtm.example.com',
        soa: { mname: 'ns1.gtm.example.com', rname: 'hostmaster.example.com', minimum: 60 },
        ns: ['ns1.gtm.example.com'],
        records: [
          { name: 'ns1', type: 'A', ttl: 3600, data: ['192.0.2.53'] },
          { name: 'revision', type: 'TXT', ttl: 60, data: [`"${number}"`] },
        ],
      },
    ],
    regions: [
      { id: 'eu', location: { latitude: 53.35, longitude: -6.26 } },
      { id: 'us', location: { latitude: 39.04, longitude: -77.49 } },
      { id: 'ap', location: { latitude: 35.6, longitude: 139.7 } },
    ],
    vantages: VANTAGES.map((id) => ({ id })),
    // Flaps are a fault here, and what comes after them is to be seen within seconds: nothing is held down.
    monitors: [{ id: 'web', type: 'tcp', port: 80, interval: '1s', timeout: '500ms', fall: 2, maxHoldDown: '0s' }],
    clusters: [
      { id: 'eu', region: 'eu', monitor: 'web', endpoints: number % 5 === 4 ? endpoints.slice(0, 1) : endpoints },
      { id: 'us', region: 'us', monitor: 'web', endpoints: [{ id: 'a', address: '203.0.113.11' }] },
      { id: 'ap', region: 'ap', monitor: 'web', endpoints: [{ id: 'a', address: '203.0.113.21' }] },
    ],
    services: [
      { name: 'www', zone: 'gtm.example.com', clusters: ['eu', 'us', 'ap'] },
      { name: 'app', zone: 'gtm.example.com', clusters: ['us', 'ap'] },
      { name: 'all', zone: 'gtm.example.com', clusters: ['eu', 'us'], pick: { by: 'all' } },
    ],
    overrides: overridesOf(number),
  };
}

function overridesOf(number: number): readonly Readonly<Record<string, unknown>>[] {
  const words = { reason: 'a simulation', author: 'operator' };
  if (number % 4 === 1) return [{ kind: 'endpoints', id: 'eu/a', state: 'force-down', ...words }];
  if (number % 4 === 2) return [{ kind: 'clusters', id: 'us', state: 'drain', ...words }];
  if (number % 8 === 3) return [{ kind: 'clusters', id: 'us', state: 'force-down', ...words }];
  return [];
}

const CHECK = { resolveLocation: () => undefined, allowNetworks: [] };

/** What the store of most worlds holds in the beginning. */
export const FIRST_REVISION: Revision = composeRevision(
  { id: { generation: 1, number: 1 }, parent: null, author: 'operator', message: '', createdAtMs: 0 },
  textsOfDocument(documentOf(0)),
);

function textsOfDocument(document: unknown): ReadonlyMap<string, string> {
  const checked = checkDocument(document, CHECK);
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return splitObjects(checked.value);
}

/** Addresses that the document of this number forbids to hand out. */
function forbiddenBy(number: number): readonly string[] {
  if (number % 4 === 1) return ['203.0.113.1'];
  return number % 8 === 3 ? ['203.0.113.11'] : [];
}

/** The inverse of `documentOf`. */
export const numberOf: (document: unknown) => number = remember((document) => numberIn(JSON.stringify(document)));

function numberIn(text: string): number {
  const match = /\\"(\d+)\\"/.exec(text);
  if (match === null) throw new Error('this is no document of a simulation');
  return Number(match[1]);
}

/** What a revision means, ready to be answered from. */
export type Meaning = {
  readonly number: number;
  readonly configuration: Configuration;
  readonly targets: readonly Target[];
  /**
   * What is wrong with the answers that are given while health is like that: a name that is gone or empty, an address that
   * an operator has forbidden. Undefined: nothing.
   */
  findWrongAnswer(judgement: HealthJudgement, verdicts: Verdicts): string | undefined;
};

const check = remember((document: unknown) => checkDocument(document, CHECK));
const split = remember(splitObjects);
const readings = new Map<string, ReturnType<Reading['understand']>>();

/** For nodes that commit: what they make of a document, and of a revision's texts, depends on nothing else either. */
export const READING: Reading = {
  check,
  // The writer puts more texts beside them.
  split: (document) => new Map(split(document)),
  understand(revision) {
    const key = contentOf(revision);
    const read = readings.get(key) ?? understand(revision);
    readings.set(key, read);
    return read.ok ? { ok: true, value: { ...read.value, revision } } : read;
  },
};

/** There are few of them, and they never change. */
function remember<Argument, Result>(work: (argument: Argument) => Result): (argument: Argument) => Result {
  const results = new Map<Argument, Result>();
  return (argument) => {
    const known = results.get(argument);
    if (known !== undefined) return known;
    const result = work(argument);
    results.set(argument, result);
    return result;
  };
}

function contentOf({ manifest }: Revision): string {
  return Object.values(manifest.objects).join();
}

const PARSE = { resolveLocation: () => undefined };
const readRevision = openRevisionReader(PARSE.resolveLocation);
const placeMap = placeMapOf(WORLD);
const meanings = new Map<string, Meaning>();

export function readMeaning(revision: Revision): Meaning {
  const key = contentOf(revision);
  let meaning = meanings.get(key);
  if (meaning === undefined) {
    meaning = compile(revision);
    meanings.set(key, meaning);
  }
  return meaning;
}

function compile(revision: Revision): Meaning {
  const stated = readRevision(revision);
  if (!stated.ok) throw new Error(JSON.stringify(stated.problems));
  const { configuration } = stated.value;
  const number = numberIn([...revision.objects.values()].join());
  const whole = parseConfiguration(documentOf(number), { ...PARSE, checkRecordData });
  if (!whole.ok) throw new Error(JSON.stringify(whole.problems));
  const compiled = compileSnapshot(
    { ...inputOf(whole.value, 1), signing: undefined },
    createRankMapCache(() => placeMap),
  );
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const { snapshot, rankings } = compiled.value;
  const serving: Serving = {
    revision,
    configuration,
    snapshot,
    rankings,
    state: createState(snapshot),
    newBytes: 0,
  };
  const desk = createDesk(snapshot, serving.state, 1, 0, PLAIN_CONDUCT, undefined);
  const judged = new Map<number, string | undefined>();
  const forbidden = forbiddenBy(number);
  return {
    number,
    configuration,
    targets: listTargets(configuration),
    findWrongAnswer(judgement, verdicts) {
      const key = numberJudgement(judgement);
      if (!judged.has(key)) {
        applyHealth(serving, judgement, verdicts);
        judged.set(key, askAll(desk, forbidden));
      }
      return judged.get(key);
    },
  };
}

/** One number for each way in which a configuration of these few endpoints and clusters may be judged. */
function numberJudgement({ endpointClass, clusterServing }: HealthJudgement): number {
  let number = 0;
  for (const value of endpointClass) number = number * 4 + value;
  for (const value of clusterServing) number = number * 8 + value;
  return number;
}

/** From two ends of the world, several times each: who is picked changes from one query to the next. */
function askAll(desk: Desk, forbidden: readonly string[]): string | undefined {
  for (const service of SERVICES) {
    for (const client of [LONDON, TOKYO]) {
      for (let turn = 0; turn < 4; turn++) {
        const name = `${service}.gtm.example.com`;
        const { rcode, data } = ask(desk, { name, type: 'A', subnet: client });
        if (rcode !== 'NOERROR' || data.length === 0)
          return `${name} is answered with ${rcode} and ${data.length} records`;
        const wrong = data.find((address) => forbidden.includes(address));
        if (wrong !== undefined) return `${name} is answered with ${wrong}, which an operator has forced down`;
      }
    }
  }
  return undefined;
}
