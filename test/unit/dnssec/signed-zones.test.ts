import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listSignedZones } from '../../../src/dnssec/signed-zones.ts';

const zone = (more: object) => ({ name: 'A.Example.', ns: ['ns1.other.test'], dnssec: { enabled: true }, ...more });
const ttlOf = (more: object, services: readonly object[] = []) => {
  const document = { zones: [zone(more)], regions: [], clusters: [], services };
  // What the store holds was checked; here only what is read of it matters.
  const [signed] = listSignedZones(JSON.parse(JSON.stringify(document)));
  return signed?.zoneTtlSeconds;
};

describe('signed zones', () => {
  test('are those whose dnssec is enabled, by their full name', () => {
    const zones = [
      zone({}),
      zone({ name: 'b.example', dnssec: { enabled: false } }),
      zone({ name: 'c.example', dnssec: undefined }),
    ];
    const listed = listSignedZones(JSON.parse(JSON.stringify({ zones, regions: [], clusters: [], services: [] })));
    assert.deepEqual(
      listed.map(({ zone: name, policy }) => [name, policy.keys, policy.algorithm]),
      [['a.example', 'single', 13]],
    );
  });

  test('have the same policy object while nothing of them changes', () => {
    const document = JSON.parse(JSON.stringify({ zones: [zone({})], regions: [], clusters: [], services: [] }));
    assert.equal(listSignedZones(document)[0]?.policy, listSignedZones(document)[0]?.policy);
  });

  const rows: readonly (readonly [string, number | undefined, number])[] = [
    ['nothing said', ttlOf({}), 3600],
    ['all is short', ttlOf({ soa: { ttl: 5, minimum: 5 }, nsTtl: 5 }), 5],
    ['the SOA', ttlOf({ soa: { ttl: '2h' } }), 7200],
    ['negative answers', ttlOf({ soa: { minimum: '3h' } }), 10_800],
    ['name servers', ttlOf({ nsTtl: '1d' }), 86_400],
    ['a record', ttlOf({ records: [{ name: 'a', type: 'A', ttl: '7d', data: ['192.0.2.1'] }] }), 604_800],
    [
      'a record without a TTL',
      ttlOf({ soa: { ttl: 5 }, nsTtl: 5, records: [{ name: 'a', type: 'A', data: ['192.0.2.1'] }] }),
      3600,
    ],
    ['a service', ttlOf({}, [{ name: 'www', zone: 'a.example', ttl: { min: 10, max: '5h' } }]), 18_000],
    ['a service with one TTL', ttlOf({}, [{ name: 'www', zone: 'A.example', ttl: '4h' }]), 14_400],
    ['a service of another zone', ttlOf({}, [{ name: 'www', zone: 'b.example', ttl: '9h' }]), 3600],
  ];
  for (const [what, found, expected] of rows) {
    test(`the longest TTL: ${what}`, () => assert.equal(found, expected));
  }
});
