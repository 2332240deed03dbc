import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ENDPOINT_DOWN, ENDPOINT_FORCED_DOWN, ENDPOINT_UP } from '../../../src/health/cluster-health.ts';
import { judgeAnew, openJudge } from '../../../src/health/judge.ts';
import { BRAKE_MS } from '../../../src/health/removal-brake.ts';
import type { Vote } from '../../../src/health/slot.ts';
import { listTargets } from '../../../src/health/target.ts';
import { restoreVerdict, type Verdict, type VerdictState } from '../../../src/health/verdict.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { Configuration } from '../../../src/model/configuration.ts';
import { cluster, configuration, endpoint, region } from './fixtures.ts';

const SERVICE = {
  id: 'www.example.com',
  zone: 'example.com',
  ttl: { minSeconds: 10, maxSeconds: 60 },
  rank: [],
  pick: { by: 'weighted', shed: { low: 0.8, high: 1 } },
  lastResort: { kind: 'fail-open' },
  https: [],
  svcb: [],
} as const;

/** A cluster of two endpoints in each region, of one service. */
function world(changes: Partial<Cluster> = {}, names: readonly string[] = ['eu', 'us', 'ap']): Configuration {
  const clusters = names.map((id, index) =>
    cluster(id, [endpoint('a', `203.0.113.${index * 2 + 1}`), endpoint('b', `203.0.113.${index * 2 + 2}`)], {
      region: id,
      ...changes,
    }),
  );
  const services = [{ ...SERVICE, clusters: names }];
  return configuration({ regions: names.map((id) => region(id)), clusters, services });
}

type Words = readonly Vote[];
const ALL: Words = ['down', 'down', 'down'];
const MOST: Words = ['down', 'down', 'suspect'];

function open(of: Configuration) {
  let targets = listTargets(of);
  let judge = openJudge(of, targets, undefined);
  const verdicts = new Map<string, Verdict>();
  const set = (name: string, verdict: VerdictState, words: Words = ['up', 'up', 'up']) => {
    const changed = targets.filter((each) => each.cluster === name || `${each.cluster}/${each.endpoint}` === name);
    for (const { id } of changed) {
      const votes = words.map((vote, index) => {
        return { vantage: `v${index + 1}`, worker: 'w', vote, reason: '', fresh: true, sinceMs: 0 };
      });
      verdicts.set(id, { ...restoreVerdict({ target: id, verdict, sinceMs: 0 }), votes });
    }
    return changed.map(({ id }) => id);
  };
  const look = (nowMs: number, changed: readonly string[] = [], wallMs = nowMs) => {
    judgeAnew(judge, verdicts, new Set(changed), { nowMs, wallMs });
    assert.ok(judge.judgement !== undefined);
    return judge.judgement;
  };
  for (const { id } of of.clusters) set(id, 'up');
  look(0);
  return {
    look,
    set,
    reopen: (next: Configuration) => {
      targets = listTargets(next);
      judge = openJudge(next, targets, judge);
    },
    /** The next look judges everything. */
    forget: () => {
      judge.judgement = undefined;
    },
    remembered: () => [...judge.removals.keys()],
    serving: (nowMs: number, changed: readonly string[] = []) => [...look(nowMs, changed).clusterServing].join(''),
  };
}

test('takes one region out at once, and holds the next one as it was until the brake releases it', () => {
  const { serving, set, look } = open(world());
  assert.equal(serving(1000, set('eu', 'down', MOST)), '011');
  assert.equal(serving(4000, set('us', 'down', MOST)), '011');
  const held = look(4000).endpoints.find((each) => each.cluster === 'us');
  assert.deepEqual([held?.class, held?.verdict, held?.heldUntilMs], [ENDPOINT_UP, 'down', 1000 + BRAKE_MS]);
  assert.equal(serving(1000 + BRAKE_MS - 1), '011');
  assert.equal(serving(1000 + BRAKE_MS), '001');
  // The third waits for as long after the second.
  assert.equal(serving(1000 + BRAKE_MS + 1, set('ap', 'down', MOST)), '001');
  assert.equal(serving(1000 + 2 * BRAKE_MS), '000');
});

test('brakes nothing of which every fresh vantage agrees, at first or later', () => {
  const { serving, set } = open(world());
  assert.equal(serving(1000, [...set('eu', 'down', ALL), ...set('us', 'down', ALL)]), '001');
  assert.equal(serving(2000, set('ap', 'down', MOST)), '001');
  assert.equal(serving(2500, set('ap', 'down', ALL)), '000');
});

test('brakes no second cluster of the same region, and no region that is still served by another of its clusters', () => {
  const of = world();
  const clusters = of.clusters.map((each) => (each.id === 'ap' ? { ...each, region: 'us' } : each));
  const { serving, set } = open({ ...of, clusters });
  assert.equal(serving(1000, set('eu', 'down', MOST)), '011');
  assert.equal(serving(2000, set('us', 'down', MOST)), '001', 'ap serves the region on');
  assert.equal(serving(3000, set('ap', 'down', MOST)), '001', 'the last of the region is held');
});

test('brakes no recovery, no operator, and nothing that was never seen up', () => {
  const { serving, set, reopen, look } = open(world());
  serving(1000, set('eu', 'down', MOST));
  assert.equal(serving(2000, set('us', 'down', MOST)), '011');
  assert.equal(serving(2500, set('eu', 'up')), '111');
  const override = { kind: 'regions', id: 'us', state: 'force-down', reason: 'x', author: 'ann' } as const;
  reopen({ ...world(), overrides: [override] });
  assert.equal(serving(3000), '101');
  assert.equal(look(3000).endpointClass[2], ENDPOINT_FORCED_DOWN);
  const fresh = open(world());
  fresh.look(
    1,
    ['eu', 'us', 'ap'].flatMap((id) => fresh.set(id, 'unknown')),
  );
  assert.equal(fresh.serving(1000, [...fresh.set('eu', 'down', MOST), ...fresh.set('us', 'down', MOST)]), '001');
});

test('an endpoint that came back grows to its whole weight, and the cluster with it where all of it was down', () => {
  const { look, set } = open(world({ slowStartMs: 30_000 }));
  const factors = (nowMs: number, changed: readonly string[] = []) =>
    look(nowMs, changed)
      .endpoints.slice(0, 2)
      .map(({ factor = 1 }) => Math.round(factor * 100));
  const ramp = () => Math.round((look(0).clusterRamps?.[0] ?? 0) * 100);
  assert.deepEqual(factors(0), [100, 100], 'a first sight is no return');
  factors(1000, set('eu/a', 'down', ALL));
  assert.deepEqual(factors(2000, set('eu/a', 'up')), [10, 100]);
  assert.equal(ramp(), 100, 'the other endpoint was there all the time');
  assert.deepEqual(factors(17_000), [50, 100]);
  assert.deepEqual(factors(32_000), [100, 100]);
  factors(40_000, set('eu', 'down', ALL));
  assert.deepEqual(factors(50_000, set('eu', 'up')), [10, 10]);
  assert.equal(Math.round((look(65_000).clusterRamps?.[0] ?? 0) * 100), 50);
  assert.deepEqual(factors(66_000, set('eu/b', 'down', ALL)), [53, 100], 'who is down again has nothing to grow');
  assert.deepEqual(factors(90_000), [100, 100]);
});

test('panics where few are up and no other cluster can serve, not while one can, and not with none up', () => {
  const { look, set } = open(world({ panic: 0.6 }, ['eu', 'us']));
  const classes = (nowMs: number, changed: readonly string[] = []) => [...look(nowMs, changed).endpointClass];
  const [UP, DOWN] = [ENDPOINT_UP, ENDPOINT_DOWN];
  assert.deepEqual(classes(1000, set('eu/a', 'down', ALL)), [DOWN, UP, UP, UP], 'us can serve');
  assert.deepEqual(classes(2000, set('us', 'down', ALL)), [UP, UP, DOWN, DOWN], 'nobody else can; us has none up');
  assert.equal(look(2000).endpoints[0]?.isPanicked, true);
  assert.deepEqual(
    classes(3000, set('us/a', 'up')),
    [UP, UP, UP, UP],
    'two that are both below are no help to each other',
  );
  assert.deepEqual(classes(4000, set('us', 'up')), [DOWN, UP, UP, UP]);
});

test('a region that goes out again and again holds no other one for longer than the brake', () => {
  const { serving, set } = open(world());
  serving(1000, set('eu', 'down', MOST));
  assert.equal(serving(2000, set('us', 'down', MOST)), '011');
  serving(5000, set('eu', 'up'));
  assert.equal(serving(9000, set('eu', 'down', MOST)), '011');
  assert.equal(serving(1000 + BRAKE_MS), '001', 'us is as dead as it was');
});

test('brakes as ever where a new configuration puts the endpoints of a cluster in another order', () => {
  const of = world();
  const { serving, set, reopen } = open(of);
  serving(1000, set('eu', 'down', MOST));
  const clusters = of.clusters.map((each) => ({ ...each, endpoints: each.endpoints.toReversed() }));
  reopen({ ...of, clusters });
  assert.equal(serving(2000, set('us', 'down', MOST)), '011');
  reopen(of);
  assert.equal(serving(3000), '011', 'nor does it let go of what it holds');
});

test('forgets what was taken out of services that are gone', () => {
  const of = world();
  const { serving, set, reopen, remembered } = open(of);
  serving(1000, set('eu', 'down', MOST));
  assert.deepEqual(remembered(), ['www.example.com']);
  reopen({ ...of, services: [] });
  assert.deepEqual(remembered(), []);
});

test('what the brake held was answered all along: it comes back whole', () => {
  const { look, set, serving } = open(world({ slowStartMs: 30_000 }));
  serving(1000, set('eu', 'down', MOST));
  assert.equal(serving(2000, set('us', 'down', MOST)), '011');
  const { endpoints } = look(3000, set('us', 'up'));
  assert.deepEqual(
    endpoints.map(({ factor = 1 }) => factor),
    [1, 1, 1, 1, 1, 1],
  );
});

test('a word that ran out by a clock that was wrong holds again once the clock is right', () => {
  const override = { kind: 'regions', id: 'eu', state: 'force-down', reason: 'x', author: 'ann' } as const;
  const { look } = open({ ...world(), overrides: [{ ...override, expiresAtMs: 60_000 }] });
  const classOf = (nowMs: number, wallMs: number) => look(nowMs, [], wallMs).endpointClass[0];
  assert.equal(classOf(1000, 1000), ENDPOINT_FORCED_DOWN);
  assert.equal(classOf(1250, 3_600_000), ENDPOINT_UP);
  assert.equal(classOf(1500, 1500), ENDPOINT_FORCED_DOWN);
  assert.equal(classOf(60_000, 60_000), ENDPOINT_UP);
});

test('comes, look by look and over new configurations, to what judging every cluster at each look comes to', () => {
  const clusterOf = fc.constantFrom('eu', 'us', 'ap');
  const name = fc.oneof(
    clusterOf,
    fc.tuple(clusterOf, fc.constantFrom('a', 'b')).map((parts) => parts.join('/')),
  );
  const turn = fc.record({
    name,
    verdict: fc.constantFrom<VerdictState>('up', 'down', 'down', 'unknown'),
    words: fc.constantFrom(ALL, MOST, MOST),
  });
  const config = fc.record({
    panic: fc.constantFrom(0, 0.6),
    slowStartMs: fc.constantFrom(0, 8000),
    apRegion: fc.constantFrom('ap', 'us'),
    isReversed: fc.boolean(),
    forced: fc.option(clusterOf),
    // Clusters come and go, and stand in several services.
    services: fc.uniqueArray(fc.subarray(['eu', 'us', 'ap'], { minLength: 1 }), { minLength: 1, maxLength: 3 }),
    isAlone: fc.boolean(),
    count: fc.constantFrom(1, 2),
  });
  const step = fc.record({
    passMs: fc.constantFrom(0, 250, 3000, 11_000),
    // The wall clock is set, forwards and back.
    setMs: fc.option(fc.constantFrom(-20_000, 0, 20_000), { freq: 4 }),
    turns: fc.array(turn, { maxLength: 2 }),
    config: fc.option(config, { freq: 5 }),
  });
  fc.assert(
    fc.property(config, fc.array(step, { maxLength: 25 }), (first, steps) => {
      const make = (given: typeof first): Configuration => {
        const { panic, slowStartMs, apRegion, isReversed, forced, isAlone, count } = given;
        const of = world({ panic, slowStartMs, minHealthy: { count } }, [...new Set(given.services.flat())]);
        const services = given.services.map((clusters, index) => ({
          ...SERVICE,
          id: `${index}.example.com`,
          clusters,
        }));
        const clusters = of.clusters.map((each) => ({
          ...each,
          region: each.id === 'ap' ? apRegion : each.region,
          endpoints: (isReversed ? each.endpoints.toReversed() : each.endpoints).slice(isAlone ? 1 : 0),
        }));
        const override = {
          kind: 'regions',
          id: forced ?? '',
          state: 'force-down',
          reason: 'x',
          author: 'ann',
        } as const;
        const expiring = { ...override, expiresAtMs: 9000 };
        return { ...of, services, clusters, overrides: forced === null ? [] : [expiring] };
      };
      const [one, other] = [open(make(first)), open(make(first))];
      let nowMs = 1000;
      let wrongMs = 0;
      for (const { passMs, setMs, turns, config: next } of steps) {
        nowMs += passMs;
        wrongMs = setMs ?? wrongMs;
        if (next !== null) for (const each of [one, other]) each.reopen(make(next));
        const changed = turns.flatMap(({ name: of, verdict, words }) => {
          const said: Words = verdict === 'down' ? words : ['up', 'up', 'up'];
          other.set(of, verdict, said);
          return one.set(of, verdict, said);
        });
        other.forget();
        assert.deepEqual(one.look(nowMs, changed, nowMs + wrongMs), other.look(nowMs, changed, nowMs + wrongMs));
      }
    }),
  );
});
