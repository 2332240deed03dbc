import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeHoldDown, type Falls, heldDownForMs, noteFall, noteRise } from '../../../src/health/hold-down.ts';

const LIMITS = { intervalMs: 1000, maxHoldDownMs: 300_000 };

/** Falls `count` times, up for `upMs` before each but the first. */
function fall(count: number, upMs: number, limits = LIMITS): { readonly falls: Falls; readonly nowMs: number } {
  let nowMs = 0;
  let falls = noteFall(undefined, nowMs, limits);
  for (let index = 1; index < count; index++) {
    falls = noteRise(falls, nowMs) ?? falls;
    nowMs += upMs;
    falls = noteFall(falls, nowMs, limits);
  }
  return { falls, nowMs };
}

test('holds nobody down after a first fall, and twice as long after each further one, up to the limit', () => {
  const held = [1, 2, 3, 4, 5, 6, 7, 8, 9, 60].map((count) => {
    const { falls, nowMs } = fall(count, 1000);
    return heldDownForMs(falls, nowMs, LIMITS) / 1000;
  });
  assert.deepEqual(held, [0, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
});

test('begins with an interval where that is longer', () => {
  const limits = { ...LIMITS, intervalMs: 30_000 };
  const { falls, nowMs } = fall(2, 1000, limits);
  assert.equal(heldDownForMs(falls, nowMs, limits), 30_000);
});

test('counts from the fall, and lets go when the time is over', () => {
  const { falls, nowMs } = fall(3, 1000);
  assert.equal(heldDownForMs(falls, nowMs + 4000, LIMITS), 6000);
  assert.equal(heldDownForMs(falls, nowMs + 10_000, LIMITS), 0);
});

test('forgets after the target was up for twice the limit, and not a moment sooner', () => {
  assert.equal(fall(3, 599_999).falls.count, 3);
  assert.equal(fall(3, 600_000).falls.count, 1);
});

test('counts no fall of what did not come up in between', () => {
  const { falls } = fall(2, 1000);
  assert.equal(noteFall(falls, 60_000, LIMITS), falls);
});

test('never holds down where the limit is 0', () => {
  const limits = { ...LIMITS, maxHoldDownMs: 0 };
  const { falls, nowMs } = fall(9, 10, limits);
  assert.equal(heldDownForMs(falls, nowMs, limits), 0);
});

test('says for how long, and why', () => {
  const { falls, nowMs } = fall(4, 50_000);
  const words = 'answers again, held down for up to 40 s more: it went down 4 times in 3 minutes';
  assert.equal(describeHoldDown(falls, 31_000, nowMs), words);
});
