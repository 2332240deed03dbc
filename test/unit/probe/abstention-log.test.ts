import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REASON_LIMIT } from '../../../src/probe/abstention-log.ts';
import { targets } from '../health/fixtures.ts';
import { createWorld } from './simulated-world.ts';

const VANTAGE = [{ id: 'v1' }];

test('tells once what a worker may not look at, with the reason and how many targets, and once when it is over', async () => {
  const of = targets(5);
  const world = createWorld(of, VANTAGE);
  const { log } = world.addWorker('v1', 'w', of, VANTAGE);
  await world.time.pass(3000);
  const before = log.length;
  for (const { id } of of.slice(0, 3)) world.conditions.set(id, 'forbidden');
  await world.time.pass(10_000);
  const fields = { vantage: 'v1', worker: 'w', reason: 'not allowed' };
  const [began, ...more] = log.slice(before);
  assert.equal(began?.level, 'warn');
  assert.equal(began?.message, 'cannot look at some targets: abstaining from them');
  assert.partialDeepStrictEqual(began?.fields, fields);
  assert.deepEqual(more, []);
  for (const { id } of of) world.conditions.set(id, 'healthy');
  await world.time.pass(5000);
  const ended = { level: 'info', message: 'abstains from no target any more for this reason', fields };
  assert.deepEqual(log.slice(before + 1), [ended]);
});

test('tells no more reasons than it can remember', async () => {
  const of = targets(REASON_LIMIT + 10);
  const world = createWorld(of, VANTAGE);
  for (const { id } of of) world.conditions.set(id, 'unable');
  const { log } = world.addWorker('v1', 'w', of, VANTAGE);
  await world.time.pass(10_000);
  assert.equal(log.filter(({ message }) => message.startsWith('cannot look')).length, REASON_LIMIT);
});
