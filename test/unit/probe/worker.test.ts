import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listTargets, type Target } from '../../../src/health/target.ts';
import { JOIN_DELAY_MS } from '../../../src/probe/worker.ts';
import { cluster, configuration, endpoint, TCP_MONITOR, targets } from '../health/fixtures.ts';
import { createWorld, HEARTBEAT_MS, type SimulatedWorker, type World } from './simulated-world.ts';

const VANTAGES = [{ id: 'v1' }, { id: 'v2' }, { id: 'v3' }];

function first(of: readonly Target[]): Target {
  const [target] = of;
  assert.ok(target !== undefined);
  return target;
}

/** A worker in each of three vantages, all targets healthy and known to be. */
async function startThree(of: readonly Target[]): Promise<{ world: World; workers: readonly SimulatedWorker[] }> {
  const world = createWorld(of, VANTAGES);
  const workers = VANTAGES.map(({ id }) => world.addWorker(id, 'w', of, VANTAGES));
  await world.time.pass(5000);
  for (const target of of) assert.equal(world.verdictOf(target.id), 'up');
  return { world, workers };
}

function voteOf(world: World, slot: string, target: string) {
  return world.board.slots.get(slot)?.votes.find((vote) => vote.target === target);
}

test('comes to a first verdict within two heartbeats of the start', async () => {
  const of = targets(3);
  const world = createWorld(of, VANTAGES);
  for (const { id } of VANTAGES) world.addWorker(id, 'w', of, VANTAGES);
  const tookMs = await world.passUntil(() => of.every((target) => world.verdictOf(target.id) === 'up'), 10_000);
  assert.ok(tookMs <= 2 * HEARTBEAT_MS, `${tookMs} ms`);
});

test('looks at a healthy target once an interval, and from three vantages at even distances', async () => {
  const of = targets(1);
  const { world, workers } = await startThree(of);
  for (const { checks } of workers) checks.length = 0;
  await world.time.pass(30_000);
  for (const { checks } of workers) assert.ok(checks.length >= 29 && checks.length <= 31, `${checks.length} checks`);
  const times = workers.flatMap(({ checks }) => checks.map(({ atMs }) => atMs)).toSorted((a, b) => a - b);
  const widest = Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
  assert.ok(widest <= 1000 / 3 + 30, `${widest} ms without a look`);
});

test('calls a target down within 1.3 s of its refusing, and up again, whenever it happens', async () => {
  const target = first(targets(1, { maxHoldDownMs: 0 }));
  const { world } = await startThree([target]);
  for (let round = 0; round < 10; round++) {
    await world.time.pass(3000 + round * 97);
    world.conditions.set(target.id, 'refusing');
    const downMs = await world.passUntil(() => world.verdictOf(target.id) === 'down', 10_000);
    assert.ok(downMs <= 1300, `down after ${downMs} ms`);
    await world.time.pass(3000 + round * 89);
    world.conditions.set(target.id, 'healthy');
    const upMs = await world.passUntil(() => world.verdictOf(target.id) === 'up', 10_000);
    assert.ok(upMs <= 1300, `up after ${upMs} ms`);
  }
});

test('calls a target down within 1.8 s of its falling silent, at a timeout of 300 ms', async () => {
  const target = first(targets(1));
  const { world } = await startThree([target]);
  for (let round = 0; round < 10; round++) {
    await world.time.pass(3000 + round * 97);
    world.conditions.set(target.id, 'silent');
    const downMs = await world.passUntil(() => world.verdictOf(target.id) === 'down', 10_000);
    assert.ok(downMs <= 1800, `down after ${downMs} ms`);
    world.conditions.set(target.id, 'healthy');
    await world.passUntil(() => world.verdictOf(target.id) === 'up', 10_000);
  }
});

for (const [timeoutMs, limitMs] of [
  [800, 1800],
  [1000, 2000],
] as const) {
  test(`calls a target down within ${limitMs} ms of its falling silent, at a timeout of ${timeoutMs} ms`, async () => {
    const target = first(targets(1, { timeoutMs, maxHoldDownMs: 0 }));
    const { world } = await startThree([target]);
    let worstMs = 0;
    for (let round = 0; round < 30; round++) {
      await world.time.pass(3000 + round * 97);
      world.conditions.set(target.id, 'silent');
      worstMs = Math.max(worstMs, await world.passUntil(() => world.verdictOf(target.id) === 'down', 10_000));
      world.conditions.set(target.id, 'healthy');
      await world.passUntil(() => world.verdictOf(target.id) === 'up', 10_000);
    }
    assert.ok(worstMs <= limitMs, `down after ${worstMs} ms`);
    assert.ok(worstMs >= timeoutMs + 500, `${worstMs} ms: three timeouts that begin a quarter of an interval apart`);
  });
}

test('never has more checks of one target under way than failures it needs', async () => {
  const target = first(targets(1, { timeoutMs: 1000 }));
  const { world, workers } = await startThree([target]);
  world.conditions.set(target.id, 'silent');
  let most = 0;
  for (let step = 0; step < 400; step++) {
    await world.time.pass(10);
    most = Math.max(most, ...workers.map(({ worker }) => worker.status().running));
  }
  assert.equal(most, target.timing.fall);
});

test('suspects a check that is late, so that others look, and takes it back without a vote when the answer comes', async () => {
  const target = first(targets(1, { intervalMs: 10_000, timeoutMs: 5000 }));
  const { world, workers } = await startThree([target]);
  await world.time.pass(30_000);
  world.conditions.set(target.id, 'slow');
  for (const { checks } of workers) checks.length = 0;
  const isSuspected = () => voteOf(world, 'v1/w', target.id)?.vote === 'suspect';
  await world.passUntil(() => workers.some(({ worker }) => worker.counters.late > 0), 15_000);
  await world.passUntil(isSuspected, 1500);
  assert.match(voteOf(world, 'v1/w', target.id)?.reason ?? '', /^no answer yet in 100 ms, it usually takes \d+ ms$/);
  assert.equal(world.verdictOf(target.id), 'up');
  assert.ok(
    workers.every(({ checks }) => checks.length > 0),
    'all look within about a second',
  );
  await world.time.pass(20_000);
  assert.deepEqual(voteOf(world, 'v1/w', target.id), { target: target.id, vote: 'up', reason: '' });
  assert.ok(
    workers.every(({ worker }) => worker.counters.turns === 1),
    'no vote turned',
  );
});

test('keeps a target down that goes down again and again, longer each time, and says why', async () => {
  const target = first(targets(1));
  const { world } = await startThree([target]);
  const downMs: number[] = [];
  for (let round = 0; round < 4; round++) {
    world.conditions.set(target.id, 'refusing');
    await world.passUntil(() => world.verdictOf(target.id) === 'down', 5000);
    world.conditions.set(target.id, 'healthy');
    await world.time.pass(4000);
    if (round === 3) {
      assert.match(
        voteOf(world, 'v1/w', target.id)?.reason ?? '',
        /^answers again, held down for up to 20 s more: it went down 4 times in a minute$/,
      );
    }
    downMs.push(await world.passUntil(() => world.verdictOf(target.id) === 'up', 60_000));
    await world.time.pass(1000);
  }
  assert.ok(
    downMs.every((ms, round) => Math.abs(ms + 4000 - ([4000, 5000, 10_000, 20_000][round] ?? 0)) < 1500),
    `${downMs}`,
  );
});

test('looks at once when another vantage suspects, though its own turn is far', async () => {
  const target = first(targets(1, { intervalMs: 60_000 }));
  const { world, workers } = await startThree([target]);
  await world.time.pass(120_000);
  world.conditions.set(target.id, 'refusing');
  await world.passUntil(() => voteOf(world, 'v1/w', target.id)?.vote === 'suspect', 120_000);
  const suspectedAtMs = world.time.nowMs();
  await world.time.pass(20_000);
  for (const { checks, vantage } of workers) {
    const next = checks.find(({ atMs }) => atMs > suspectedAtMs - 100);
    assert.ok(
      (next?.atMs ?? 0) < suspectedAtMs + 15_100,
      `${vantage} looked at ${next?.atMs}, suspected at ${suspectedAtMs}`,
    );
  }
  assert.ok(workers.some(({ worker }) => worker.counters.rechecks > 0));
});

test('does not look more often than four times an interval, however often others turn', async () => {
  const target = first(targets(1, { intervalMs: 4000 }));
  const { world, workers } = await startThree([target]);
  const honest = workers[0];
  assert.ok(honest !== undefined);
  honest.checks.length = 0;
  for (let flap = 0; flap < 100; flap++) {
    for (const vote of ['suspect', 'up'] as const) {
      const known = world.board.slots.get('v2/w');
      assert.ok(known !== undefined);
      const votes = [{ target: target.id, vote, reason: '' }];
      await world.board.writeSlot({ ...known, sequence: known.sequence + 1, votes }, undefined);
      await world.time.pass(100);
    }
  }
  assert.ok(honest.checks.length <= 21, `${honest.checks.length} checks in 20 s`);
});

test('moves nothing when one vantage of three lies, either way', async () => {
  const of = targets(4);
  const { world } = await startThree(of);
  world.illusions.set('v2', 'refusing');
  await world.time.pass(20_000);
  for (const target of of) {
    assert.equal(voteOf(world, 'v2/w', target.id)?.vote, 'down');
    assert.equal(world.verdictOf(target.id), 'up');
  }
  for (const target of of) world.conditions.set(target.id, 'refusing');
  world.illusions.set('v2', 'healthy');
  await world.time.pass(20_000);
  for (const target of of) assert.equal(world.verdictOf(target.id), 'down');
});

test('freezes the verdicts when two vantages of three are gone', async () => {
  const target = first(targets(1));
  const { world, workers } = await startThree([target]);
  workers[0]?.kill();
  workers[1]?.kill();
  await world.time.pass(5000);
  world.conditions.set(target.id, 'refusing');
  await world.time.pass(20_000);
  assert.equal(voteOf(world, 'v3/w', target.id)?.vote, 'down');
  assert.equal(world.verdictOf(target.id), 'up');
});

const ONE_VANTAGE = [{ id: 'v1' }];
const MANY = targets(40);

/** How many of MANY each worker checked within the last `ms`. */
function countChecked(world: World, worker: SimulatedWorker, ms: number): number {
  const sinceMs = world.time.nowMs() - ms;
  return new Set(worker.checks.filter(({ atMs }) => atMs > sinceMs).map(({ target }) => target)).size;
}

test('shares the targets among the workers of a vantage, each target with one of them', async () => {
  const world = createWorld(MANY, ONE_VANTAGE);
  const workers = ['a', 'b', 'c'].map((name) => world.addWorker('v1', name, MANY, ONE_VANTAGE));
  await world.time.pass(10_000);
  const counts = workers.map((worker) => countChecked(world, worker, 2000));
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    MANY.length,
  );
  for (const count of counts) assert.ok(count >= 5, `${counts}`);
  for (const target of MANY) assert.equal(world.verdictOf(target.id), 'up');
});

test('takes over the targets of a worker that was killed, without a verdict moving', async () => {
  const world = createWorld(MANY, ONE_VANTAGE);
  const [survivor, victim] = ['a', 'b'].map((name) => world.addWorker('v1', name, MANY, ONE_VANTAGE));
  assert.ok(survivor !== undefined && victim !== undefined);
  await world.time.pass(10_000);
  assert.ok(countChecked(world, survivor, 2000) < MANY.length);
  victim.kill();
  const tookMs = await world.passUntil(() => countChecked(world, survivor, 2000) === MANY.length, 30_000);
  assert.ok(tookMs <= 5 * HEARTBEAT_MS, `${tookMs} ms`);
  for (const target of MANY) assert.equal(world.verdictOf(target.id), 'up');
});

test('takes over within a heartbeat or two from a worker that leaves in order', async () => {
  const world = createWorld(MANY, ONE_VANTAGE);
  const [survivor, leaver] = ['a', 'b'].map((name) => world.addWorker('v1', name, MANY, ONE_VANTAGE));
  assert.ok(survivor !== undefined && leaver !== undefined);
  await world.time.pass(10_000);
  await leaver.worker.stop();
  assert.equal(world.board.slots.has('v1/b'), false);
  await world.time.pass(1.5 * HEARTBEAT_MS);
  assert.equal(survivor.worker.status().checked, MANY.length);
});

test('leaves each target with its old owner until the joiner has voted on it', async () => {
  const world = createWorld(MANY, ONE_VANTAGE);
  const old = world.addWorker('v1', 'a', MANY, ONE_VANTAGE);
  await world.time.pass(10_000);
  for (const target of MANY) world.conditions.set(target.id, 'refusing');
  await world.time.pass(5000);
  const joiner = world.addWorker('v1', 'b', MANY, ONE_VANTAGE);
  for (let step = 0; step < 100; step++) {
    await world.time.pass(100);
    for (const target of MANY) {
      const votes = [voteOf(world, 'v1/a', target.id), voteOf(world, 'v1/b', target.id)];
      assert.ok(
        votes.some((vote) => vote?.vote === 'down'),
        'somebody says down at any time',
      );
      assert.equal(world.verdictOf(target.id), 'down');
    }
  }
  assert.equal(old.worker.status().checked + joiner.worker.status().checked, MANY.length);
  assert.ok(joiner.worker.status().checked > 5);
});

test('does not take on what others are at when it joins', async () => {
  const world = createWorld(MANY, ONE_VANTAGE);
  world.addWorker('v1', 'a', MANY, ONE_VANTAGE);
  await world.time.pass(10_000);
  const joiner = world.addWorker('v1', 'b', MANY, ONE_VANTAGE);
  await world.time.pass(JOIN_DELAY_MS + 500);
  assert.ok(countChecked(world, joiner, 2000) < MANY.length * 0.8);
});

test('goes on checking without a store, keeps the split, and votes when the store is back', async () => {
  const world = createWorld(MANY, ONE_VANTAGE);
  const [a, b] = ['a', 'b'].map((name) => world.addWorker('v1', name, MANY, ONE_VANTAGE));
  assert.ok(a !== undefined && b !== undefined);
  await world.time.pass(10_000);
  const before = a.worker.status().checked;
  world.board.mode = 'failing';
  await world.time.pass(10_000);
  for (const target of MANY) world.conditions.set(target.id, 'refusing');
  await world.time.pass(10_000);
  assert.equal(a.worker.status().checked, before);
  assert.equal(countChecked(world, a, 2000) + countChecked(world, b, 2000), MANY.length);
  assert.equal(world.verdictOf(MANY[0]?.id ?? ''), 'up', 'verdicts hold meanwhile');
  world.board.mode = 'working';
  const tookMs = await world.passUntil(() => MANY.every((target) => world.verdictOf(target.id) === 'down'), 10_000);
  assert.ok(tookMs <= 2 * HEARTBEAT_MS, `${tookMs} ms`);
  assert.equal(a.worker.status().checked, before);
});

test('checks from the start where there is no store yet', async () => {
  const world = createWorld(MANY, ONE_VANTAGE);
  world.board.mode = 'failing';
  const worker = world.addWorker('v1', 'a', MANY, ONE_VANTAGE);
  await world.time.pass(5000);
  assert.equal(countChecked(world, worker, 2000), MANY.length);
});

test('believes no failure that its own delay may have caused', async () => {
  const target = first(targets(1, { fall: 1 }));
  const { world, workers } = await startThree([target]);
  world.conditions.set(target.id, 'silent');
  // All three have begun a check, and are held up while it runs.
  await world.passUntil(() => workers.every(({ worker }) => worker.status().running === 1), 5000);
  world.conditions.set(target.id, 'healthy');
  world.time.stall(800);
  await world.time.pass(3000);
  assert.ok(workers.some(({ worker }) => worker.counters.checks.tcp.heldUp > 0));
  assert.equal(world.verdictOf(target.id), 'up');
});

test('suspects nobody for a pause of its own', async () => {
  const target = first(targets(1));
  const { world, workers } = await startThree([target]);
  for (let pause = 0; pause < 5; pause++) {
    while (!workers.some(({ worker }) => worker.status().running > 0)) await world.time.pass(1);
    world.time.stall(150);
    await world.time.pass(1500);
  }
  assert.deepEqual(
    workers.map(({ worker }) => worker.counters.late),
    [0, 0, 0],
  );
});

test('does not wait for a check that keeps silent where the ones after it are refused', async () => {
  const target = first(targets(1, { intervalMs: 8000, timeoutMs: 8000, fall: 2, maxHoldDownMs: 0 }));
  const { world } = await startThree([target]);
  await world.time.pass(20_000);
  world.conditions.set(target.id, 'silent');
  await world.passUntil(() => voteOf(world, 'v1/w', target.id)?.vote === 'suspect', 20_000);
  world.conditions.set(target.id, 'refusing');
  const tookMs = await world.passUntil(() => world.verdictOf(target.id) === 'down', 20_000);
  assert.ok(tookMs <= 5000, `${tookMs} ms: a recheck after another, and not a timeout`);
});

test('abstains while it lags, and votes again when it keeps up', async () => {
  const target = first(targets(1));
  const { world, workers } = await startThree([target]);
  world.time.stall(1500);
  await world.time.pass(200);
  assert.equal(voteOf(world, 'v1/w', target.id)?.vote, 'abstain');
  assert.equal(workers[0]?.worker.status().abstention?.cause, 'lag');
  await world.time.pass(4000);
  assert.equal(voteOf(world, 'v1/w', target.id)?.vote, 'up');
  const told = workers[0]?.log.filter(({ message }) => message.startsWith('the event loop'));
  assert.deepEqual(
    told?.map(({ level, message }) => `${level} ${message}`),
    ['warn the event loop lags: abstaining', 'info the event loop keeps up again: voting again'],
  );
  assert.match(JSON.stringify(told?.[0]?.fields), /overloaded/);
});

test('abstains, with the reason, on a target that it may not look at', async () => {
  const target = first(targets(1));
  const world = createWorld([target], VANTAGES);
  world.conditions.set(target.id, 'forbidden');
  world.addWorker('v1', 'w', [target], VANTAGES);
  await world.time.pass(3000);
  assert.deepEqual(voteOf(world, 'v1/w', target.id), { target: target.id, vote: 'abstain', reason: 'not allowed' });
});

test('drops the vote on what is no longer checked, and keeps what it learned of the rest', async () => {
  const of = targets(2);
  const world = createWorld(of, ONE_VANTAGE);
  const { worker } = world.addWorker('v1', 'w', of, ONE_VANTAGE);
  await world.time.pass(3000);
  const moved = [endpoint('e0', '203.0.113.1'), endpoint('e1', '203.0.113.99')];
  const monitors = [{ ...TCP_MONITOR, intervalMs: 2000 }];
  const changed = listTargets(configuration({ monitors, clusters: [cluster('web-eu', moved)] }));
  world.conditions.set(first(changed).id, 'refusing');
  worker.setTargets(changed, ONE_VANTAGE);
  await world.time.pass(50);
  const ids = world.board.slots.get('v1/w')?.votes.map((vote) => vote.target);
  assert.deepEqual(ids, [changed[0]?.id, changed[1]?.id]);
  assert.equal(ids?.includes(of[1]?.id ?? ''), false);
});

test('checks nothing from a vantage that the configuration does not name', async () => {
  const of = targets(3);
  const world = createWorld(of, VANTAGES);
  const stray = world.addWorker('elsewhere', 'w', of, VANTAGES);
  await world.time.pass(5000);
  assert.equal(stray.checks.length, 0);
  assert.equal(stray.worker.status().configured, false);
  stray.worker.setTargets(of, [...VANTAGES, { id: 'elsewhere' }]);
  await world.time.pass(5000);
  assert.ok(stray.checks.length > 0);
});

test('ends all its checks when it stops, and starts none', async () => {
  const of = targets(3);
  const world = createWorld(of, VANTAGES);
  const { worker, checks } = world.addWorker('v1', 'w', of, VANTAGES);
  await world.time.pass(3000);
  await worker.stop();
  const count = checks.length;
  await world.time.pass(10_000);
  assert.equal(checks.length, count);
});

test('does not go on saying up of a silent target where pauses keep it from believing any failure', async () => {
  const target = first(targets(1, { intervalMs: 2000, timeoutMs: 1500 }));
  const world = createWorld([target], VANTAGES);
  world.addWorker('v1', 'w', [target], VANTAGES);
  await world.time.pass(5000);
  const stumble = async (times: number) => {
    for (let round = 0; round < times; round++) {
      world.time.stall(370);
      await world.time.pass(930);
    }
  };
  await stumble(10);
  assert.equal(voteOf(world, 'v1/w', target.id)?.vote, 'up', 'pauses alone are no reason');
  world.conditions.set(target.id, 'silent');
  await stumble(10);
  assert.equal(voteOf(world, 'v1/w', target.id)?.vote, 'abstain');
  assert.match(voteOf(world, 'v1/w', target.id)?.reason ?? '', /held up again and again/);
  await world.time.pass(10_000);
  assert.equal(voteOf(world, 'v1/w', target.id)?.vote, 'down');
});

test('finds what refuses as soon as ever beside many that are down and silent, and what answers again among these', async () => {
  const of = targets(250, { timeoutMs: 800 });
  const world = createWorld(of, [{ id: 'v1' }]);
  world.addWorker('v1', 'w', of, [{ id: 'v1' }]);
  const [silent, last] = [of.slice(0, 240), of.at(-1)];
  const [back] = silent;
  assert.ok(last !== undefined && back !== undefined);
  await world.time.pass(5000);
  for (const { id } of silent) world.conditions.set(id, 'silent');
  await world.time.pass(30_000);
  world.conditions.set(last.id, 'refusing');
  const downMs = await world.passUntil(() => world.verdictOf(last.id) === 'down', 60_000);
  assert.ok(downMs <= 1600, `down after ${downMs} ms`);
  world.conditions.set(back.id, 'healthy');
  const upMs = await world.passUntil(() => world.verdictOf(back.id) === 'up', 60_000);
  // A round of 240 timeouts in 32 places, and as many again for `rise`.
  assert.ok(upMs <= 13_000, `up after ${upMs} ms`);
});
