// Seeds of simulated worlds, and the proof that they would notice.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MUTANTS } from './mutants.ts';
import { createPlan, describePlan } from './plan.ts';
import { runSeeds } from './run-seeds.ts';

/** Of the seeds that mutants are tried with: see docs/reliability.md. */
const MUTANT_SEEDS = 1000;
const SEEDS = 500;
const THREADS = 2;

describe('a simulated system', () => {
  test(`keeps every invariant in ${SEEDS} worlds`, async () => {
    const { seeds, violations } = await runSeeds({ from: 1, count: SEEDS, threads: THREADS, stopsAtFirst: true });
    const [first] = violations;
    if (first !== undefined) {
      const replay = `npm run simulation -- --seed ${first.seed} --trace`;
      assert.fail(`${first.violation.invariant}: ${first.violation.what}\n${describePlan(createPlan(first.seed))}\n${replay}`);
    }
    assert.equal(seeds, SEEDS);
  });

  for (const { name, without } of MUTANTS) {
    test(`is found to break within ${MUTANT_SEEDS} worlds without ${without}`, async () => {
      const run = { from: 1, count: MUTANT_SEEDS, threads: THREADS, mutant: name, stopsAtFirst: true };
      const { violations } = await runSeeds(run);
      assert.ok(violations.length > 0, `${name} is not noticed`);
    });
  }
});
