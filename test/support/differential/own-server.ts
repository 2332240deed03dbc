// Our side of the differential tests: random zones as a configuration, without what our checks refuse, and the answer path
// over it.

import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import type { Problem } from '../../../src/model/problem.ts';
import { compileSnapshot, createRankMapCache } from '../../../src/snapshot/compile-snapshot.ts';
import type { DecodedMessage } from '../../../src/wire/decode-message.ts';
import { checkRecordData } from '../../../src/zone/check-record-data.ts';
import { ask, BASE, createFixture, inputOf, placeMapOf } from '../snapshot-fixture.ts';
import type { RandomQuestion } from './random-questions.ts';
import { type RandomZone, SERIAL } from './random-zones.ts';

/** Every round leaves something out, and what it leaves may break another rule. */
const MAX_ROUNDS = 50;

/** The zones without the records that may not stand in them. */
export function keepServable(zones: readonly RandomZone[]): RandomZone[] {
  let kept = [...zones];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const problems = findProblems(kept);
    if (problems.length === 0) return kept;
    const wrong = new Set(problems.map(locate));
    kept = kept.map((zone, index) => ({
      ...zone,
      records: zone.records.filter((_, record) => !wrong.has(`/zones/${index}/records/${record}`)),
    }));
  }
  throw new Error('there is always something wrong');
}

/** The record that a problem is about, which may stand deeper within it. */
function locate({ path, message }: Problem): string {
  const record = /^\/zones\/\d+\/records\/\d+/.exec(path)?.[0];
  if (record === undefined) throw new Error(`${path}: ${message}`);
  return record;
}

function findProblems(zones: readonly RandomZone[]): readonly Problem[] {
  const parsed = parseConfiguration(toDocument(zones), { resolveLocation: () => undefined, checkRecordData });
  if (!parsed.ok) return parsed.problems;
  const places = createRankMapCache(() => placeMapOf([]));
  const compiled = compileSnapshot(inputOf(parsed.value, SERIAL), places);
  return compiled.ok ? [] : compiled.problems;
}

function toDocument(zones: readonly RandomZone[]): Readonly<Record<string, unknown>> {
  return {
    ...BASE,
    zones: zones.map(({ name, minimum, soaTtl, ns, records }) => ({
      name: name.slice(0, -1),
      soa: { mname: `ns1.${name}`, rname: `hostmaster.${name}`, minimum, ttl: soaTtl },
      ns,
      records,
    })),
  };
}

/** As a client over TCP is answered: nothing is cut. */
export function serveZones(zones: readonly RandomZone[]): (question: RandomQuestion) => DecodedMessage {
  const { desk } = createFixture(toDocument(zones), { serial: SERIAL });
  return (question) => ask(desk, { ...question, protocol: 'tcp', edns: true, flags: 0 }).message;
}
