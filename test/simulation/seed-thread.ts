// A thread that runs seeds: every `step`th from `from` on. The code is loaded only once the mutant, if any, is planted.

import { parentPort, workerData } from 'node:worker_threads';
import { plantMutant } from './mutants.ts';
import type { Violation } from './oracle.ts';

export type SeedThreadOptions = {
  readonly from: number;
  readonly step: number;
  readonly count: number;
  readonly mutant: string | undefined;
};

export type SeedReport =
  | { readonly kind: 'progress'; readonly seeds: number; readonly events: number }
  | { readonly kind: 'violation'; readonly seed: number; readonly violation: Violation }
  | { readonly kind: 'done' };

const REPORT_EVERY = 50;

const { from, step, count, mutant } = workerData as SeedThreadOptions;
const assertPlanted = mutant === undefined ? () => undefined : plantMutant(mutant);
const { runSeed } = await import('./run-seed.ts');
const { runInMacrotask } = await import('./settle.ts');
assertPlanted();

let events = 0;
let seeds = 0;
for (let index = 0; index < count; index++) {
  const outcome = await runInMacrotask(() => runSeed(from + index * step));
  events += outcome.events;
  seeds++;
  if (outcome.violation !== undefined) report({ kind: 'violation', seed: outcome.seed, violation: outcome.violation });
  if (seeds < REPORT_EVERY && index + 1 < count) continue;
  report({ kind: 'progress', seeds, events });
  [seeds, events] = [0, 0];
}
report({ kind: 'done' });

function report(words: SeedReport): void {
  parentPort?.postMessage(words);
}
