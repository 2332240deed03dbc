// Workers of one vantage come, go and fail to stay, in simulated time: how long any target is without a check, and how evenly
// the checks are spread that follow.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Anchor, formatAnchor } from '../../../src/model/anchor.ts';
import { targets } from '../health/fixtures.ts';
import { createWorld, HEARTBEAT_MS, type SimulatedWorker, type World } from './simulated-world.ts';

const VANTAGE = [{ id: 'v1' }];
const MANY = targets(60);
const INTERVAL_MS = MANY[0]?.timing.intervalMs ?? 0;

/** Until the death of a worker is seen, and at whose heartbeat; then its targets are checked at once. */
const WITHOUT_CHECK_MS = 3 * HEARTBEAT_MS + HEARTBEAT_MS + INTERVAL_MS;

function start(world: World, ...names: readonly string[]): readonly SimulatedWorker[] {
  return names.map((name) => world.addWorker('v1', name, MANY, VANTAGE));
}

/** The longest that any target was without a check from then on, whoever made it. */
function longestGapMs(world: World, workers: readonly SimulatedWorker[], fromMs: number, of = MANY): number {
  const lastMs = new Map(of.map(({ id }) => [id, fromMs]));
  let longestMs = 0;
  const checks = workers.flatMap((worker) => worker.checks).filter(({ atMs }) => atMs >= fromMs);
  for (const { target, atMs } of checks.toSorted((a, b) => a.atMs - b.atMs)) {
    longestMs = Math.max(longestMs, atMs - (lastMs.get(target) ?? atMs));
    lastMs.set(target, atMs);
  }
  for (const atMs of lastMs.values()) longestMs = Math.max(longestMs, world.time.nowMs() - atMs);
  return longestMs;
}

type Loop = { readonly livesMs: number; readonly awayMs: number; readonly newNames: boolean };

async function crashLoop(world: World, workers: SimulatedWorker[], loop: Loop, forMs: number): Promise<void> {
  const untilMs = world.time.nowMs() + forMs;
  for (let life = 0; world.time.nowMs() < untilMs; life++) {
    const worker = world.addWorker('v1', loop.newNames ? `host-${1000 + life}` : 'looping', MANY, VANTAGE);
    workers.push(worker);
    await world.time.pass(loop.livesMs);
    worker.kill();
    await world.time.pass(loop.awayMs);
  }
}

for (const newNames of [false, true]) {
  for (const livesMs of [200, 700, 2500, 4500]) {
    const name = newNames ? 'a new name each time' : 'one name';
    test(`leaves no target without a check for long where a worker lives ${livesMs} ms, again and again, under ${name}`, async () => {
      const world = createWorld(MANY, VANTAGE);
      const workers = [...start(world, 'a', 'b')];
      await world.time.pass(10_000);
      const fromMs = world.time.nowMs();
      await crashLoop(world, workers, { livesMs, awayMs: 1300, newNames }, 15_000);
      workers[1]?.kill();
      await crashLoop(world, workers, { livesMs, awayMs: 1300, newNames }, 25_000);
      const gapMs = longestGapMs(world, workers, fromMs);
      assert.ok(gapMs <= WITHOUT_CHECK_MS, `${gapMs} ms`);
      for (const { id } of MANY) assert.equal(world.verdictOf(id), 'up');
    });
  }
}

test('takes nothing from the others while it lives too shortly to be settled', async () => {
  const world = createWorld(MANY, VANTAGE);
  const workers = [...start(world, 'a', 'b')];
  await world.time.pass(10_000);
  const before = workers.map(({ worker }) => worker.status().checked);
  await crashLoop(world, workers, { livesMs: 2500, awayMs: 1000, newNames: true }, 20_000);
  assert.deepEqual(
    workers.slice(0, 2).map(({ worker }) => worker.status().checked),
    before,
  );
});

for (const laterMs of [400, 1300, 2200, 3400]) {
  test(`takes nothing back where a second worker begins ${laterMs} ms after the first`, async () => {
    const world = createWorld(MANY, VANTAGE);
    const [first] = start(world, 'a');
    await world.time.pass(laterMs);
    const [second] = start(world, 'b');
    assert.ok(first !== undefined && second !== undefined);
    const counts: number[] = [];
    for (let ms = 0; ms < 12_000; ms += 100) {
      await world.time.pass(100);
      counts.push(first.worker.status().checked);
    }
    const rises = counts.slice(1).filter((count, index) => count > (counts[index] ?? 0));
    assert.deepEqual(rises, [], `${counts}`);
    assert.equal(first.worker.status().checked + second.worker.status().checked, MANY.length);
  });
}

for (const pauseMs of [1600, 2600, 8000]) {
  test(`takes nothing from the others after a pause of its own of ${pauseMs} ms, in which it heard nobody`, async () => {
    const world = createWorld(MANY, VANTAGE);
    const workers = start(world, 'a', 'b');
    await world.time.pass(10_000 - 50);
    const before = workers.map(({ worker }) => worker.status().checked);
    world.time.stall(pauseMs);
    for (let passedMs = 0; passedMs < 5 * HEARTBEAT_MS; passedMs += 100) {
      await world.time.pass(100);
      assert.deepEqual(
        workers.map(({ worker }) => worker.status().checked),
        before,
      );
    }
  });
}

test('stands in for one that abstains though what is down waits for places, as long as nothing else does', async () => {
  const of = targets(300, { timeoutMs: 900 });
  const world = createWorld(of, VANTAGE);
  const anchor: Anchor = { address: '192.0.2.1', check: { type: 'tcp', port: 443 } };
  const standIn = world.addWorker('v1', 'a', of, VANTAGE);
  world.addWorker('v1', 'b', of, VANTAGE, [anchor]);
  const healthy = of.slice(0, 60);
  await world.time.pass(10_000);
  for (const { id } of of.slice(60)) world.conditions.set(id, 'silent');
  await world.time.pass(15_000);
  assert.ok(standIn.worker.status().waiting > 0, 'more is down than half of its places look at');
  world.conditions.set(formatAnchor(anchor), 'refusing');
  await world.time.pass(10_000);
  const votes = new Map(world.board.slots.get('v1/a')?.votes.map(({ target, vote }) => [target, vote]));
  for (const { id } of healthy) assert.equal(votes.get(id), 'up');
});

test('spreads the checks of what a joiner takes over the interval of each', async () => {
  const of = targets(200, { intervalMs: 5000 });
  const world = createWorld(of, VANTAGE);
  world.addWorker('v1', 'a', of, VANTAGE);
  await world.time.pass(10_000);
  const joiner = world.addWorker('v1', 'b', of, VANTAGE);
  await world.time.pass(6000);
  const firsts = new Map<string, number>();
  for (const { target, atMs } of joiner.checks) if (!firsts.has(target)) firsts.set(target, atMs);
  assert.ok(firsts.size > 60 && firsts.size < 140, `${firsts.size} targets`);
  const busiest = most(firsts.values(), 500);
  assert.ok(busiest <= firsts.size / 4, `${busiest} of ${firsts.size} in half a second`);
});

test('begins with what nobody checks at once, four in a millisecond', async () => {
  const of = targets(200, { intervalMs: 60_000, timeoutMs: 1000 });
  const world = createWorld(of, VANTAGE);
  const [survivor, victim] = ['a', 'b'].map((name) => world.addWorker('v1', name, of, VANTAGE));
  assert.ok(survivor !== undefined && victim !== undefined);
  await world.time.pass(10_000);
  const lost = victim.worker.status().checked;
  survivor.checks.length = 0;
  victim.kill();
  await world.passUntil(() => survivor.worker.status().checked === of.length, 10_000);
  await world.time.pass(100);
  const startsMs = survivor.checks.map(({ atMs }) => atMs);
  assert.ok(startsMs.length >= lost, `${startsMs.length} of ${lost}`);
  assert.ok(most(startsMs, 5) <= 22, `${most(startsMs, 5)} in 5 ms`);
});

for (const leave of ['is killed', 'leaves in order', 'begins anew'] as const) {
  test(`keeps down what the worker before had voted down, until \`rise\` successes, where that one ${leave}`, async () => {
    const of = targets(40, { rise: 3 });
    const world = createWorld(of, VANTAGE);
    const [survivor, leaver] = ['a', 'b'].map((name) => world.addWorker('v1', name, of, VANTAGE));
    assert.ok(survivor !== undefined && leaver !== undefined);
    await world.time.pass(10_000);
    const theirs = new Set(leaver.checks.slice(-20).map(({ target }) => target));
    for (const { id } of of) world.conditions.set(id, 'refusing');
    await world.time.pass(5000);
    for (const { id } of of) assert.equal(world.verdictOf(id), 'down');
    if (leave === 'leaves in order') await leaver.worker.stop();
    else leaver.kill();
    for (const id of theirs) world.conditions.set(id, 'healthy');
    const fromMs = world.time.nowMs();
    if (leave === 'begins anew') world.addWorker('v1', 'b', of, VANTAGE).kill();
    const firstWords = new Map<string, string>();
    for (let ms = 0; ms < 10_000; ms += 5) {
      await world.time.pass(5);
      for (const { target, vote } of world.board.slots.get('v1/a')?.votes ?? [])
        if (theirs.has(target) && !firstWords.has(target)) firstWords.set(target, vote);
    }
    assert.deepEqual([...new Set(firstWords.values())], ['down']);
    assert.equal(firstWords.size, theirs.size);
    for (const id of theirs) {
      assert.equal(world.verdictOf(id), 'up');
      assert.ok(survivor.checks.filter(({ target, atMs }) => target === id && atMs >= fromMs).length >= 3);
    }
  });
}

/** The most of these moments within any span of that length. */
function most(moments: Iterable<number>, spanMs: number): number {
  const sorted = [...moments].sort((a, b) => a - b);
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + spanMs).length));
}
