// Finds out what each new snapshot changed in the zones that others copy, after it is served and a piece at a time, so that
// nothing waits for it. One comparison at a time: snapshots that come meanwhile are passed over but for the last one, and
// whoever has their serial gets whole zones.

import { setImmediate as giveWay } from 'node:timers/promises';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { diffZones } from '../transfer/diff-zones.ts';
import { type JournalStep, MAX_CHANGE_BYTES } from '../transfer/journal.ts';
import { pairZones } from '../transfer/pair-zones.ts';

export type ChangeRecorderDependencies = {
  /** Called with each step, the first of which has no changes. */
  readonly onStep: (step: JournalStep, snapshot: Snapshot) => void;
  readonly onError: (error: Error) => void;
};

export class ChangeRecorder {
  readonly #dependencies: ChangeRecorderDependencies;
  #recorded: Snapshot | undefined;
  #waiting: Snapshot | undefined;
  #working: Promise<void> | undefined;
  #isClosed = false;

  constructor(dependencies: ChangeRecorderDependencies) {
    this.#dependencies = dependencies;
  }

  /** The snapshot is served from now on. Returns at once. */
  note(snapshot: Snapshot): void {
    this.#waiting = snapshot;
    this.#working ??= this.#work();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#waiting !== undefined && !this.#isClosed) {
      const after = this.#waiting;
      this.#waiting = undefined;
      try {
        await this.#record(after);
      } catch (error) {
        this.#tell(error);
      }
    }
    this.#working = undefined;
  }

  async #record(after: Snapshot): Promise<void> {
    const before = this.#recorded;
    // The same revision with another map of clients: to secondaries nothing is different.
    if (before?.serial === after.serial) return;
    this.#recorded = after;
    const step = before === undefined ? { changes: [], resets: [] } : await this.#compareOrReset(before, after);
    if (!this.#isClosed) this.#dependencies.onStep({ serial: after.serial, ...step }, after);
  }

  /** What could not be found out must not look like no change at all: every zone is then copied whole. */
  async #compareOrReset(before: Snapshot, after: Snapshot): Promise<Omit<JournalStep, 'serial'>> {
    try {
      return await this.#compare(before, after);
    } catch (error) {
      this.#tell(error);
      return { changes: [], resets: [...new Set([...before.zones.names, ...after.zones.names])] };
    }
  }

  #tell(error: unknown): void {
    this.#dependencies.onError(error instanceof Error ? error : new Error(String(error)));
  }

  async #compare(before: Snapshot, after: Snapshot): Promise<Omit<JournalStep, 'serial'>> {
    const { pairs, unpaired } = pairZones(before, after);
    const changes: JournalStep['changes'][number][] = [];
    const resets = [...unpaired];
    for (const [index, { zone, before: old, after: fresh }] of pairs.entries()) {
      const difference = diffZones(old, fresh, MAX_CHANGE_BYTES);
      let turn = difference.next();
      for (; turn.done !== true && !this.#isClosed; turn = difference.next()) await giveWay();
      if (turn.done !== true) break;
      if (turn.value === 'too-large') resets.push(zone);
      else if (turn.value !== undefined) changes.push({ zone, ...turn.value });
      // Zones may be many and small.
      if (index % ZONES_PER_TURN === ZONES_PER_TURN - 1) await giveWay();
    }
    return { changes, resets };
  }
}

const ZONES_PER_TURN = 64;
