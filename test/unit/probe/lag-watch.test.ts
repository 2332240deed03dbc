import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLagging, LAG_TICK_MS, noteTick, startLagWatch, wasHeldUp } from '../../../src/probe/lag-watch.ts';

const OPTIONS = { toleratedLagMs: 200, heartbeatMs: 1000 };

/** The state after ticks with these distances, and the time by then. */
function tick(...distances: readonly number[]) {
  let nowMs = 0;
  let state = startLagWatch(nowMs);
  for (const distance of distances) {
    nowMs += distance;
    state = noteTick(state, nowMs, OPTIONS);
  }
  return { state, nowMs };
}

test('believes everything while ticks come about when they should', () => {
  const { state, nowMs } = tick(100, 250, 100, 299);
  assert.equal(wasHeldUp(state, 0, nowMs, OPTIONS), false);
  assert.equal(isLagging(state, OPTIONS), false);
});

test('does not believe a failure that overlaps a delay, and believes the ones after it', () => {
  const { state, nowMs } = tick(100, 600);
  assert.equal(wasHeldUp(state, 50, nowMs, OPTIONS), true);
  assert.equal(wasHeldUp(state, nowMs + 1, nowMs + 50, OPTIONS), false);
});

test('notices a delay before its own tick has come', () => {
  const { state, nowMs } = tick(100);
  assert.equal(wasHeldUp(state, nowMs, nowMs + LAG_TICK_MS + 500, OPTIONS), true);
});

test('abstains after one long delay or many short ones, until they are three heartbeats past', () => {
  assert.equal(isLagging(tick(1200).state, OPTIONS), true);
  assert.equal(isLagging(tick(400, 400, 400).state, OPTIONS), false);
  assert.equal(isLagging(tick(400, 400, 400, 400).state, OPTIONS), true);
  const calm = Array.from({ length: 31 }, () => 100);
  assert.equal(isLagging(tick(1200, ...calm).state, OPTIONS), false);
});
