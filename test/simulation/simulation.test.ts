// Seeds of simulated worlds; mutants.test.ts proves that they would notice.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlan, describePlan } from './plan.ts';
import { runSeeds } from './run-seeds.ts';

/** As many as two busy processors run in some 75 s. `npm test -- --fast` sets less. */
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 10_000);
const THREADS = 2;

describe('a simulated system', () => {
  test(`keeps every invariant in ${SEEDS} worlds`, async () => {
    const { seeds, violations } = await runSeeds({ from: 1, count: SEEDS, threads: THREADS, stopsAtFirst: true });
    const [first] = violations;
    if (first !== undefined) {
      const replay = `npm run simulation -- --seed ${first.seed} --trace`;
      assert.fail(
        `${first.violation.invariant}: ${first.violation.what}\n${describePlan(createPlan(first.seed))}\n${replay}`,
      );
    }
    assert.equal(seeds, SEEDS);
  });
});
