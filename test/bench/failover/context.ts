// What every part of the failover bench is given.

import type { Processes } from '../../support/processes.ts';

export type FailoverContext = {
  /** Ended and cleaned up when the part is over, or interrupted. */
  readonly processes: Processes;
  /** A tenth of the trials, and of the time. */
  readonly isQuick: boolean;
  /** Tells whoever waits what is being done. */
  readonly say: (text: string) => void;
};
