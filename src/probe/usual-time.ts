// How long a target usually takes to answer, and from when on a check is late: the estimate that TCP makes of its round trips
// (RFC 6298 section 2), for the same purpose, but never less than twice the usual: a target that was even for long has next to
// no deviation left, and is not in doubt for ten milliseconds more. A late check says nothing yet, but it is reason to look
// again, here and elsewhere.

import type { MonitorTiming } from '../model/monitor.ts';

/** Both in milliseconds. */
export type UsualTime = { readonly meanMs: number; readonly deviationMs: number };

/** No check is late sooner than this: less is the noise of event loops, of garbage collection and of long ways. */
export const MIN_LATE_MS = 100;
/** Nor before its target would usually have answered so many times. */
export const MIN_LATE_ANSWERS = 2;

/** RFC 6298 section 2: alpha, beta and K. */
const MEAN_GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;
const DEVIATIONS = 4;

/** Takes in how long a check took that succeeded. */
export function noteDuration(usual: UsualTime | undefined, durationMs: number): UsualTime {
  if (usual === undefined) return { meanMs: durationMs, deviationMs: durationMs / 2 };
  const { meanMs, deviationMs } = usual;
  return {
    meanMs: meanMs + MEAN_GAIN * (durationMs - meanMs),
    deviationMs: deviationMs + DEVIATION_GAIN * (Math.abs(durationMs - meanMs) - deviationMs),
  };
}

/** Milliseconds after its start from which on a check is late. Undefined: it is not known, or not below the timeout. */
export function findLateMs(usual: UsualTime | undefined, timing: MonitorTiming): number | undefined {
  if (usual === undefined) return undefined;
  const { meanMs, deviationMs } = usual;
  const lateMs = Math.ceil(Math.max(MIN_LATE_MS, MIN_LATE_ANSWERS * meanMs, meanMs + DEVIATIONS * deviationMs));
  return lateMs < timing.timeoutMs ? lateMs : undefined;
}
