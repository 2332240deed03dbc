import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLateMs, noteDuration, type UsualTime } from '../../../src/probe/usual-time.ts';
import { TIMING } from '../health/fixtures.ts';

const timing = { ...TIMING, intervalMs: 1000, timeoutMs: 1000 };

function observe(durations: readonly number[]): UsualTime | undefined {
  return durations.reduce<UsualTime | undefined>((usual, durationMs) => noteDuration(usual, durationMs), undefined);
}

test('calls nothing late before it knows what is usual', () => assert.equal(findLateMs(undefined, timing), undefined));

test('calls a target that answers at once late after a tenth of a second', () => {
  assert.equal(findLateMs(observe(Array(20).fill(5)), timing), 100);
});

test('waits longer for a target that answers slowly or unevenly', () => {
  const even = findLateMs(observe(Array(50).fill(200)), timing) ?? 0;
  assert.equal(even, 400, 'twice, however even');
  const uneven = findLateMs(observe(Array.from({ length: 50 }, (_, index) => (index % 2 ? 100 : 300))), timing) ?? 0;
  assert.ok(uneven > 400 && uneven <= 500, `${uneven}`);
});

test('is not kept from noticing for long by a slow beginning, or by one slow answer', () => {
  const slow = { ...timing, timeoutMs: 800 };
  assert.ok((findLateMs(observe([700, 5, 5, 5]), slow) ?? 800) <= 400, 'half of the timeout, after three checks');
  assert.ok((findLateMs(observe([...Array(50).fill(5), 790]), slow) ?? 800) <= 400, 'at once');
  assert.equal(findLateMs(observe([700, ...Array(16).fill(5)]), slow), 100, 'forgotten in the end');
});

test('calls nothing late that would time out first', () => {
  assert.equal(findLateMs(observe(Array(20).fill(400)), { ...timing, timeoutMs: 300 }), undefined);
});
