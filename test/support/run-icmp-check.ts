// A program for tests: checks each address of its arguments by ICMP, all at once, and prints what was observed as JSON. It can
// be started where a test cannot go: in a network namespace, or without privileges.

import { describeTarget, planChecks } from '../../src/health/target.ts';
import { createRunCheck } from '../../src/probe/run-check.ts';
import { cluster, endpoint, TIMING } from '../unit/health/fixtures.ts';

const run = createRunCheck({ allowNetworks: ['0.0.0.0/0', '::/0'] });
const plan = planChecks({ ...TIMING, timeoutMs: 300, check: { type: 'icmp' } });
const observations = await Promise.all(
  process.argv.slice(2).map((address) => {
    const target = describeTarget(cluster('c', []), endpoint('a', address), plan);
    return run(target, new AbortController().signal);
  }),
);
process.stdout.write(`${JSON.stringify(observations.map(({ durationMs: _, ...observation }) => observation))}\n`);
