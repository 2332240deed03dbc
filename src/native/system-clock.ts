// The machine's own time, as model/clock.ts wants it.

import type { Clock } from '../model/clock.ts';

export const systemClock: Clock = createSystemClock(true);

/** Its timers alone keep no process alive: sockets and servers do. */
export const backgroundClock: Clock = createSystemClock(false);

function createSystemClock(keepsAlive: boolean): Clock {
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    schedule(delayMs, run) {
      // A timer would wait for a millisecond.
      if (delayMs <= 0) {
        const immediate = setImmediate(run);
        if (!keepsAlive) immediate.unref();
        return { cancel: () => clearImmediate(immediate) };
      }
      const timer = setTimeout(run, delayMs);
      if (!keepsAlive) timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
