import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isChecking, rankWorkers } from '../../../src/health/rendezvous.ts';

const TARGETS = Array.from({ length: 600 }, (_, index) => `c/e${index}#x`);
const owner = (target: string, workers: readonly string[]) => rankWorkers(target, workers)[0];

test('splits the targets about evenly', () => {
  for (const worker of ['w1', 'w2', 'w3']) {
    const share = TARGETS.filter((target) => owner(target, ['w1', 'w2', 'w3']) === worker).length;
    assert.ok(share > 150 && share < 250, `${worker} has ${share}`);
  }
});

test('moves only the targets of the worker that left', () => {
  for (const target of TARGETS) {
    const before = owner(target, ['w1', 'w2', 'w3']);
    if (before !== 'w2') assert.equal(owner(target, ['w1', 'w3']), before);
  }
});

test('comes to the same order whatever the order in which workers are known', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 }),
      fc.string(),
      (workers, target) => {
        assert.deepEqual(rankWorkers(target, workers.toReversed()), rankWorkers(target, workers));
      },
    ),
  );
});

test('leaves a target with its old owner until the joiner has voted', () => {
  const target = TARGETS.find((candidate) => owner(candidate, ['old', 'new']) === 'new') ?? '';
  const oldVoted = (worker: string) => worker === 'old';
  const bothVoted = () => true;
  assert.equal(isChecking(target, 'new', ['old', 'new'], oldVoted), true);
  assert.equal(isChecking(target, 'old', ['old', 'new'], oldVoted), true);
  assert.equal(isChecking(target, 'old', ['old', 'new'], bothVoted), false);
});

test('waits for the owner of a target that nobody has voted on yet', () => {
  const target = TARGETS.find((candidate) => owner(candidate, ['a', 'b']) === 'a') ?? '';
  assert.equal(
    isChecking(target, 'a', ['a', 'b'], () => false),
    true,
  );
  assert.equal(
    isChecking(target, 'b', ['a', 'b'], () => false),
    false,
  );
});

test('never leaves a target unchecked, and has one worker check it once all have voted', () => {
  const workers = ['w1', 'w2', 'w3', 'w4'];
  const arbitrary = fc.tuple(fc.subarray(workers, { minLength: 1 }), fc.subarray(workers), fc.nat(TARGETS.length - 1));
  fc.assert(
    fc.property(arbitrary, ([live, voted, index]) => {
      const target = TARGETS[index] ?? '';
      const checking = live.filter((worker) => isChecking(target, worker, live, (name) => voted.includes(name)));
      assert.ok(checking.length >= 1);
      const settled = live.filter((worker) => isChecking(target, worker, live, (name) => live.includes(name)));
      assert.equal(settled.length, 1);
    }),
  );
});
