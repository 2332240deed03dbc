import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type WatchedTime, watchedMs, watchTime } from '../../../src/health/watched-time.ts';

test('passes as the clock does while the loop runs, a little late or not', () => {
  let watched: WatchedTime | undefined;
  for (const nowMs of [100, 350, 351, 1100]) watched = watchTime(watched, nowMs, 250);
  assert.equal(watched && watchedMs(watched), 1100);
});

test('a standstill counts as one tick', () => {
  let watched = watchTime(undefined, 0, 250);
  watched = watchTime(watched, 10_000, 250);
  assert.equal(watchedMs(watched), 250);
  watched = watchTime(watched, 10_250, 250);
  assert.equal(watchedMs(watched), 500);
});
