// Whether this process can trust its own eyes. When the event loop is held up, answers that came in time are read too late
// and look like failures. So failures that overlap a delay are not believed, and a worker that lost more than a heartbeat
// in the last few abstains altogether, until it has kept up again.

import { STALE_AFTER_HEARTBEATS } from '../health/liveness.ts';

/** How often the delay is measured. */
export const LAG_TICK_MS = 100;

/** Delays below this are ordinary: garbage collection, a burst of work. */
export const DEFAULT_TOLERATED_LAG_MS = 200;

export type LagOptions = { readonly toleratedLagMs: number; readonly heartbeatMs: number };

/** One delay, when it was noticed (monotonic). At most one a tick, and only those of the last few heartbeats. */
type Delay = { readonly atMs: number; readonly lagMs: number };

export type LagState = {
  /** When the next tick should come (monotonic). */
  readonly expectedAtMs: number;
  readonly delays: readonly Delay[];
};

export function startLagWatch(nowMs: number): LagState {
  return { expectedAtMs: nowMs + LAG_TICK_MS, delays: [] };
}

/** The state after a tick at `nowMs`. */
export function noteTick(state: LagState, nowMs: number, options: LagOptions): LagState {
  const lagMs = nowMs - state.expectedAtMs;
  const sinceMs = nowMs - STALE_AFTER_HEARTBEATS * options.heartbeatMs;
  const recent = state.delays.filter((delay) => delay.atMs > sinceMs);
  const delays = lagMs > options.toleratedLagMs ? [...recent, { atMs: nowMs, lagMs }] : recent;
  return { expectedAtMs: nowMs + LAG_TICK_MS, delays };
}

/** Whether a check that began at `startedAtMs` and ends now was held up: also when the tick itself is still overdue. */
export function wasHeldUp(state: LagState, startedAtMs: number, nowMs: number, options: LagOptions): boolean {
  if (nowMs - state.expectedAtMs > options.toleratedLagMs) return true;
  return state.delays.some((delay) => delay.atMs >= startedAtMs);
}

/** Whether the worker should abstain: a heartbeat or more was lost within the time after which it would count as stale. */
export function isLagging(state: LagState, options: LagOptions): boolean {
  const lostMs = state.delays.reduce((sum, delay) => sum + delay.lagMs, 0);
  return lostMs >= options.heartbeatMs;
}
