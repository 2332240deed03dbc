import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rankWorkers } from '../../../src/health/rendezvous.ts';

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
