// A worker whose own network fails: it says nothing of its targets, from before its first wrong vote until it is well again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Anchor, formatAnchor } from '../../../src/model/anchor.ts';
import { targets } from '../health/fixtures.ts';
import { type Condition, createWorld, type SimulatedWorker, type World } from './simulated-world.ts';

const VANTAGE = [{ id: 'v1' }];
const ANCHORS: readonly Anchor[] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => ({
  address,
  check: { type: 'tcp', port: 443 },
}));
const OF = targets(20);

async function start(): Promise<{ world: World; worker: SimulatedWorker }> {
  const world = createWorld(OF, VANTAGE);
  const worker = world.addWorker('v1', 'w', OF, VANTAGE, ANCHORS);
  await world.time.pass(5000);
  return { world, worker };
}

function votes(world: World): readonly string[] {
  return [...new Set(world.board.slots.get('v1/w')?.votes.map(({ vote }) => vote))].toSorted();
}

/** Lets time pass, and returns every kind of vote that was published meanwhile. */
async function watchVotes(world: World, ms: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let passedMs = 0; passedMs < ms; passedMs += 5) {
    await world.time.pass(5);
    for (const vote of votes(world)) seen.add(vote);
  }
  return seen;
}

for (const condition of ['refusing', 'silent'] as const satisfies readonly Condition[]) {
  test(`never votes down while it reaches nothing at all (${condition}), nor when it does again`, async () => {
    for (let round = 0; round < 5; round++) {
      const { world, worker } = await start();
      await world.time.pass(round * 137);
      world.illusions.set('v1', condition);
      const during = await watchVotes(world, 20_000);
      assert.deepEqual([...during].toSorted(), ['abstain', 'suspect', 'up']);
      assert.deepEqual(votes(world), ['abstain']);
      assert.match(world.board.slots.get('v1/w')?.votes[0]?.reason ?? '', /^cut off: [23] of 3 anchors fail \(tcp:/);
      assert.equal(worker.worker.status().abstention?.cause, 'anchors');
      world.illusions.delete('v1');
      const after = await watchVotes(world, 10_000);
      assert.equal(after.has('down'), false);
      assert.deepEqual(votes(world), ['up']);
    }
  });
}

test('abstains within a second of a failing network', async () => {
  const { world } = await start();
  world.illusions.set('v1', 'refusing');
  const tookMs = await world.passUntil(() => votes(world).includes('abstain'), 10_000);
  assert.ok(tookMs <= 1000, `${tookMs} ms`);
});

test('votes down as soon as without anchors while they answer', async () => {
  const { world } = await start();
  const [target] = OF;
  assert.ok(target !== undefined);
  world.conditions.set(target.id, 'refusing');
  const tookMs = await world.passUntil(() => world.verdictOf(target.id) === 'down', 10_000);
  assert.ok(tookMs <= 1000 + 500 + 50, `${tookMs} ms`);
  assert.deepEqual(votes(world), ['down', 'up']);
});

test('trusts itself while no more than half of its anchors fail', async () => {
  const { world, worker } = await start();
  const [anchor] = ANCHORS;
  const [target] = OF;
  assert.ok(anchor !== undefined && target !== undefined);
  world.conditions.set(formatAnchor(anchor), 'silent');
  world.conditions.set(target.id, 'refusing');
  await world.time.pass(5000);
  assert.equal(world.verdictOf(target.id), 'down');
  assert.equal(worker.worker.status().abstention, undefined);
});

test('keeps the votes of down that it had made before it was cut off', async () => {
  const { world } = await start();
  const [target] = OF;
  assert.ok(target !== undefined);
  world.conditions.set(target.id, 'refusing');
  await world.time.pass(5000);
  world.illusions.set('v1', 'silent');
  await world.time.pass(10_000);
  world.illusions.delete('v1');
  await world.time.pass(3000);
  assert.deepEqual(votes(world), ['down', 'up']);
  assert.equal(world.verdictOf(target.id), 'down');
});
