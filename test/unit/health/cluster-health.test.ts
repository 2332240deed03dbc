import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  combineVerdicts,
  countNeeded,
  ENDPOINT_DOWN,
  ENDPOINT_DRAINING,
  ENDPOINT_FORCED_DOWN,
  ENDPOINT_UP,
  judgeClusters,
} from '../../../src/health/cluster-health.ts';
import { describeEndpoint } from '../../../src/health/describe-endpoint.ts';
import { listTargets } from '../../../src/health/target.ts';
import type { VerdictState } from '../../../src/health/verdict.ts';
import type { MinHealthy } from '../../../src/model/cluster.ts';
import type { Configuration } from '../../../src/model/configuration.ts';
import type { Override, OverrideKind, OverrideState } from '../../../src/model/override.ts';
import type { RegionState } from '../../../src/model/region.ts';
import { cluster, configuration, endpoint, region, TCP_MONITOR } from './fixtures.ts';

const NOW_MS = 1_000_000;

function override(kind: OverrideKind, id: string, state: OverrideState, expiresAtMs?: number): Override {
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
  return { kind, id, state, reason: 'maintenance', author: 'ann', ...expiry };
}

/** Verdicts by `cluster/endpoint`; the others are unknown. */
function judge(of: Configuration, verdicts: Readonly<Record<string, VerdictState>> = {}) {
  const names = new Map(listTargets(of).map((target) => [target.id, `${target.cluster}/${target.endpoint}`]));
  return judgeClusters(of, (id) => verdicts[names.get(id) ?? ''], NOW_MS);
}

const ONE = [cluster('web', [endpoint('a', '203.0.113.1')])];

function classOf(
  overrides: readonly Override[],
  verdict: VerdictState,
  state: RegionState = 'enabled',
): number | undefined {
  const of = configuration({ regions: [region('eu', { state })], clusters: ONE, overrides });
  return judge(of, { 'web/a': verdict }).endpointClass[0];
}

test('follows the verdict where no operator said anything; unknown is served', () => {
  assert.equal(classOf([], 'up'), ENDPOINT_UP);
  assert.equal(classOf([], 'down'), ENDPOINT_DOWN);
  assert.equal(classOf([], 'unknown'), ENDPOINT_UP);
});

test('serves the endpoints of a cluster that nothing checks', () => {
  const bare = {
    id: 'bare',
    region: 'eu',
    monitors: [],
    healthyWhen: 'all',
    balance: 'all',
    minHealthy: { count: 1 },
    slowStartMs: 0,
    panic: 0,
    endpoints: [endpoint('a', '203.0.113.1')],
  } as const;
  const judgement = judge(configuration({ clusters: [bare] }));
  assert.deepEqual([...judgement.endpointClass], [ENDPOINT_UP]);
  assert.deepEqual([...judgement.clusterServing], [1]);
  assert.equal(judgement.endpoints[0]?.verdict, 'unmonitored');
});

const levels = [
  ['regions', 'eu'],
  ['clusters', 'web'],
  ['endpoints', 'web/a'],
] as const;

for (const [kind, id] of levels) {
  test(`obeys an override on the level of ${kind}`, () => {
    assert.equal(classOf([override(kind, id, 'force-down')], 'up'), ENDPOINT_FORCED_DOWN);
    assert.equal(classOf([override(kind, id, 'drain')], 'up'), ENDPOINT_DRAINING);
    assert.equal(classOf([override(kind, id, 'drain')], 'down'), ENDPOINT_DOWN);
    assert.equal(classOf([override(kind, id, 'force-up')], 'down'), ENDPOINT_UP);
  });
}

test('lets the strongest word win on whatever level it was said', () => {
  const strength: readonly [OverrideState, number][] = [
    ['force-down', ENDPOINT_FORCED_DOWN],
    ['drain', ENDPOINT_DRAINING],
    ['force-up', ENDPOINT_UP],
  ];
  for (const [kind, id] of levels) {
    for (const [otherKind, otherId] of levels) {
      if (kind === otherKind) continue;
      for (const [index, [state, expected]] of strength.entries()) {
        for (const [weaker] of strength.slice(index)) {
          const overrides = [override(otherKind, otherId, weaker), override(kind, id, state)];
          assert.equal(classOf(overrides, 'up'), expected, `${state} on ${kind}, ${weaker} on ${otherKind}`);
        }
      }
    }
  }
});

test("reads a region's own state as an operator's word", () => {
  assert.equal(classOf([], 'up', 'disabled'), ENDPOINT_FORCED_DOWN);
  assert.equal(classOf([], 'up', 'draining'), ENDPOINT_DRAINING);
  assert.equal(classOf([override('endpoints', 'web/a', 'force-up')], 'up', 'disabled'), ENDPOINT_FORCED_DOWN);
  assert.equal(classOf([override('endpoints', 'web/a', 'force-up')], 'up', 'draining'), ENDPOINT_DRAINING);
  assert.equal(classOf([override('endpoints', 'web/a', 'force-down')], 'up', 'draining'), ENDPOINT_FORCED_DOWN);
});

test('drops overrides that have expired, and says when the next one will', () => {
  assert.equal(classOf([override('clusters', 'web', 'force-down', NOW_MS)], 'up'), ENDPOINT_UP);
  assert.equal(classOf([override('clusters', 'web', 'force-down', NOW_MS + 1)], 'up'), ENDPOINT_FORCED_DOWN);
  const overrides = [NOW_MS - 5, NOW_MS + 900, NOW_MS + 300].map((at) => override('clusters', 'web', 'drain', at));
  assert.equal(judge(configuration({ clusters: ONE, overrides })).nextExpiryMs, NOW_MS + 300);
  assert.equal(judge(configuration({ clusters: ONE })).nextExpiryMs, undefined);
});

test('touches only what an override names', () => {
  const clusters = [
    cluster('web', [endpoint('a', '203.0.113.1'), endpoint('b', '203.0.113.2')]),
    cluster('web2', [endpoint('a', '203.0.113.3')], { region: 'us' }),
  ];
  const regions = [region('eu'), region('us')];
  const classes = (overrides: readonly Override[]) => [
    ...judge(configuration({ regions, clusters, overrides })).endpointClass,
  ];
  assert.deepEqual(classes([override('endpoints', 'web/b', 'force-down')]), [3, 0, 3]);
  assert.deepEqual(classes([override('clusters', 'web', 'force-down')]), [0, 0, 3]);
  assert.deepEqual(classes([override('regions', 'us', 'drain')]), [3, 3, 2]);
});

test('judges address families apart', () => {
  const clusters = [
    cluster('web', [endpoint('a4', '203.0.113.1'), endpoint('b4', '203.0.113.2'), endpoint('a6', '2001:db8::1')]),
    cluster('cdn', [endpoint('c', '', { target: { family: 'CNAME', target: 'cdn.example.net' } })]),
  ];
  const serving = (verdicts: Readonly<Record<string, VerdictState>>) => [
    ...judge(configuration({ clusters }), verdicts).clusterServing,
  ];
  assert.deepEqual(serving({}), [3, 4]);
  assert.deepEqual(serving({ 'web/a6': 'down' }), [1, 4]);
  assert.deepEqual(serving({ 'web/a4': 'down' }), [3, 4]);
  assert.deepEqual(serving({ 'web/a4': 'down', 'web/b4': 'down' }), [2, 4]);
  assert.deepEqual(serving({ 'cdn/c': 'down' }), [3, 0]);
});

const needed: readonly [MinHealthy, total: number, expected: number][] = [
  [{ count: 1 }, 3, 1],
  [{ count: 2 }, 3, 2],
  [{ count: 5 }, 3, 3],
  [{ count: 0 }, 3, 1],
  [{ share: 0.5 }, 4, 2],
  [{ share: 0.5 }, 3, 2],
  [{ share: 0 }, 3, 1],
  [{ share: 1 }, 3, 3],
  [{ share: 0.07 }, 100, 7],
  [{ share: 0.01 }, 3, 1],
];

for (const [minHealthy, total, expected] of needed) {
  test(`needs ${expected} of ${total} up for ${JSON.stringify(minHealthy)}`, () => {
    assert.equal(countNeeded(minHealthy, total), expected);
  });
}

test('takes a cluster with too few endpoints up out of service, though some are', () => {
  const endpoints = ['a', 'b', 'c'].map((id, index) => endpoint(id, `203.0.113.${index + 1}`));
  const clusters = [cluster('web', endpoints, { minHealthy: { count: 2 } })];
  const judgement = judge(configuration({ clusters }), { 'web/a': 'down', 'web/b': 'down' });
  assert.deepEqual([...judgement.endpointClass], [ENDPOINT_DOWN, ENDPOINT_DOWN, ENDPOINT_UP]);
  assert.deepEqual([...judgement.clusterServing], [0]);
  assert.deepEqual(judgement.clusters[0]?.families, [{ family: 'A', total: 3, up: 1, needed: 2, serving: false }]);
});

test('does not count draining endpoints towards a cluster that serves', () => {
  const judgement = judge(configuration({ clusters: ONE, overrides: [override('regions', 'eu', 'drain')] }), {
    'web/a': 'up',
  });
  assert.deepEqual([...judgement.clusterServing], [0]);
});

test('explains each endpoint: the verdict, and the word above it', () => {
  const of = configuration({ clusters: ONE, overrides: [override('clusters', 'web', 'drain')] });
  const [judged] = judge(of, { 'web/a': 'up' }).endpoints;
  assert.ok(judged !== undefined);
  assert.deepEqual(judged.targets, [{ target: listTargets(of)[0]?.id, monitor: 'web', verdict: 'up' }]);
  assert.equal(describeEndpoint(judged), 'drain of clusters/web by ann: maintenance (the vantages say up)');
});

// What the monitors of an endpoint say, and what they say together by all, by any, and by two of them.
const combinations: readonly [verdicts: string, all: string, any: string, atLeast2: string][] = [
  ['u', 'up', 'up', 'up'],
  ['d', 'down', 'down', 'down'],
  ['?', 'unknown', 'unknown', 'unknown'],
  ['uu', 'up', 'up', 'up'],
  ['ud', 'down', 'up', 'down'],
  ['u?', 'unknown', 'up', 'unknown'],
  ['d?', 'down', 'unknown', 'down'],
  ['dd', 'down', 'down', 'down'],
  ['uud', 'down', 'up', 'up'],
  ['udd', 'down', 'up', 'down'],
  ['ud?', 'down', 'up', 'unknown'],
  ['dd?', 'down', 'unknown', 'down'],
];
const LETTERS: Readonly<Record<string, VerdictState>> = { u: 'up', d: 'down', '?': 'unknown' };

for (const [text, all, any, atLeast2] of combinations) {
  test(`combines ${text} by all, by any and by two, where an unknown one counts as up`, () => {
    const verdicts = Array.from(text, (letter) => LETTERS[letter] ?? 'unknown');
    assert.equal(combineVerdicts(verdicts, 'all'), all);
    assert.equal(combineVerdicts(verdicts, 'any'), any);
    assert.equal(combineVerdicts(verdicts, { atLeast: 2 }), atLeast2);
  });
}

test('takes an endpoint out by each of its monitors, and names those that say down', () => {
  const monitors = [TCP_MONITOR, { ...TCP_MONITOR, id: 'admin', check: { type: 'tcp', port: 81 } as const }];
  const clusters = [cluster('web', [endpoint('a', '203.0.113.1')], { monitors: ['web', 'admin'] })];
  const of = configuration({ monitors, clusters });
  const admin = listTargets(of)[1]?.id;
  const { endpoints } = judgeClusters(of, (id) => (id === admin ? 'down' : 'up'), NOW_MS);
  assert.equal(endpoints[0]?.class, ENDPOINT_DOWN);
  assert.equal(endpoints[0] && describeEndpoint(endpoints[0]), 'the vantages say down; of its monitors: admin down');
  const [any] = clusters.map((each) => ({ ...each, healthyWhen: 'any' as const }));
  const lenient = judgeClusters({ ...of, clusters: any ? [any] : [] }, (id) => (id === admin ? 'down' : 'up'), NOW_MS);
  assert.equal(lenient.endpoints[0]?.class, ENDPOINT_UP);
});

test('names the most specific of equal words as the reason', () => {
  const overrides = [override('regions', 'eu', 'drain'), override('endpoints', 'web/a', 'drain')];
  assert.equal(judge(configuration({ clusters: ONE, overrides })).endpoints[0]?.directive?.source, 'endpoints');
});
