// Keeps the newest slot of a worker while it is on its way to the store, so that whoever cannot hear of it there may ask the
// worker itself (slot-server.ts). A worker that starts while no store answers takes an epoch by its own clock: epochs
// are the store's time in milliseconds otherwise, so that it is greater than what came before unless the clock is behind.
// Should the store know a greater one it refuses the slot, and the worker allocates again.

import { compareSlotVersions } from '../../health/merge-slots.ts';
import type { Slot } from '../../health/slot.ts';
import type { Clock } from '../../model/clock.ts';
import type { HealthStore } from '../health-store.ts';

export type LatestSlot = {
  /** The store, to be written to in the place of the one that was given. */
  readonly health: HealthStore;
  /** Undefined before the first write, and after the worker has taken its slot back. */
  read(): Slot | undefined;
};

/** How long the store is waited for before a worker takes an epoch by its own clock. */
export const OWN_EPOCH_AFTER_MS = 1000;

export function keepLatestSlot(health: HealthStore, clock: Clock): LatestSlot {
  let latest: Slot | undefined;
  let lastEpoch = 0;
  return {
    read: () => latest,
    health: {
      ...health,
      async allocateEpoch(id) {
        const epoch = await withinTime(health.allocateEpoch(id), clock).catch(() => clock.wallMs());
        lastEpoch = Math.max(epoch, lastEpoch + 1);
        return lastEpoch;
      },
      writeSlot(slot, delta) {
        if (latest === undefined || compareSlotVersions(slot, latest) > 0) latest = slot;
        return health.writeSlot(slot, delta);
      },
      removeSlot(id) {
        latest = undefined;
        return health.removeSlot(id);
      },
    },
  };
}

function withinTime<Value>(promise: Promise<Value>, clock: Clock): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(OWN_EPOCH_AFTER_MS, () => reject(new Error('the store does not answer')));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
