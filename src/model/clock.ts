// Time as an argument: what a worker, a node and a store know of it. Tests and simulations bring their own; processes have
// native/system-clock.ts.

export type Timer = { cancel(): void };

export type Clock = {
  /** Milliseconds that never go backwards, from any origin: all delays and ages are counted in these. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as the machine believes: for people, for expiries that they set, and to be out of phase by. */
  wallMs(): number;
  /** Runs `run` once, `delayMs` or a little more from now, unless cancelled before. */
  schedule(delayMs: number, run: () => void): Timer;
};

/**
 * Runs `run` at even distances until cancelled, without drift: a late turn does not put off the ones after it. Turns that
 * were missed altogether are not made up for.
 */
export function repeatEvery(clock: Clock, everyMs: number, run: () => void): Timer {
  let dueMs = clock.monotonicMs() + everyMs;
  let isCancelled = false;
  let timer = clock.schedule(everyMs, fire);
  return {
    cancel() {
      isCancelled = true;
      timer.cancel();
    },
  };

  function fire(): void {
    run();
    if (isCancelled) return;
    const nowMs = clock.monotonicMs();
    dueMs = Math.max(dueMs + everyMs, nowMs);
    timer = clock.schedule(dueMs - nowMs, fire);
  }
}
