// A worker's opinion of one target: observations in, a vote out.
//
//                 success                              `fall` failures
//    no vote ─────────────────► up ◄─────────┐      no vote ─────────► down
//                               │            │ REMEMBERED_SUCCESSES (or `rise`)
//                               │ a failure  │ straight successes
//                               ▼            │
//                            suspect ────────┘
//                               │ `fall` failures, counted since it was last up
//                               ▼
//                              down ─────────► up   after `rise` straight successes
//
// The first failure is published at once, as `suspect`: other vantages then look for themselves. One success does not wipe
// failures out, or a target that loses every other check would never be found; several straight ones do. A target that was
// never seen has no vote until it is decided: not yet healthy is not failed.

import type { MonitorTiming } from '../model/monitor.ts';
import type { Vote } from './slot.ts';

/** One check's result. */
export type Observation = {
  readonly ok: boolean;
  /** Why it failed, for people; what was seen, when it succeeded. */
  readonly reason: string;
  readonly durationMs: number;
  /**
   * True: the check says nothing about the target, since it was not allowed or not able to look. The worker abstains,
   * with this reason, until a check says something.
   */
  readonly inconclusive?: boolean;
  /** Of a success: what will need somebody soon, e.g. `the certificate ends on 2027-03-01`. */
  readonly warning?: string;
  /** Of a success: what share of its weight the endpoint asks for, 0 to 100; absent: all of it. */
  readonly share?: number;
};

/** Straight successes after which earlier failures are forgotten; `rise`, where that is more. */
export const REMEMBERED_SUCCESSES = 3;

/** Looks again after this share of the interval while in doubt. */
export const RECHECK_SHARE = 1 / 4;
/** Never looks again sooner than this, counted from the start of the check before. */
export const MIN_RECHECK_MS = 50;

export type Opinion = {
  /** Undefined: not decided yet, nothing is published. */
  readonly vote: Vote | undefined;
  readonly reason: string;
  /** Not forgotten yet; at most `fall`. */
  readonly failures: number;
  /** Straight. */
  readonly successes: number;
};

export const NO_OPINION: Opinion = { vote: undefined, reason: '', failures: 0, successes: 0 };

/** The opinion after one more observation. */
export function updateOpinion(opinion: Opinion, observation: Observation, timing: MonitorTiming): Opinion {
  if (observation.inconclusive === true) return { ...NO_OPINION, vote: 'abstain', reason: observation.reason };
  return observation.ok ? addSuccess(opinion, timing) : addFailure(opinion, observation.reason, timing);
}

/** Whether the next observations may turn the vote. */
export function isInDoubt(opinion: Opinion): boolean {
  if (opinion.vote === 'down') return opinion.successes > 0;
  return opinion.failures > 0;
}

/**
 * Milliseconds from the start of one check to the start of the next while in doubt, and the least distance at any time: a
 * quarter of the interval, but at least MIN_RECHECK_MS and never more than the interval. So `fall` failures take
 * (fall - 1) / 4 intervals after the first, not fall - 1. A check that takes longer is followed by the next at once.
 */
export function recheckDelayMs(timing: MonitorTiming): number {
  return Math.min(timing.intervalMs, Math.max(MIN_RECHECK_MS, timing.intervalMs * RECHECK_SHARE));
}

function addSuccess(opinion: Opinion, timing: MonitorTiming): Opinion {
  const successes = opinion.successes + 1;
  switch (opinion.vote) {
    case undefined:
    case 'abstain':
    case 'up':
      return { vote: 'up', reason: '', failures: 0, successes };
    case 'suspect':
      return successes >= Math.max(REMEMBERED_SUCCESSES, timing.rise)
        ? { vote: 'up', reason: '', failures: 0, successes }
        : { ...opinion, successes };
    case 'down':
      return successes >= timing.rise ? { vote: 'up', reason: '', failures: 0, successes } : { ...opinion, successes };
  }
}

function addFailure(opinion: Opinion, reason: string, timing: MonitorTiming): Opinion {
  const failures = Math.min(opinion.failures + 1, timing.fall);
  const isDown = opinion.vote === 'down' || failures >= timing.fall;
  if (isDown) return { vote: 'down', reason, failures: timing.fall, successes: 0 };
  const wasUp = opinion.vote === 'up' || opinion.vote === 'suspect';
  return { vote: wasUp ? 'suspect' : undefined, reason, failures, successes: 0 };
}
