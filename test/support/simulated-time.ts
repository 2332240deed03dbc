// A clock whose time passes only when a test says so: timers fire in order, and whatever they set off settles in between.

import type { Clock } from '../../src/model/clock.ts';

export type SimulatedTime = {
  readonly clock: Clock;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
  /** Lets `ms` pass at once, as when the process is held up: timers fire only afterwards. */
  stall(ms: number): void;
  nowMs(): number;
};

export function simulateTime(startMs = 0): SimulatedTime {
  let nowMs = startMs;
  let order = 0;
  const timers = new Set<{ readonly atMs: number; readonly order: number; readonly run: () => void }>();

  const clock: Clock = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    schedule(delayMs, run) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), order: order++, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
  };

  return {
    clock,
    async pass(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (let next = takeNext(untilMs); next !== undefined; next = takeNext(untilMs)) {
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
        await settle();
      }
      nowMs = Math.max(nowMs, untilMs);
    },
    stall(ms) {
      nowMs += ms;
    },
    nowMs: () => nowMs,
  };

  function takeNext(untilMs: number) {
    let first: { readonly atMs: number; readonly order: number; readonly run: () => void } | undefined;
    for (const timer of timers) {
      const isSooner =
        first === undefined || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order);
      if (timer.atMs <= untilMs && isSooner) first = timer;
    }
    if (first !== undefined) timers.delete(first);
    return first;
  }
}

/** Lets every promise that can settle do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
