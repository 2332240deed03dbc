import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ask,
  createFixture,
  type Fixture,
  LONDON,
  NEW_YORK,
  readCounters,
  setHealth,
  setLoads,
  tally,
} from '../../support/snapshot-fixture.ts';

type Cluster = { readonly id: string; readonly region?: string; readonly endpoints?: number; readonly rest?: string };

/** Clusters with numbered endpoints, 198.51.100.NM being endpoint M of cluster N; v6 likewise, 2001:db8::N:M. */
function fixtureOf(clusters: readonly Cluster[], service: string, families: 'v4' | 'both' = 'v4'): Fixture {
  const endpointsOf = (number: number, count: number) =>
    Array.from({ length: count }, (_, index) => [
      `{ id: e${index + 1}, address: 198.51.100.${number}${index + 1} }`,
      ...(families === 'both' ? [`{ id: f${index + 1}, address: "2001:db8::${number}:${index + 1}" }`] : []),
    ]).flat();
  const lines = clusters.map(
    ({ id, region = 'eu-west', endpoints = 2, rest = '' }, index) =>
      `  - { id: ${id}, region: ${region}, monitor: web, ${rest} endpoints: [${endpointsOf(index + 1, endpoints).join(', ')}] }`,
  );
  return createFixture(`
clusters:
${lines.join('\n')}
services:
  - name: www
    zone: gtm.example.com
    clusters: [${clusters.map(({ id }) => id).join(', ')}]
    ${service}
`);
}

const equals = 'rank: [{ by: proximity, tolerance: 1% }]';
const first = ({ desk }: Fixture, subnet = LONDON, type = 'A') => ask(desk, { subnet, type }).data[0] ?? '';

function assertNear(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(Math.abs((actual ?? 0) - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}

describe('polling', () => {
  const polled = { rest: 'balance: round-robin,' };

  it('gives every endpoint of every equally preferred cluster the same, and each cluster in turn', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', ...polled },
        { id: 'two', ...polled },
      ],
      `pick: { by: round-robin }\n    ${equals}`,
    );
    const order = Array.from({ length: 8 }, () => first(fixture).slice(-2));
    assert.deepEqual(order, ['11', '21', '12', '22', '11', '21', '12', '22']);
  });

  it('is even for A and AAAA alike when clients ask for both, one after the other', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', ...polled },
        { id: 'two', ...polled },
      ],
      `pick: { by: round-robin }\n    ${equals}`,
      'both',
    );
    const a = tally(100, () => {
      const address = first(fixture);
      first(fixture, LONDON, 'AAAA');
      return address;
    });
    const aaaa = tally(100, () => {
      first(fixture);
      return first(fixture, LONDON, 'AAAA');
    });
    assert.deepEqual(Object.values(a), [25, 25, 25, 25]);
    assert.deepEqual(Object.values(aaaa), [25, 25, 25, 25]);
  });

  it('is even for clients of two places who ask in step', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', ...polled },
        { id: 'two', region: 'us-east', ...polled },
      ],
      'pick: { by: round-robin }',
    );
    const counts = tally(100, (turn) => first(fixture, turn % 2 === 0 ? LONDON : NEW_YORK));
    assert.deepEqual(Object.values(counts), [25, 25, 25, 25]);
  });

  it('is even inside a cluster that least connections picks one turn in three', () => {
    const clusters = [
      { id: 'one', rest: 'balance: round-robin, weight: 300,' },
      { id: 'two', rest: 'balance: round-robin, weight: 100,' },
    ];
    const fixture = fixtureOf(clusters, `pick: { by: least-connections }\n    ${equals}`);
    const counts = tally(400, () => first(fixture));
    assertNear(counts['198.51.100.11'], 150, 2);
    assertNear(counts['198.51.100.12'], 150, 2);
    assertNear(counts['198.51.100.21'], 50, 2);
    assertNear(counts['198.51.100.22'], 50, 2);
  });

  it('goes on evenly among those that are left when one is down', () => {
    const fixture = fixtureOf([{ id: 'one', endpoints: 3, ...polled }], 'pick: { by: round-robin }');
    setHealth(fixture, { down: ['one/e2'] });
    const counts = tally(100, () => first(fixture));
    assert.deepEqual(counts, { '198.51.100.11': 50, '198.51.100.13': 50 });
  });
});

describe('weights', () => {
  it('spread clusters by their own weight, or the sum of their serving endpoints', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', rest: 'weight: 100,' },
        { id: 'two', endpoints: 3 },
      ],
      equals,
    );
    const counts = tally(4000, () => first(fixture).slice(-2, -1));
    assertNear(counts['1'], 1000, 120);
    setHealth(fixture, { down: ['two/e1', 'two/e2'] });
    const later = tally(4000, () => first(fixture).slice(-2, -1));
    assertNear(later['1'], 2000, 130);
  });

  it('spread answers over a heavier endpoint more', () => {
    const fixture = createFixture(`
clusters:
  - { id: one, region: eu-west, balance: weighted, endpoints: [{ id: a, address: 198.51.100.1, weight: 1 }, { id: b, address: 198.51.100.2, weight: 9 }, { id: c, address: 198.51.100.3, weight: 0 }] }
services: [{ name: www, zone: gtm.example.com, clusters: [one] }]
`);
    const counts = tally(4000, () => first(fixture));
    assertNear(counts['198.51.100.1'], 400, 80);
    assert.equal(counts['198.51.100.3'], undefined);
  });
});

describe('all', () => {
  it('gives eight addresses at most, shared out among the clusters', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', endpoints: 9 },
        { id: 'two', endpoints: 9 },
      ],
      `pick: { by: all }\n    ${equals}`,
    );
    const { data } = ask(fixture.desk, { subnet: LONDON });
    assert.equal(new Set(data).size, 8);
    assert.deepEqual(
      tally(8, (at) => data[at]?.slice(-2, -1) ?? ''),
      { 1: 4, 2: 4 },
    );
  });

  it('lets one cluster give what another is short of', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', endpoints: 1 },
        { id: 'two', endpoints: 9 },
      ],
      `pick: { by: all }\n    ${equals}`,
    );
    const lengths = tally(10, () => String(ask(fixture.desk, { subnet: LONDON }).data.length));
    // The short one comes first in half of the answers, and only then does the other know.
    assert.deepEqual(lengths, { 5: 5, 8: 5 });
  });

  it('gives as many as are asked for, from as many clusters', () => {
    const fixture = fixtureOf(
      [{ id: 'one' }, { id: 'two' }, { id: 'three' }],
      `pick: { by: all, answers: 2 }\n    ${equals}`,
    );
    const seen = tally(60, () =>
      ask(fixture.desk, { subnet: LONDON })
        .data.map((data) => data.slice(-2, -1))
        .join(),
    );
    assert.deepEqual(seen, { '1,2': 20, '2,3': 20, '3,1': 20 });
  });

  it('gives every endpoint its turn although only one is wanted', () => {
    const fixture = fixtureOf([{ id: 'one' }, { id: 'two' }], `pick: { by: all, answers: 1 }\n    ${equals}`);
    assert.deepEqual(Object.values(tally(40, () => first(fixture))), [10, 10, 10, 10]);
  });
});

describe('a service of addresses and of targets', () => {
  it('gives a CNAME alone or addresses alone, even where all are given', () => {
    const fixture = createFixture(`
clusters:
  - { id: one, region: eu-west, endpoints: [{ id: a, address: 198.51.100.1 }, { id: b, address: 198.51.100.2 }] }
  - { id: two, region: eu-west, endpoints: [{ id: a, target: lb.example.net }] }
services: [{ name: www, zone: gtm.example.com, clusters: [one, two], pick: { by: all }, rank: [{ by: proximity, tolerance: 1% }] }]
`);
    const seen = tally(10, () => ask(fixture.desk, { subnet: LONDON }).data.toSorted().join());
    assert.deepEqual(seen, { '198.51.100.1,198.51.100.2': 5, 'lb.example.net.': 5 });
  });
});

describe('an answer that does not fit', () => {
  it('is truncated, holds no endpoint, and counts as load for nobody', () => {
    const fixture = fixtureOf([{ id: 'one', endpoints: 8 }], '', 'both');
    const whole = ask(fixture.desk, { type: 'AAAA', protocol: 'tcp' });
    assert.equal(whole.data.length, 8);
    fixture.state.clusterLoads.handedOut.fill(0);
    const counted = { ...readCounters(fixture) };
    const cut = ask(fixture.desk, { type: 'AAAA', protocol: 'tcp', outSize: whole.bytes.length - 1 });
    assert.deepEqual([cut.message.isTruncated, cut.data], [true, []]);
    assert.equal(fixture.state.clusterLoads.handedOut[0], 0);
    const key = 'answers www.gtm.example.com one preferred';
    assert.equal(readCounters(fixture)[key], counted[key]);
  });
});

describe('least connections', () => {
  it('goes by what was reported, and by what has been handed out since', () => {
    const fixture = fixtureOf(
      [{ id: 'one', endpoints: 3, rest: 'balance: least-connections,' }],
      'pick: { by: weighted }',
    );
    setLoads(fixture, [
      { subject: 'one/e1', connections: 10 },
      { subject: 'one/e2', connections: 0 },
      { subject: 'one/e3', connections: 5 },
    ]);
    const counts = tally(30, () => first(fixture));
    // 15 + 30 connections, levelled.
    assert.deepEqual(counts, { '198.51.100.12': 15, '198.51.100.13': 10, '198.51.100.11': 5 });
  });
});

describe('load', () => {
  const two = [
    { id: 'one', endpoints: 1, rest: 'capacity: 1000,' },
    { id: 'two', endpoints: 1, rest: 'capacity: 1000,' },
  ];

  it('takes traffic off a tier in proportion, and gives it to the next', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', endpoints: 1, rest: 'capacity: 1000000,' },
        { id: 'two', region: 'us-east', endpoints: 1 },
      ],
      'pick: { shed: { low: 80%, high: 100% } }',
    );
    setLoads(fixture, [{ subject: 'one', connections: 950_000 }]);
    const counts = tally(4000, () => first(fixture));
    assertNear(counts['198.51.100.11'], 1000, 120);
  });

  it('does not make a herd: a thousand answers between two reports follow the spare capacity', () => {
    for (const by of ['weighted', 'least-connections', 'round-robin']) {
      const fixture = fixtureOf(two, `pick: { by: ${by}, shed: { low: 0%, high: 100% } }\n    ${equals}`);
      setLoads(fixture, [
        { subject: 'one', connections: 800 },
        { subject: 'two', connections: 200 },
      ]);
      const counts = tally(1000, () => first(fixture));
      const end = [800 + (counts['198.51.100.11'] ?? 0), 200 + (counts['198.51.100.21'] ?? 0)];
      // Room for 200 here and for 800 there: nobody ends above capacity, and none is starved.
      assert.ok(
        end.every((connections) => connections <= 1010),
        `${by}: ${end}`,
      );
      assert.ok((counts['198.51.100.11'] ?? 0) > 0, `${by}: ${end}`);
    }
  });

  it('counts no answers against a share of an unknown capacity', () => {
    const fixture = fixtureOf(
      [
        { id: 'one', endpoints: 1 },
        { id: 'two', region: 'us-east', endpoints: 1 },
      ],
      '',
    );
    setLoads(fixture, [{ subject: 'one', utilisation: 0.5 }]);
    const counts = tally(100, () => first(fixture));
    assert.deepEqual(counts, { '198.51.100.11': 100 });
    setLoads(fixture, [{ subject: 'one', utilisation: 1.2 }]);
    assert.equal(first(fixture), '198.51.100.21');
  });

  it('of millions of answers does not make the lighter of two endpoints invisible', () => {
    const fixture = fixtureOf([{ id: 'one', rest: 'balance: least-connections,' }], '');
    fixture.state.endpointLoads.handedOut.fill(2 ** 25);
    assert.deepEqual(
      tally(100, () => first(fixture)),
      { '198.51.100.11': 50, '198.51.100.12': 50 },
    );
    assert.equal(fixture.state.endpointLoads.handedOut[0], 2 ** 25 + 50);
  });
});
