// The disk of a process, which outlives it: holds one revision. It may be full, or tear what is being written when the power
// fails; the file that was there before stands in the first case, and is found damaged in the second.

import type { Revision } from '../../src/model/revision.ts';
import type { PersistedRead, RevisionDisk } from '../../src/store/persisted-revision.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';

const WRITE_MS = [1, 8] as const;

export class SimulatedDisk {
  isFull = false;
  /** What is being written when its process ends is torn, not left out. */
  isTearing = false;
  #kept: PersistedRead<Revision> = { status: 'absent' };
  #writing = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** As seen by one life of the process. */
  open(process: SimulatedProcess): RevisionDisk {
    const { clock } = process;
    return {
      read: async () => this.#kept,
      write: (revision) =>
        new Promise((resolve, reject) => {
          if (this.isFull) {
            reject(new Error('ENOSPC: no space left on device'));
            return;
          }
          this.#writing++;
          clock.schedule(this.#random.between(...WRITE_MS), () => {
            this.#writing--;
            this.#kept = { status: 'read', value: revision };
            resolve();
          });
        }),
    };
  }

  /** The process that writes to it has ended. */
  loseProcess(): void {
    if (this.#writing > 0 && this.isTearing) {
      this.#kept = { status: 'damaged', problems: [{ path: '/', message: 'torn' }] };
    }
    this.#writing = 0;
  }

  wipe(): void {
    this.#kept = { status: 'absent' };
    this.#writing = 0;
  }
}
