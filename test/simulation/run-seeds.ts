// Many seeds, over several threads.

import { Worker } from 'node:worker_threads';
import type { Violation } from './oracle.ts';
import type { SeedReport, SeedThreadOptions } from './seed-thread.ts';

export type RunOptions = {
  readonly from: number;
  readonly count: number;
  readonly threads: number;
  readonly mutant?: string;
  /** Ends with the first violation. */
  readonly stopsAtFirst: boolean;
  readonly onProgress?: (seeds: number, violations: number) => void;
  readonly onViolation?: (found: FoundViolation) => void;
};

export type FoundViolation = { readonly seed: number; readonly violation: Violation };

export type RunResult = {
  readonly seeds: number;
  readonly events: number;
  /** By seed, rising. */
  readonly violations: readonly FoundViolation[];
};

/** A world is garbage when it is over: most of one fits, so that little is copied while it goes on. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 96 };

export async function runSeeds({
  from,
  count,
  threads,
  mutant,
  stopsAtFirst,
  onProgress,
  onViolation,
}: RunOptions): Promise<RunResult> {
  const violations: FoundViolation[] = [];
  let seeds = 0;
  let events = 0;
  const workers: Worker[] = [];
  const runThread = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const share = Math.ceil((count - index) / threads);
      const workerData: SeedThreadOptions = { from: from + index, step: threads, count: share, mutant };
      const worker = new Worker(new URL('seed-thread.ts', import.meta.url), {
        workerData,
        resourceLimits: RESOURCE_LIMITS,
      });
      workers.push(worker);
      worker.on('message', (report: SeedReport) => {
        if (report.kind === 'done') return resolve();
        if (report.kind === 'violation') {
          violations.push(report);
          onViolation?.(report);
          if (stopsAtFirst) for (const each of workers) void each.terminate();
        } else {
          seeds += report.seeds;
          events += report.events;
          onProgress?.(seeds, violations.length);
        }
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  await Promise.all(Array.from({ length: Math.min(threads, count) }, (_, index) => runThread(index)));
  return { seeds, events, violations: violations.sort((a, b) => a.seed - b.seed) };
}
