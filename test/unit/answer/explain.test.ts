import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createDesk } from '../../../src/answer/desk.ts';
import { explain } from '../../../src/answer/explain.ts';
import { parseAddress, parsePrefix } from '../../../src/model/address.ts';
import type { State } from '../../../src/snapshot/state.ts';
import { parseRecordType } from '../../../src/wire/record-types.ts';
import { encodeName } from '../../support/dns-client.ts';
import {
  ask,
  createFixture,
  type Fixture,
  LONDON,
  setHealth,
  setLoads,
  TOKYO,
  WORLD,
} from '../../support/snapshot-fixture.ts';

const CLUSTERS = ['eu', 'us', 'ap', 'names'] as const;
const REGIONS = ['eu-west', 'us-east', 'ap-north', 'us-east'];
const BALANCES = ['all', 'round-robin', 'weighted', 'least-connections'];
const PICKS = ['weighted', 'round-robin', 'least-connections', 'all'];
const LAST_RESORTS = ['fail-open', 'refuse', { cluster: 'us' }];

type Shape = {
  readonly balances: readonly string[];
  readonly weights: readonly number[];
  readonly pick: string;
  readonly tolerance: string;
  readonly lastResort: unknown;
  readonly hasNames: boolean;
  readonly fence: boolean;
};

function build({ balances, weights, pick, tolerance, lastResort, hasNames, fence }: Shape): Fixture {
  const clusters = CLUSTERS.slice(0, hasNames ? 4 : 3).map((id, number) => ({
    id,
    region: REGIONS[number],
    monitor: 'web',
    capacity: 100,
    balance: id === 'names' ? 'weighted' : balances[number],
    endpoints:
      id === 'names'
        ? [{ id: 'a', target: 'lb.example.net' }]
        : [
            { id: 'a', address: `198.51.100.${number + 1}1`, weight: weights[number] },
            { id: 'b', address: `198.51.100.${number + 1}2`, weight: weights[number + 3] },
            { id: 'c', address: `2001:db8::${number}:1` },
          ],
  }));
  const rank = [
    ...(fence ? [{ match: { country: ['GB', 'US'] }, use: ['ap'], fence: true }] : []),
    { by: 'proximity', tolerance },
  ];
  const ids = clusters.map(({ id }) => id);
  const service = { name: 'www', zone: 'gtm.example.com', clusters: ids, rank, pick: { by: pick }, lastResort };
  return createFixture({ clusters, services: [service] });
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  balances: fc.array(fc.constantFrom(...BALANCES), { minLength: 3, maxLength: 3 }),
  weights: fc.array(fc.constantFrom(0, 1, 100), { minLength: 6, maxLength: 6 }),
  pick: fc.constantFrom(...PICKS),
  tolerance: fc.constantFrom('0%', '100%'),
  lastResort: fc.constantFrom(...LAST_RESORTS),
  hasNames: fc.boolean(),
  fence: fc.boolean(),
});

const places = fc.constantFrom(...CLUSTERS.flatMap((id) => [id, `${id}/a`, `${id}/c`]));
const overrides = fc.array(
  fc.record({
    kind: fc.constant<'clusters'>('clusters'),
    id: fc.constantFrom(...CLUSTERS),
    state: fc.constantFrom('force-down' as const, 'drain' as const, 'force-up' as const),
  }),
  { maxLength: 3 },
);
const loads = fc.array(
  fc.record({ subject: fc.constantFrom('eu', 'us', 'ap', 'eu/a', 'us/b'), connections: fc.nat(150) }),
  {
    maxLength: 4,
  },
);
const subnets = fc.constantFrom(...WORLD.map(({ prefix }) => prefix), '203.0.113.0/24', '0.0.0.0/0', undefined);
const sources = fc.constantFrom('81.2.69.1', '12.0.0.1', '203.0.113.9', '2400::1');
const types = fc.constantFrom('A', 'AAAA', 'TXT', 'CNAME', 'ANY', 'SOA');

const images = (state: State) =>
  [state.endpointClasses, state.clusterServing, state.serviceTtls]
    .concat([state.clusterLoads, state.endpointLoads].flatMap(Object.values))
    .map((array) => [...array]);

describe('an explanation', () => {
  it('is of exactly the answer that is served, and changes nothing', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.array(places, { maxLength: 6 }),
        overrides,
        loads,
        fc.tuple(subnets, sources, types, fc.integer()),
        (shape, down, words, reports, [subnet, source, type, seed]) => {
          const fixture = build(shape);
          setHealth(fixture, { down, overrides: words });
          setLoads(fixture, reports);
          const before = images(fixture.state);
          const prefix = subnet === undefined ? undefined : parsePrefix(subnet);
          const from = parseAddress(source);
          assert.ok(from);
          const explained = explain(fixture, {
            name: encodeName('www.gtm.example.com.'),
            type: parseRecordType(type) ?? 0,
            source: from,
            seed,
            ...(prefix === undefined ? {} : { subnet: prefix }),
          });
          assert.deepEqual(images(fixture.state), before);

          const desk = createDesk(fixture.snapshot, fixture.state, seed);
          const served = ask(desk, { type, source, protocol: 'tcp', ...(subnet === undefined ? {} : { subnet }) });
          const records = explained.answer.records.map(
            (record) => `${record.name} ${record.ttl} ${record.type} ${record.data}`,
          );
          assert.deepEqual(records, served.answers);
          assert.equal(explained.answer.rcode, served.rcode);
          if (explained.answer.scope !== undefined) assert.equal(explained.answer.scope, served.scope);
          // Every sentence is whole: nothing that it speaks of is unknown.
          for (const { text } of explained.steps) assert.doesNotMatch(text, /undefined|NaN|^$/);
        },
      ),
      { seed: 6, numRuns: 100 },
    );
  });

  const fixture = build({
    balances: ['all', 'all', 'all'],
    weights: [1, 1, 1, 1, 1, 1],
    pick: 'weighted',
    tolerance: '0%',
    lastResort: 'fail-open',
    hasNames: false,
    fence: false,
  });
  const question = (name: string, type: string, subnet?: string) => {
    const [prefix, source] = [subnet === undefined ? undefined : parsePrefix(subnet), parseAddress('12.0.0.1')];
    assert.ok(source);
    return explain(fixture, {
      name: encodeName(name),
      type: parseRecordType(type) ?? 0,
      source,
      seed: 1,
      ...(prefix === undefined ? {} : { subnet: prefix }),
    });
  };

  it('tells where the client is, whom it prefers and how far they are', () => {
    const { client, zone, service, preference, answer, steps } = question('www.gtm.example.com.', 'A', LONDON);
    assert.deepEqual(client, {
      address: '81.2.69.0',
      prefixLength: 24,
      from: 'subnet',
      country: 'GB',
      latitude: 51.5,
      longitude: client.longitude,
    });
    assert.deepEqual([zone, service], ['gtm.example.com', 'www.gtm.example.com']);
    assert.deepEqual(
      preference.map(({ cluster, region, tier, distanceKm }) => [cluster, region, tier, distanceKm]),
      [
        ['eu', 'eu-west', 0, 465],
        ['us', 'us-east', 1, 5920],
        ['ap', 'ap-north', 2, 9568],
      ],
    );
    assert.deepEqual([answer.reason, answer.scope], ['preferred', 9]);
    assert.deepEqual(
      steps.map(({ step }) => step),
      ['zone', 'service', 'client', 'pass', 'consider', 'choose', 'choose'],
    );
  });

  it('takes the subnet as people write it, with the address of a host', () => {
    const { client, answer } = question('www.gtm.example.com.', 'A', '81.2.69.160/20');
    assert.deepEqual([client.address, client.prefixLength, answer.rcode], ['81.2.64.0', 20, 'NOERROR']);
  });

  it('goes by the source where there is no subnet, and says no scope', () => {
    const { client, answer } = question('www.gtm.example.com.', 'A');
    assert.deepEqual(
      [client.from, client.address, client.prefixLength, answer.scope],
      ['source', '12.0.0.1', 32, undefined],
    );
  });

  it('explains what is not steered, and what is none of ours', () => {
    assert.equal(question('ns1.gtm.example.com.', 'A').answer.reason, 'static');
    const outside = question('example.net.', 'A', TOKYO);
    assert.deepEqual([outside.zone, outside.service, outside.answer.rcode], [undefined, undefined, 'REFUSED']);
    assert.equal(outside.answer.reason, 'refused');
  });

  it('says once of each cluster that it is passed over, though the tiers are gone through several times', () => {
    setHealth(fixture, { down: ['eu', 'us', 'ap'] });
    const { steps } = question('www.gtm.example.com.', 'A', LONDON);
    setHealth(fixture, {});
    const skipped = steps.filter(({ step }) => step === 'skip').map(({ text }) => text);
    assert.deepEqual([skipped.length, new Set(skipped).size], [3, 3]);
    assert.match(
      steps.map(({ text }) => text).join(' '),
      /As a last resort, what counts as down may be answered too\./,
    );
  });

  it('says in a step what became of every name that is not steered', () => {
    const stepsOf = (name: string, type: string) => question(name, type).steps.map(({ step }) => step);
    assert.deepEqual(stepsOf('ns1.gtm.example.com.', 'A'), ['zone', 'records']);
    assert.deepEqual(stepsOf('ns1.gtm.example.com.', 'TXT'), ['zone', 'no-records']);
    assert.deepEqual(stepsOf('www.gtm.example.com.', 'TXT'), ['zone', 'no-records']);
    assert.deepEqual(stepsOf('nothing.gtm.example.com.', 'A'), ['zone', 'no-name']);
    assert.deepEqual(stepsOf('example.net.', 'A'), ['outside']);
  });
});
