// How long a target usually takes to answer, and from when on a check is late: the estimate that TCP makes of its round trips
// (RFC 6298 section 2), for the same purpose. A late check says nothing yet, but it is reason to look again, here and elsewhere.
//
// Unlike TCP's, the estimate falls fast: a cold start, or one answer that was slow, would keep a worker from noticing anything
// for tens of checks, which are minutes. For the same reason deviations count up to half of the timeout only. And nothing is late
// before twice the usual: a target that was even for long has next to no deviation left, and is not in doubt for ten
// milliseconds more.

import type { MonitorTiming } from '../model/monitor.ts';

/** Both in milliseconds. */
export type UsualTime = { readonly meanMs: number; readonly deviationMs: number };

/** No check is late sooner than this: less is the noise of event loops, of garbage collection and of long ways. */
export const MIN_LATE_MS = 100;
/** Nor before its target would usually have answered so many times. */
export const MIN_LATE_ANSWERS = 2;
/** How unevenly a target answers puts lateness off up to this share of the timeout. */
export const MAX_DEVIATION_SHARE = 1 / 2;

/** RFC 6298 section 2: alpha, beta and K; alpha where an answer took longer than usual. */
const MEAN_GAIN = 1 / 8;
const FALLING_MEAN_GAIN = 1 / 2;
const DEVIATION_GAIN = 1 / 4;
const DEVIATIONS = 4;

/** Takes in how long a check took that succeeded. */
export function noteDuration(usual: UsualTime | undefined, durationMs: number): UsualTime {
  if (usual === undefined) return { meanMs: durationMs, deviationMs: durationMs / 2 };
  const { meanMs, deviationMs } = usual;
  const gain = durationMs < meanMs ? FALLING_MEAN_GAIN : MEAN_GAIN;
  return {
    meanMs: meanMs + gain * (durationMs - meanMs),
    deviationMs: deviationMs + DEVIATION_GAIN * (Math.abs(durationMs - meanMs) - deviationMs),
  };
}

/** Milliseconds after its start from which on a check is late. Undefined: it is not known, or not below the timeout. */
export function findLateMs(usual: UsualTime | undefined, timing: MonitorTiming): number | undefined {
  if (usual === undefined) return undefined;
  const { meanMs, deviationMs } = usual;
  const unevenMs = Math.min(meanMs + DEVIATIONS * deviationMs, timing.timeoutMs * MAX_DEVIATION_SHARE);
  const lateMs = Math.ceil(Math.max(MIN_LATE_MS, MIN_LATE_ANSWERS * meanMs, unevenMs));
  return lateMs < timing.timeoutMs ? lateMs : undefined;
}
