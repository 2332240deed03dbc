// Targets that go down again and again stay down longer: each recovery sends clients to them, and each fall fails some. The
// first fall costs nothing more than it always did; each further one doubles the time that the target stays down at least,
// counted from that fall, up to the monitor's `maxHoldDown`. A target that was up for long enough starts anew.
//
//   falls       1    2    3     4     5     6      7      8
//   held down   -    5 s  10 s  20 s  40 s  80 s   160 s  300 s      (an interval up to 5 s, the default maxHoldDown)

import type { MonitorTiming } from '../model/monitor.ts';

/** What a second fall costs; an interval, where that is more. */
export const FIRST_HOLD_DOWN_MS = 5_000;

/** Falls are forgotten after so many times `maxHoldDown` of being up: twice what the worst flapper is held down for. */
export const FORGET_AFTER_HOLD_DOWNS = 2;

/** What is remembered of a target's falls. All times are monotonic. */
export type Falls = {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** When it came up after the last one; undefined: it is down. */
  readonly upAtMs: number | undefined;
};

type Limits = Pick<MonitorTiming, 'intervalMs' | 'maxHoldDownMs'>;

/** After a vote turned down at `nowMs`. One that was not up since is no further fall. */
export function noteFall(falls: Falls | undefined, nowMs: number, { maxHoldDownMs }: Limits): Falls {
  const first: Falls = { count: 1, firstAtMs: nowMs, lastAtMs: nowMs, upAtMs: undefined };
  if (falls === undefined) return first;
  if (falls.upAtMs === undefined) return falls;
  if (nowMs - falls.upAtMs >= FORGET_AFTER_HOLD_DOWNS * maxHoldDownMs) return first;
  return { count: falls.count + 1, firstAtMs: falls.firstAtMs, lastAtMs: nowMs, upAtMs: undefined };
}

/** While the vote is up, at `nowMs`: since when is kept. */
export function noteRise(falls: Falls | undefined, nowMs: number): Falls | undefined {
  return falls === undefined || falls.upAtMs !== undefined ? falls : { ...falls, upAtMs: nowMs };
}

/** Milliseconds that a target which is down stays so at least from now on, however well it answers; 0: it may be up. */
export function heldDownForMs(falls: Falls | undefined, nowMs: number, limits: Limits): number {
  if (falls === undefined || falls.upAtMs !== undefined || falls.count < 2) return 0;
  const firstMs = Math.max(FIRST_HOLD_DOWN_MS, limits.intervalMs);
  const holdMs = Math.min(limits.maxHoldDownMs, firstMs * 2 ** (falls.count - 2));
  return Math.max(0, falls.lastAtMs + holdMs - nowMs);
}

/** In tens of seconds, so that it is not news at every check. */
export function describeHoldDown(falls: Falls, remainingMs: number, nowMs: number): string {
  const seconds = Math.ceil(remainingMs / 10_000) * 10;
  const minutes = Math.ceil((nowMs - falls.firstAtMs) / 60_000);
  const within = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return `answers again, held down for up to ${seconds} s more: it went down ${falls.count} times in ${within}`;
}
