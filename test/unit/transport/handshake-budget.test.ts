import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHandshakeBudget } from '../../../src/transport/handshake-budget.ts';

const takeMany = (budget: ReturnType<typeof createHandshakeBudget>, nowMs: number) => {
  let taken = 0;
  while (budget.take(nowMs)) taken++;
  return taken;
};

describe('the budget of handshakes', () => {
  it('is what a second has, at once or in pieces, and never more', () => {
    const budget = createHandshakeBudget(100, 5000);
    assert.equal(takeMany(budget, 5000), 100);
    assert.equal(takeMany(budget, 5005), 0);
    assert.equal(takeMany(budget, 5010), 1);
    assert.equal(takeMany(budget, 5510), 50);
    assert.equal(takeMany(budget, 60_000), 100);
  });

  it('lets one a second through in the end where there is just one', () => {
    const budget = createHandshakeBudget(1, 0);
    assert.deepEqual(
      [0, 500, 999, 1000, 1500, 2000].map((nowMs) => budget.take(nowMs)),
      [true, false, false, true, false, true],
    );
  });
});
