// What every part of the bench is given.

import type { Processes } from '../support/processes.ts';

export type BenchContext = {
  /** Ended and cleaned up when the part is over, or interrupted. */
  readonly processes: Processes;
  /** How often each server is measured, in turn with the others. */
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
  /** Tells whoever waits what is being done. */
  readonly say: (text: string) => void;
};
