// What is found good before it is committed must be served by every node: over random copies, services and nested zones.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { askCanaries } from '../../../src/answer/canary.ts';
import type { Copy } from '../../../src/model/copies.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { checkDocument } from '../../../src/roles/check-document.ts';
import { compileSnapshot, createRankMapCache } from '../../../src/snapshot/compile-snapshot.ts';
import { checkRecordData } from '../../../src/zone/check-record-data.ts';
import { BASE, inputOf, placeMapOf, WORLD } from '../../support/snapshot-fixture.ts';

const ZONE = 'fed.test';
const DATA = {
  A: '192.0.2.1',
  AAAA: '2001:db8::1',
  CNAME: 'a.b',
  DNAME: 'elsewhere.test.',
  NS: 'ns.elsewhere.test.',
  TXT: '"t"',
  MX: '10 a',
  DS: '1 13 2 0000000000000000000000000000000000000000000000000000000000000000',
  HTTPS: '1 . alpn=h2',
} as const;
const NAMES = ['@', 'a', 'b', 'a.b', 'x.a.b', '*.a', '*', 'in', 'y.in'];
const name = fc.constantFrom(...NAMES);
const record = fc.record({ name, type: fc.constantFrom(...(Object.keys(DATA) as (keyof typeof DATA)[])) });
const service = fc.record({ name, kind: fc.constantFrom('address', 'target'), hasHttps: fc.boolean() });
const placeMap = placeMapOf(WORLD);

function copyOf(records: readonly { readonly name: string; readonly type: keyof typeof DATA }[]): Copy {
  const sets = new Map(records.map((each) => [`${each.name} ${each.type}`, each]));
  const isApexNs = (each: { name: string; type: string }) => each.name === '@' && each.type === 'NS';
  return {
    head: {
      zone: ZONE,
      serial: 9,
      soa: { mname: `ns.${ZONE}.`, rname: `h.${ZONE}.`, refresh: 1, retry: 1, expire: 1, minimum: 1, ttl: 1 },
      ns: ['ns.elsewhere.test.'],
      nsTtl: 60,
      longestTtl: 60,
      primary: 'p',
      obtainedAtMs: 0,
      checkedAtMs: 0,
    },
    records: [...sets.values()]
      .filter((each) => !isApexNs(each))
      .map((each) => ({ ...each, ttl: 60, data: [DATA[each.type]] })),
  };
}

describe('a copy that is found good', () => {
  test('may have a minimum in its SOA that no zone of ours may have', () => {
    const { head, records } = copyOf([]);
    const copy = { head: { ...head, soa: { ...head.soa, minimum: 1_209_600 } }, records };
    const document = { ...BASE, zones: [{ name: ZONE, primaries: [{ address: '192.0.2.1' }] }], services: [] };
    const heldCopies = new Map([[ZONE, copy]]);
    const resolveLocation = () => undefined;
    const checked = checkDocument(document, { resolveLocation, checkRecordData, allowNetworks: [], heldCopies });
    assert.ok(checked.ok, JSON.stringify(checked));
    const copies = new Map([[ZONE, copy.head]]);
    const parsed = parseConfiguration(document, { resolveLocation, areRecordsElsewhere: true, copies });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    const compiled = compileSnapshot(
      inputOf(parsed.value, 7, [copy]),
      createRankMapCache(() => placeMap),
    );
    assert.ok(compiled.ok, JSON.stringify(compiled));
    // The lesser of it and the TTL of the SOA.
    assert.equal(compiled.value.snapshot.zones.images[0]?.negativeTtlSeconds, 1);
    assert.deepEqual(askCanaries(compiled.value.snapshot), []);
  });

  test('is served by whoever gets it', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 6 }),
        fc.uniqueArray(service, { maxLength: 2, selector: (each) => each.name }),
        fc.boolean(),
        (records, services, isNested) => {
          const copy = copyOf(records);
          const inner = { name: `in.${ZONE}`, ns: ['ns.elsewhere.test'] };
          const document = {
            ...BASE,
            zones: [{ name: ZONE, primaries: [{ address: '192.0.2.1' }] }, ...(isNested ? [inner] : [])],
            monitors: [],
            clusters: [
              { id: 'address', region: 'eu-west', endpoints: [{ id: 'e', address: '203.0.113.1' }] },
              { id: 'target', region: 'eu-west', endpoints: [{ id: 'e', target: 'cdn.elsewhere.test' }] },
            ],
            services: services.map(({ name: own, kind, hasHttps }) => ({
              name: own,
              zone: ZONE,
              clusters: [kind],
              ...(hasHttps && { https: ['1 . alpn=h2'] }),
            })),
          };
          const heldCopies = new Map([[ZONE, copy]]);
          const resolveLocation = () => undefined;
          const checked = checkDocument(document, { resolveLocation, checkRecordData, allowNetworks: [], heldCopies });
          if (!checked.ok) return;
          accepted++;
          const copies = new Map([[ZONE, copy.head]]);
          const parsed = parseConfiguration(document, { resolveLocation, areRecordsElsewhere: true, copies });
          assert.ok(parsed.ok, JSON.stringify(parsed));
          const compiled = compileSnapshot(
            inputOf(parsed.value, 7, [copy]),
            createRankMapCache(() => placeMap),
          );
          assert.ok(compiled.ok, JSON.stringify(compiled));
          assert.deepEqual(askCanaries(compiled.value.snapshot), []);
        },
      ),
      { numRuns: 400, seed: 20261128 },
    );
    assert.ok(accepted > 50, `${accepted} were found good`);
  });
});
