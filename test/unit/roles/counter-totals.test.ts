import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  countAnswer,
  countDropped,
  countDuration,
  countRequest,
  createCounters,
} from '../../../src/answer/counters.ts';
import { REASONS } from '../../../src/answer/decision.ts';
import { CounterTotals, MAX_GONE_COUNTS } from '../../../src/roles/counter-totals.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';

const CLUSTERS = ['eu', 'us'].map((id) => ({
  id,
  region: 'eu-west',
  endpoints: [{ id: 'a', address: '203.0.113.1' }],
}));
const service = (name: string, clusters: readonly string[]) => ({ name, zone: 'gtm.example.com', clusters });
const PREFERRED = REASONS.findIndex((reason) => reason !== 'refused' && reason !== 'no-data');
const REFUSED = REASONS.indexOf('refused');

function snapshotWith(services: readonly object[]) {
  return createFixture({ clusters: CLUSTERS, services }).snapshot;
}

function answersOf(totals: CounterTotals): Readonly<Record<string, number>> {
  const counts = totals.read('answers').map(({ labels, value }) => [`${labels.service} ${labels.cluster}`, value]);
  return Object.fromEntries(counts);
}

describe('totals of counters', () => {
  test('go by names, so that nothing is lost when a change of configuration moves everything', () => {
    const totals = new CounterTotals();
    const before = snapshotWith([service('www', ['eu', 'us'])]);
    const old = createCounters(before);
    totals.follow(before, old);
    countAnswer(old, 0, PREFERRED);
    countAnswer(old, 1, PREFERRED);
    countAnswer(old, 1, REFUSED);
    const after = snapshotWith([service('api', ['us', 'eu']), service('www', ['us', 'eu'])]);
    const now = createCounters(after);
    totals.follow(after, now);
    totals.absorb(old);
    countAnswer(now, 3, PREFERRED);
    countAnswer(now, 0, PREFERRED);
    assert.deepEqual(answersOf(totals), {
      'www.gtm.example.com eu': 2,
      'www.gtm.example.com us': 1,
      'www.gtm.example.com ': 1,
      'api.gtm.example.com us': 1,
    });
  });

  test('of what is no longer configured stay bounded, and what is configured loses nothing', () => {
    const totals = new CounterTotals();
    const names = 500;
    const rounds = MAX_GONE_COUNTS / names + 2;
    let last = createCounters(snapshotWith([]));
    for (let round = 0; round < rounds; round++) {
      const passing = Array.from({ length: names }, (_, index) => service(`s${round}-${index}`, ['eu']));
      const snapshot = snapshotWith([service('a', ['eu']), ...passing]);
      const now = createCounters(snapshot);
      totals.follow(snapshot, now);
      totals.absorb(last);
      for (let slot = 0; slot <= names; slot++) countAnswer(now, slot, PREFERRED);
      last = now;
    }
    const after = snapshotWith([service('a', ['eu'])]);
    totals.follow(after, createCounters(after));
    totals.absorb(last);
    const answers = answersOf(totals);
    assert.equal(Object.keys(answers).length, MAX_GONE_COUNTS + 1);
    assert.equal(answers['a.gtm.example.com eu'], rounds);
    assert.equal(answers['s0-0.gtm.example.com eu'], undefined, 'what has been gone for longest goes first');
    assert.equal(answers[`s${rounds - 1}-0.gtm.example.com eu`], 1);
  });

  test('never go down during a swap, while old and new are both counted under', () => {
    const totals = new CounterTotals();
    const snapshot = snapshotWith([service('www', ['eu', 'us'])]);
    const [old, now] = [createCounters(snapshot), createCounters(snapshot)];
    const read = () => totals.read('requests').reduce((sum, { value }) => sum + value, 0);
    const readDurations = () => totals.readDurations().counts.reduce((sum, value) => sum + value, 0);
    totals.follow(snapshot, old);
    for (let count = 0; count < 5; count++) countRequest(old, 0, 0, 0, 1);
    countDuration(old, 0.5, 1);
    totals.follow(snapshot, now);
    assert.deepEqual([read(), readDurations()], [5, 1], 'the swap is under way');
    countRequest(old, 0, 0, 0, 1);
    countRequest(now, 0, 0, 0, 1);
    countDuration(now, 0.25, 1);
    assert.deepEqual([read(), readDurations()], [7, 2]);
    totals.absorb(old);
    assert.deepEqual([read(), readDurations()], [7, 2]);
    totals.absorb(old);
    assert.deepEqual([read(), readDurations()], [7, 2], 'absorbed once, whoever asks twice');
    assert.equal(totals.readDurations().sum, 0.75);
  });

  test('each count goes to the service and cluster at whose position it stands', () => {
    const totals = new CounterTotals();
    const snapshot = snapshotWith([service('a', ['eu']), service('b', ['us', 'eu']), service('c', ['eu'])]);
    const counters = createCounters(snapshot);
    totals.follow(snapshot, counters);
    for (const slot of [0, 1, 1, 2, 3]) countAnswer(counters, slot, PREFERRED);
    assert.deepEqual(answersOf(totals), {
      'a.gtm.example.com eu': 1,
      'b.gtm.example.com us': 2,
      'b.gtm.example.com eu': 1,
      'c.gtm.example.com eu': 1,
    });
  });

  test('are read in time that grows with their number, not with its square', () => {
    const count = 3000;
    const totals = new CounterTotals();
    const snapshot = snapshotWith(Array.from({ length: count }, (_, index) => service(`s${index}`, ['eu', 'us'])));
    const counters = createCounters(snapshot);
    totals.follow(snapshot, counters);
    for (let slot = 0; slot < 2 * count; slot++) countAnswer(counters, slot, PREFERRED);
    const begun = process.cpuUsage();
    assert.equal(totals.read('answers').length, 2 * count);
    const { user } = process.cpuUsage(begun);
    assert.ok(user < 100_000, `${user / 1000} ms for ${2 * count} counts`);
  });

  test('messages that were dropped keep their cause', () => {
    const totals = new CounterTotals();
    const snapshot = snapshotWith([]);
    const counters = createCounters(snapshot);
    totals.follow(snapshot, counters);
    countDropped(counters, 1, 1);
    assert.deepEqual(totals.read('dropped'), [{ labels: { cause: 'port-zero' }, value: 1 }]);
  });
});
