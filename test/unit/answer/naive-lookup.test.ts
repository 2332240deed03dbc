// Zones within zones, delegations, wildcards, empty names between, at random: what is found is what a search that looks at
// everything finds. However the records are cut into parts, and whatever was built before and kept.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFound, findName } from '../../../src/answer/find-name.ts';
import { compileZone, readZonePart } from '../../../src/snapshot/compile-zone.ts';
import { compileZones } from '../../../src/snapshot/compile-zones.ts';
import { NONE } from '../../../src/snapshot/snapshot.ts';
import { findRrset } from '../../../src/snapshot/zone-image.ts';
import { createFlatName, readFlatName } from '../../../src/wire/flat-name.ts';
import { parseRecordType } from '../../../src/wire/record-types.ts';
import { nameOfNode } from '../../support/built-zone.ts';
import { encodeName } from '../../support/dns-client.ts';
import { findNaively, type NaiveZone } from '../../support/naive-lookup.ts';

const SOA = { mname: 'ns.x', rname: 'h.x', refreshSeconds: 1, retrySeconds: 1, expireSeconds: 1, minimumSeconds: 1 };
const DATA = { A: '192.0.2.1', TXT: 'x', NS: 'ns.elsewhere.' } as const;
type Type = keyof typeof DATA;

const label = fc.constantFrom('a', 'b', 'c', 'ab');
const path = (maxLength: number) => fc.array(label, { maxLength }).map((labels) => labels.join('.'));
const below = (zone: string, name: string) => (name === '' ? zone : `${name}.${zone}`);

const zoneNames = fc.uniqueArray(
  path(2).map((name) => below('test', name)),
  { minLength: 1, maxLength: 4 },
);
const records = fc.array(
  fc.record({
    owner: path(4),
    isWildcard: fc.boolean(),
    type: fc.constantFrom<Type>('A', 'TXT', 'NS'),
  }),
  { maxLength: 14 },
);

function stateZone(name: string, stated: readonly { owner: string; isWildcard: boolean; type: Type }[]): NaiveZone {
  return {
    name,
    records: stated
      .map(({ owner, isWildcard, type }) => {
        // A wildcard that delegates is refused, and so is an NS among the records of the apex.
        const own = below(name, owner);
        const wild = isWildcard && type !== 'NS';
        return { name: wild ? `*.${own}` : own, type };
      })
      .filter(({ name: owner, type }) => owner !== name || type !== 'NS'),
  };
}

function compile(zone: NaiveZone, partSize: number) {
  const recordSets = zone.records.map(({ name, type }) => {
    return { name, type, ttlSeconds: 60, data: [Object.entries(DATA).find(([key]) => key === type)?.[1] ?? ''] };
  });
  const parts = [];
  for (let start = 0; start < recordSets.length; start += partSize) {
    parts.push(readZonePart(zone.name, recordSets.slice(start, start + partSize)));
  }
  const head = { name: zone.name, soa: { ...SOA, ttlSeconds: 60 }, ns: ['ns.elsewhere'], nsTtlSeconds: 60 };
  const compiled = compileZone(head, parts, []);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return compiled.value;
}

describe('finding names in zones at random', () => {
  it('agrees with a search through everything', () => {
    fc.assert(
      fc.property(
        zoneNames,
        fc.array(records, { minLength: 4, maxLength: 4 }),
        fc.array(path(6), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        (names, stated, asked, partSize) => {
          const zones = names.map((name, index) => stateZone(name, stated[index] ?? []));
          const table = compileZones(
            names,
            zones.map((zone) => compile(zone, partSize)),
            [],
          );
          const owners = zones.flatMap((zone) => zone.records.map(({ name }) => name));
          for (const text of [...asked.map((name) => below('test', name)), ...names, ...owners, 'other.example']) {
            const found = createFound();
            const name = createFlatName();
            const wire = encodeName(`${text}.`);
            readFlatName(name, wire, 0, wire.length);
            findName(table, name, found);
            const { image, kind, node, zone } = found;
            const expected = findNaively(zones, text);
            assert.deepEqual({ kind, node: nameOfNode(image, node), zone: names[zone] ?? '' }, expected, text);
            const own = zones.find((each) => each.name === expected.zone)?.records ?? [];
            for (const type of expected.node === expected.zone ? [] : ['A', 'TXT', 'NS']) {
              const isThere = own.some((record) => record.name === expected.node && record.type === type);
              const rrset = expected.node === '' ? NONE : findRrset(image, node, parseRecordType(type) ?? 0);
              assert.equal(rrset !== NONE, isThere, `${text} ${type}`);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
