import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WholeConfiguration } from '../../../src/model/configuration.ts';
import { compileSnapshot, createRankMapCache } from '../../../src/snapshot/compile-snapshot.ts';
import {
  FAMILY_A,
  FAMILY_AAAA,
  FAMILY_CNAME,
  LAST_RESORT_CLUSTER,
  NONE,
  type Snapshot,
} from '../../../src/snapshot/snapshot.ts';
import { copyState, createState } from '../../../src/snapshot/state.ts';
import { findRrset, typeOf } from '../../../src/snapshot/zone-image.ts';
import { listNodes, listRrsets } from '../../support/built-zone.ts';
import { ask, BASE, createFixture, inputOf, LONDON, placeMapOf, WORLD } from '../../support/snapshot-fixture.ts';

const [base] = BASE.zones;
const CLUSTERS = [
  {
    id: 'eu',
    region: 'eu-west',
    weight: 7,
    endpoints: [
      { id: 'a', address: '198.51.100.1', weight: 3 },
      { id: 'b', address: '2001:db8::1' },
    ],
  },
  { id: 'us', region: 'us-east', balance: 'round-robin', endpoints: [{ id: 'a', target: 'lb.example.net' }] },
];
const SERVICES = [
  {
    name: 'www',
    zone: 'gtm.example.com',
    clusters: ['eu', 'us'],
    ttl: { min: 5, max: 50 },
    lastResort: { cluster: 'us' },
  },
  { name: 'api', zone: 'gtm.example.com', clusters: ['eu', 'us'] },
  { name: 'far', zone: 'gtm.example.com', clusters: ['us', 'eu'] },
];

/** Every typed array of a snapshot, with its path. */
function arraysOf(value: unknown, path = ''): [string, ArrayBufferView][] {
  if (ArrayBuffer.isView(value)) return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => arraysOf(item, `${path}/${key}`));
}

describe('compiling a snapshot', () => {
  const { snapshot, configuration, rankings } = createFixture({ clusters: CLUSTERS, services: SERVICES });
  const { services, clusters, endpoints } = snapshot;

  it('puts everything into shared memory, so that threads share it and never copy it', () => {
    const arrays = arraysOf(snapshot);
    assert.ok(arrays.length > 30);
    for (const [path, array] of [...arrays, ...arraysOf(createState(snapshot))]) {
      assert.ok(array.buffer instanceof SharedArrayBuffer, path);
    }
  });

  it('lays services, clusters and endpoints out by index', () => {
    assert.deepEqual(services.ids, ['www.gtm.example.com', 'api.gtm.example.com', 'far.gtm.example.com']);
    assert.deepEqual([...services.clusterStarts], [0, 2, 4, 6]);
    assert.deepEqual([...services.clusters], [0, 1, 0, 1, 1, 0]);
    assert.deepEqual([...services.families], new Array(3).fill(FAMILY_A | FAMILY_AAAA | FAMILY_CNAME));
    assert.deepEqual(
      [services.lastResorts[0], services.lastResortPositions[0], services.lastResortPositions[1]],
      [LAST_RESORT_CLUSTER, 1, NONE],
    );
    assert.deepEqual([services.ttlMins[0], services.ttlMaxs[0]], [5, 50]);
    assert.deepEqual([...clusters.weights], [7, NONE]);
    assert.deepEqual([...clusters.endpointStarts], [0, 2, 3]);
    assert.deepEqual([...endpoints.weights], [3, 100, 100]);
    assert.deepEqual(endpoints.ids, ['eu/a', 'eu/b', 'us/a']);
    assert.deepEqual([...endpoints.dataLengths], [4, 16, 16]);
    assert.deepEqual([...endpoints.data.subarray(0, 4)], [198, 51, 100, 1]);
  });

  it('shares the ranking of services whose clusters stand in the same order under the same rules', () => {
    assert.deepEqual([...services.rankings], [0, 0, 1]);
    assert.equal(rankings.length, 2);
    assert.equal(snapshot.rankings.length, 2);
  });

  it('compiles no ranking twice while nothing in it changes, and forgets those that are gone', () => {
    const cache = createRankMapCache(() => placeMapOf(WORLD));
    const compile = (changed: WholeConfiguration): Snapshot => {
      const compiled = compileSnapshot(inputOf(changed, 1), cache);
      assert.ok(compiled.ok);
      return compiled.value.snapshot;
    };
    const first = compile(configuration);
    const zones = configuration.zones.map((zone) => ({ ...zone, records: [] }));
    const second = compile({ ...configuration, zones });
    assert.equal(second.rankings[0], first.rankings[0]);
    assert.equal(cache.maps.size, 2);
    const third = compile({ ...configuration, services: configuration.services.slice(0, 1) });
    assert.equal(third.rankings[0], first.rankings[0]);
    assert.equal(cache.maps.size, 1);
    const regions = configuration.regions.map((region) => ({ ...region, bias: 5 }));
    assert.notEqual(compile({ ...configuration, regions }).rankings[0], first.rankings[0]);
  });

  it('puts the serial into the SOA', () => {
    const { desk } = createFixture({ clusters: CLUSTERS, services: SERVICES }, { serial: 4_000_000_001 });
    assert.match(ask(desk, { name: 'gtm.example.com.', type: 'SOA' }).answers[0] ?? '', / 4000000001 /);
  });

  it('lists every problem of every zone, with its path, and gives nothing', () => {
    const record = { name: 'x.gtm.example.com', type: 'A', ttlSeconds: 60, data: ['not an address', '256.1.1.1'] };
    const [zone] = configuration.zones;
    assert.ok(zone);
    const zones = [zone, { ...zone, name: 'b.example', records: [record] }, { ...zone, records: [record] }];
    const compiled = compileSnapshot(
      inputOf({ ...configuration, zones }, 1),
      createRankMapCache(() => placeMapOf([])),
    );
    assert.ok(!compiled.ok);
    const paths = compiled.problems.map(({ path }) => path);
    assert.ok(paths.includes('/zones/1/records/0/name'), paths.join());
    assert.ok(paths.includes('/zones/2/records/0/data/0') && paths.includes('/zones/2/records/0/data/1'));
  });

  it('finds an RRset by its type, and none beyond the node’s own', () => {
    const { snapshot: many } = createFixture({
      zones: [
        {
          ...base,
          records: [
            ...(base?.records ?? []),
            { name: 'ns1', type: 'TXT', data: ['x'] },
            { name: 'ns2', type: 'MX', data: ['1 ns1'] },
          ],
        },
      ],
    });
    const [image] = many.zones.images;
    assert.ok(image);
    const nodes = listNodes(image);
    const all = nodes.flatMap((node) => listRrsets(image, node));
    assert.deepEqual([nodes.length, all.length], [3, 5]);
    for (const node of nodes) {
      const own = listRrsets(image, node);
      for (const rrset of all)
        assert.equal(findRrset(image, node, typeOf(image, rrset)) === rrset, own.includes(rrset));
      assert.equal(findRrset(image, node, 0), NONE);
    }
  });
});

describe('a state', () => {
  it('begins with everything up, nothing loaded, and the longest TTL', () => {
    const fixture = createFixture({ clusters: CLUSTERS, services: SERVICES });
    const { data, ttl } = ask(fixture.desk, { subnet: LONDON });
    assert.deepEqual([data, ttl], [['198.51.100.1'], 50]);
    assert.deepEqual([...fixture.state.clusterLoads.handedOut], [1, 0]);
    assert.deepEqual([...fixture.state.clusterLoads.answerCosts], [1, 1]);
  });

  it('is copied whole, and the copy is nobody else’s', () => {
    const { state } = createFixture({ clusters: CLUSTERS, services: SERVICES });
    const copy = copyState(state);
    assert.deepEqual(
      arraysOf(copy).map(([path, array]) => [path, array.byteLength]),
      arraysOf(state).map(([path, array]) => [path, array.byteLength]),
    );
    for (const [, array] of arraysOf(copy)) new Uint8Array(array.buffer).fill(9);
    assert.equal(state.endpointClasses[0], 3);
    assert.equal(state.serviceTtls[0], 50);
    assert.equal(state.clusterLoads.handedOut[0], 0);
  });
});
