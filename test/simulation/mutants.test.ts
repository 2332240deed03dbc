// Each rule that the invariants rest on is taken out, and must be missed.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MUTANTS } from './mutants.ts';
import { runSeeds } from './run-seeds.ts';

const SEEDS = 500;

// `npm test -- --fast` sets how many seeds it has time for.
describe('a simulated system', { skip: process.env.SIMULATION_SEEDS !== undefined }, () => {
  for (const { name, without } of MUTANTS) {
    test(`is found to break within ${SEEDS} worlds without ${without}`, async () => {
      const { violations } = await runSeeds({ from: 1, count: SEEDS, threads: 1, mutant: name, stopsAtFirst: true });
      assert.ok(violations.length > 0, `${name} is not noticed`);
    });
  }
});
