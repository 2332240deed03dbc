// One seed from beginning to end.

import { readMeaning } from './documents.ts';
import { scheduleFaults } from './faults.ts';
import type { Violation } from './oracle.ts';
import { CONVERGENCE_MS, createPlan } from './plan.ts';
import { settle } from './settle.ts';
import { type Trace, World } from './world.ts';

export type Outcome = {
  readonly seed: number;
  readonly events: number;
  readonly violation: Violation | undefined;
};

/** Must be called from a macrotask: see settle.ts. Whatever is thrown is a bug, of the simulation or of what it runs. */
export function runSeed(seed: number, trace?: Trace): Outcome {
  const plan = createPlan(seed);
  const world = new World(plan, trace);
  const { queue, oracle } = world;
  for (const { start } of world.members.values()) start();
  scheduleFaults(world, plan);
  queue.plan(plan.healMs + CONVERGENCE_MS, () => checkRevisions(world));
  queue.plan(plan.endMs, () => oracle.checkVerdicts(plan.dnsNodes.map((name) => world.servingOf(name))));
  settle();
  while (oracle.violation === undefined && queue.runNext(plan.endMs)) settle();
  return { seed, events: queue.count, violation: oracle.violation };
}

function checkRevisions({ network: { redis }, oracle, members }: World): void {
  const head = redis.readHead();
  const manifest = head && redis.readManifest(head);
  oracle.checkRevisions(
    manifest,
    [...members.values()].map(({ process, revision }) => ({ name: process.name, id: revision() })),
  );
  if (manifest === undefined) return;
  const objects = redis.readObjects(Object.values(manifest.objects));
  oracle.checkCommits(readMeaning({ manifest, objects }).number);
}
