import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ENDPOINT_DOWN, ENDPOINT_FORCED_DOWN, ENDPOINT_UP, judgeClusters } from '../../../src/health/cluster-health.ts';
import type { Vote } from '../../../src/health/slot.ts';
import { listTargets } from '../../../src/health/target.ts';
import { restoreVerdict, type Verdict, type VerdictState } from '../../../src/health/verdict.ts';
import { handedOutOf } from '../../../src/load/handed-out.ts';
import type { LoadTable } from '../../../src/load/load-table.ts';
import type { Configuration } from '../../../src/model/configuration.ts';
import { applyHealth, applyLoads, carryHandedOut, fadeHandedOut } from '../../../src/roles/serving.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';

const DOCUMENT = `
clusters:
  - { id: eu, region: eu-west, monitor: web, capacity: 100, endpoints: [{ id: a, address: 203.0.113.1 }, { id: b, address: 203.0.113.2 }] }
  - { id: us, region: us-east, monitor: web, endpoints: [{ id: a, address: 203.0.113.3 }] }
  - { id: free, region: us-east, endpoints: [{ id: a, address: 203.0.113.4 }] }
services:
  - { name: www, zone: gtm.example.com, clusters: [eu, us], ttl: { min: 10, max: 60 } }
  - { name: api, zone: gtm.example.com, clusters: [us], ttl: { min: 5, max: 30 } }
  - { name: raw, zone: gtm.example.com, clusters: [free], ttl: { min: 20, max: 300 } }
`;

type Seen = { readonly verdict: VerdictState; readonly votes?: readonly (readonly [Vote, fresh: boolean])[] };

/** `seen` by `cluster/endpoint`; whoever is not named is up, and all vantages agree. */
function judge(configuration: Configuration, seen: Readonly<Record<string, Seen>>, nowMs = 0) {
  const verdicts = new Map<string, Verdict>(
    listTargets(configuration).map(({ id, cluster, endpoint }) => {
      const { verdict, votes = [] } = seen[`${cluster}/${endpoint}`] ?? { verdict: 'up', votes: [['up', true]] };
      const evidence = votes.map(([vote, fresh], index) => ({
        vantage: `v${index}`,
        worker: 'w',
        vote,
        reason: '',
        fresh,
        sinceMs: 0,
      }));
      return [id, { ...restoreVerdict({ target: id, verdict, sinceMs: 0 }), votes: evidence }];
    }),
  );
  return { judgement: judgeClusters(configuration, (target) => verdicts.get(target)?.verdict, nowMs), verdicts };
}

function ttlsWith(seen: Readonly<Record<string, Seen>>): number[] {
  const { serving, configuration } = createFixture(DOCUMENT);
  const { judgement, verdicts } = judge(configuration, seen);
  applyHealth(serving, judgement, verdicts);
  return [...serving.state.serviceTtls];
}

describe('health as it is served', () => {
  test('the TTL is the longest while all is as it should be, and a cluster without a monitor always is', () => {
    assert.deepEqual(ttlsWith({}), [60, 30, 300]);
  });

  test('the TTL is the shortest for every service with an endpoint that is down, or was never judged', () => {
    assert.deepEqual(ttlsWith({ 'eu/b': { verdict: 'down', votes: [['down', true]] } }), [10, 30, 300]);
    assert.deepEqual(ttlsWith({ 'us/a': { verdict: 'down' } }), [10, 5, 300]);
    assert.deepEqual(ttlsWith({ 'eu/a': { verdict: 'unknown' } }), [10, 30, 300]);
  });

  test('the TTL is the shortest while a verdict is in doubt; a silent vantage is no doubt', () => {
    assert.deepEqual(
      ttlsWith({
        'eu/a': {
          verdict: 'up',
          votes: [
            ['up', true],
            ['suspect', true],
          ],
        },
      }),
      [10, 30, 300],
    );
    assert.deepEqual(
      ttlsWith({
        'eu/a': {
          verdict: 'up',
          votes: [
            ['up', true],
            ['down', true],
          ],
        },
      }),
      [10, 30, 300],
    );
    assert.deepEqual(
      ttlsWith({
        'eu/a': {
          verdict: 'up',
          votes: [
            ['up', true],
            ['down', false],
          ],
        },
      }),
      [60, 30, 300],
    );
  });

  test('classes and families follow the judgement, back and forth', () => {
    const { serving, configuration } = createFixture(DOCUMENT);
    const { endpointClasses, clusterServing } = serving.state;
    const down = judge(configuration, { 'us/a': { verdict: 'down' } });
    applyHealth(serving, down.judgement, down.verdicts);
    assert.deepEqual([...endpointClasses], [ENDPOINT_UP, ENDPOINT_UP, ENDPOINT_DOWN, ENDPOINT_UP]);
    assert.deepEqual([...clusterServing], [1, 0, 1]);
    const override = {
      kind: 'clusters',
      id: 'eu',
      state: 'force-down',
      reason: '',
      author: '',
      expiresAtMs: 10,
    } as const;
    const overridden = { ...configuration, overrides: [override] };
    const forced = judge(overridden, {}, 9);
    applyHealth(serving, forced.judgement, forced.verdicts);
    assert.deepEqual([...endpointClasses], [ENDPOINT_FORCED_DOWN, ENDPOINT_FORCED_DOWN, ENDPOINT_UP, ENDPOINT_UP]);
    assert.deepEqual([...clusterServing], [0, 1, 1]);
    const expired = judge(overridden, {}, 10);
    applyHealth(serving, expired.judgement, expired.verdicts);
    assert.deepEqual([...endpointClasses], [ENDPOINT_UP, ENDPOINT_UP, ENDPOINT_UP, ENDPOINT_UP]);
  });
});

/** What counts against each. */
const countsOf = (table: LoadTable) => Array.from(table.settled.keys(), (index) => handedOutOf(table, index));

describe('load as it is served', () => {
  const reports = new Map([
    ['eu', { subject: 'eu', connections: 40 }],
    ['eu/b', { subject: 'eu/b', connections: 30, capacity: 60 }],
    ['gone/x', { subject: 'gone/x', connections: 99 }],
  ]);

  test('reports are written where their subject stands; of a subject that is not configured nothing is', () => {
    const { serving } = createFixture(DOCUMENT);
    const { clusterLoads, endpointLoads } = serving.state;
    applyLoads(serving, reports, new Set());
    assert.deepEqual([...clusterLoads.connections], [40, 0, 0]);
    assert.deepEqual([...clusterLoads.capacities], [100, 0, 0]);
    assert.deepEqual([...endpointLoads.connections], [0, 30, 0, 0]);
    assert.deepEqual([...endpointLoads.capacities], [0, 60, 0, 0]);
    applyLoads(serving, new Map(), new Set());
    assert.deepEqual([...clusterLoads.connections, ...endpointLoads.connections], [0, 0, 0, 0, 0, 0, 0]);
  });

  test('a new report begins the count of answers anew for its subject, and an old one goes on counting', () => {
    const { serving } = createFixture(DOCUMENT);
    const { clusterLoads, endpointLoads } = serving.state;
    clusterLoads.handedOut.fill(9);
    endpointLoads.handedOut.fill(7);
    applyLoads(serving, reports, new Set(['eu/b']));
    assert.deepEqual(countsOf(endpointLoads), [7, 0, 7, 7]);
    assert.equal(countsOf(clusterLoads)[0], 9, 'the cluster reports for itself');
    applyLoads(serving, reports, new Set(['eu']));
    assert.equal(countsOf(clusterLoads)[0], 0);
    applyLoads(serving, new Map([...reports].slice(1)), new Set());
    assert.equal(countsOf(clusterLoads)[0], 7, 'and where it does not, it has what its endpoints have');
  });

  test('what was handed out goes with its cluster and endpoint into the next snapshot, wherever they stand there', () => {
    const before = createFixture(DOCUMENT).serving;
    before.state.clusterLoads.handedOut.set([1, 2, 3]);
    before.state.endpointLoads.handedOut.set([1, 2, 3, 4]);
    const after = createFixture(DOCUMENT).serving;
    const { clusters, endpoints } = after.snapshot;
    const reordered = {
      ...after,
      snapshot: {
        ...after.snapshot,
        clusters: { ...clusters, ids: [...clusters.ids].reverse() },
        endpoints: { ...endpoints, ids: ['new/one', ...endpoints.ids.slice(1)] },
      },
    };
    carryHandedOut(before, reordered);
    assert.deepEqual(countsOf(after.state.clusterLoads), [3, 2, 1]);
    assert.deepEqual(countsOf(after.state.endpointLoads), [0, 2, 3, 4]);
  });

  test('answers fade out of the count at the same pace, however often that is seen to', () => {
    const [often, seldom] = [createFixture(DOCUMENT), createFixture(DOCUMENT)];
    for (const { serving } of [often, seldom]) serving.state.clusterLoads.handedOut.fill(1000);
    for (let second = 0; second < 30; second++) fadeHandedOut(often.serving, 1);
    fadeHandedOut(seldom.serving, 30);
    const [a = 0, b = 0] = [often, seldom].map(({ state }) => countsOf(state.clusterLoads)[0]);
    assert.ok(Math.abs(a - b) < 1e-6);
    assert.ok(Math.abs(a - 1000 / Math.E) < 1e-6);
  });
});
