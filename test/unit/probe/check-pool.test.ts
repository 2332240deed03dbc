import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCheckPool, STARTS_PER_TURN, type Urgency } from '../../../src/probe/check-pool.ts';
import { simulateTime } from '../../support/simulated-time.ts';

/** Checks that last `durationMs`; records when each started. */
function setUp(concurrency: number, durationMs: number, findUrgency: (id: string) => Urgency = () => 'prompt') {
  const time = simulateTime();
  const starts: string[] = [];
  let mostRunning = 0;
  const run = async (id: string) => {
    starts.push(`${id}@${time.nowMs()}`);
    mostRunning = Math.max(mostRunning, pool.runningCount());
    await new Promise<void>((resolve) => time.clock.schedule(durationMs, resolve));
  };
  const pool = createCheckPool({ concurrency }, time.clock, run, findUrgency);
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

const URGENCIES: Readonly<Record<string, Urgency>> = { p: 'prompt', s: 'silent', d: 'down' };

/** What began at each moment, as `ppsd`, of 80 checks of each urgency that are all due, what is down the longest. */
async function startBatches(concurrency: number): Promise<readonly string[]> {
  const { time, pool, starts } = setUp(concurrency, 100, (id) => URGENCIES[id[0] ?? ''] ?? 'prompt');
  for (const [order, kind] of ['d', 's', 'p'].entries())
    for (let index = 0; index < 80; index++) pool.plan(`${kind}${index}`, order - 3);
  await time.pass(5000);
  const batches = new Map<string, string>();
  for (const start of starts) {
    const [id = '', at = ''] = start.split('@');
    batches.set(at, `${batches.get(at) ?? ''}${id[0]}`);
  }
  return [...batches.values()];
}

test('begins with what is prompt, then what is silent, then what is down, but keeps an eighth of the places for each of the last', async () => {
  const [first = '', second = ''] = await startBatches(32);
  assert.equal(first, `${'d'.repeat(4)}${'s'.repeat(4)}${'p'.repeat(24)}`);
  assert.equal(second, first);
});

test('gives what is silent all places that nothing prompt waits for, and what is down no more than half', async () => {
  const batches = await startBatches(32);
  assert.ok(batches.some((batch) => batch === `${'d'.repeat(4)}${'s'.repeat(28)}`));
  assert.equal(batches.at(-2), 'd'.repeat(16));
});

test('keeps to the order in which checks fell due where there are fewer than eight places', async () => {
  const [first] = await startBatches(7);
  assert.equal(first, 'd'.repeat(7));
});

test('has room for a further check while a place is free and nothing waits but what is down', async () => {
  const { time, pool } = setUp(16, 100, (id) => URGENCIES[id[0] ?? ''] ?? 'prompt');
  for (let index = 0; index < 20; index++) pool.plan(`d${index}`, 0);
  await time.pass(10);
  assert.equal(pool.waitingCount(), 12);
  assert.equal(pool.hasRoom(), true);
  for (let index = 0; index < 8; index++) pool.plan(`p${index}`, 0);
  await time.pass(10);
  assert.equal(pool.hasRoom(), false);
});

test('lets answers be read in between when very many checks fall due at once', async () => {
  const { time, pool, starts } = setUp(1000, 100);
  let atFirstTurn = 0;
  for (let index = 0; index < 200; index++) pool.plan(`p${index}`, 10);
  time.clock.schedule(10, () => {
    atFirstTurn = starts.length;
  });
  await time.pass(50);
  assert.equal(atFirstTurn, STARTS_PER_TURN);
  assert.equal(starts.length, 200);
  assert.ok(starts.every((start) => start.endsWith('@10')));
});
