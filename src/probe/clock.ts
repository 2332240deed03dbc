// Time as an argument: what the worker and its schedule know of it. Tests and simulations bring their own.

export type Timer = { cancel(): void };

export type Clock = {
  /** Milliseconds that never go backwards, from any origin: all delays and ages are counted in these. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as the machine believes: only lets vantages run out of phase with each other. */
  wallMs(): number;
  /** Runs `run` once, `delayMs` or a little more from now, unless cancelled before. */
  schedule(delayMs: number, run: () => void): Timer;
};

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, run) {
    const timer = setTimeout(run, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(timer) };
  },
};
