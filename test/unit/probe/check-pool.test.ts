import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCheckPool } from '../../../src/probe/check-pool.ts';
import { simulateTime } from '../../support/simulated-time.ts';

/** Checks that last `durationMs`; records when each started. */
function setUp(concurrency: number, durationMs: number) {
  const time = simulateTime();
  const starts: string[] = [];
  let mostRunning = 0;
  const pool = createCheckPool({ concurrency }, time.clock, async (id) => {
    starts.push(`${id}@${time.nowMs()}`);
    mostRunning = Math.max(mostRunning, pool.runningCount());
    await new Promise<void>((resolve) => time.clock.schedule(durationMs, resolve));
  });
  return { time, pool, starts, mostRunning: () => mostRunning };
}

test('starts each check when it is due', async () => {
  const { time, pool, starts } = setUp(10, 5);
  pool.plan('b', 20);
  pool.plan('a', 10);
  await time.pass(100);
  assert.deepEqual(starts, ['a@10', 'b@20']);
});

test('runs no more at a time than it may, and starts the others in the order in which they fell due', async () => {
  const { time, pool, starts, mostRunning } = setUp(2, 50);
  for (const [index, id] of ['a', 'b', 'c', 'd', 'e'].entries()) pool.plan(id, index);
  await time.pass(10);
  assert.equal(pool.waitingCount(), 3);
  await time.pass(200);
  assert.deepEqual(starts, ['a@0', 'b@1', 'c@50', 'd@51', 'e@100']);
  assert.equal(mostRunning(), 2);
});

test('brings a check forward, but never puts it off, and leaves a running one alone', async () => {
  const { time, pool, starts } = setUp(10, 50);
  pool.plan('a', 1000);
  pool.hasten('a', 2000);
  pool.hasten('a', 100);
  pool.hasten('never planned', 10);
  await time.pass(110);
  pool.hasten('a', 120);
  await time.pass(2000);
  assert.deepEqual(starts, ['a@100']);
});

test('does not start what was dropped, due, waiting or not', async () => {
  const { time, pool, starts } = setUp(1, 50);
  pool.plan('a', 0);
  pool.plan('b', 1);
  pool.plan('c', 200);
  await time.pass(10);
  pool.drop('b');
  pool.drop('c');
  await time.pass(500);
  assert.deepEqual(starts, ['a@0']);
});

test('starts a check that falls due while the one before still runs beside it', async () => {
  const { time, pool, starts } = setUp(2, 50);
  pool.plan('a', 0);
  await time.pass(10);
  pool.plan('a', 20);
  await time.pass(200);
  assert.deepEqual(starts, ['a@0', 'a@20']);
});

test('starts nothing once closed', async () => {
  const { time, pool, starts } = setUp(1, 50);
  pool.plan('a', 0);
  pool.plan('b', 0);
  await time.pass(10);
  pool.close();
  await time.pass(500);
  assert.deepEqual(starts, ['a@0']);
});
