// A worker's opinion of one target: observations in, a vote out.
//
//                 success                              `fall` failures
//    no vote ─────────────────► up ◄─────────┐      no vote ─────────► down
//                               │            │ REMEMBERED_SUCCESSES (or `rise`)
//                               │ a failure  │ straight successes
//                               ▼            │
//                            suspect ────────┘
//                               │ `fall` failures, less a third of one for every success since it was last up
//                               ▼
//                              down ─────────► up   after `rise` straight successes
//
//      any ── could not look ──► abstain ── could look ──► as if it had looked all the time
//
// The first failure is published at once, as `suspect`: other vantages then look for themselves. One success does not wipe
// failures out, or a target that loses every other check would never be found; several straight ones do. Each makes up for
// a third of a failure: counted in full, failures that a lossy path spreads over some checks make a vote that is wrong, and
// now and then two of three at once (docs/decisions/0030). So a target that loses a third of its checks goes down for
// certain, and one that loses a twentieth hardly ever. What has just gone down is looked at some more times in quick
// succession, so that such a mistake is short. A target that was never seen has no vote until it is decided: not yet healthy
// is not failed. Who goes down again and again stays down longer: see hold-down.ts.

import type { MonitorTiming } from '../model/monitor.ts';
import { describeHoldDown, type Falls, heldDownForMs, noteFall, noteRise } from './hold-down.ts';
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

/** What a failure adds to the doubt, and a success takes from it. */
const FAILURE_WEIGHT = 3;
const SUCCESS_WEIGHT = 1;

/** What has just gone down is looked at quickly until it has failed so many times as often as it took. */
const DOUBTED_FALLS = 2;

/** Looks again after this share of the interval while in doubt. */
export const RECHECK_SHARE = 1 / 4;
/** Never looks again sooner than this, counted from the start of the check before. */
export const MIN_RECHECK_MS = 50;

export type Opinion = {
  /** Undefined: not decided yet, nothing is published. */
  readonly vote: Vote | undefined;
  readonly reason: string;
  /** As in a TargetVote: below 100. */
  readonly share?: number;
  /** FAILURE_WEIGHT for each failure that is not forgotten yet, less SUCCESS_WEIGHT for each success since. */
  readonly doubt: number;
  /** Straight. */
  readonly successes: number;
  /** Absent: it has not gone down yet, as far as is remembered. */
  readonly falls?: Falls | undefined;
  /** What the next check that could look goes on from, where `vote` is none of these. */
  readonly before?: Before | undefined;
};

type Before = { readonly vote: 'up' | 'down'; readonly reason: string };

export const NO_OPINION: Opinion = { vote: undefined, reason: '', doubt: 0, successes: 0 };

/** Of a target that whoever looked at it before has called down: nothing is published before a check, but a success is the first of `rise`. */
export function inheritDown(reason: string): Opinion {
  return { ...NO_OPINION, before: { vote: 'down', reason } };
}

/** The opinion after one more observation, at `nowMs` (monotonic). */
export function updateOpinion(
  opinion: Opinion,
  observation: Observation,
  timing: MonitorTiming,
  nowMs: number,
): Opinion {
  if (observation.inconclusive === true) {
    const { falls } = opinion;
    return { ...NO_OPINION, vote: 'abstain', reason: observation.reason, falls, before: beforeOf(opinion) };
  }
  const resumed = resume(opinion, timing);
  return observation.ok
    ? addSuccess(resumed, observation, timing, nowMs)
    : addFailure(resumed, observation, timing, nowMs);
}

function beforeOf({ vote, reason, before }: Opinion): Before | undefined {
  if (vote === 'down') return { vote, reason };
  return vote === 'up' || vote === 'suspect' ? { vote: 'up', reason: '' } : before;
}

/** What was down for long enough needs no quick looks. */
function resume(opinion: Opinion, timing: MonitorTiming): Opinion {
  const { before, ...rest } = opinion;
  if (before === undefined) return opinion;
  return { ...rest, ...before, doubt: before.vote === 'down' ? DOUBTED_FALLS * doubtOfFall(timing) : opinion.doubt };
}

/** Whether one more failure turns the vote down. */
export function wouldTurnDown(opinion: Opinion, timing: MonitorTiming): boolean {
  if (opinion.vote === 'down') return false;
  return opinion.before?.vote === 'down' || opinion.doubt + FAILURE_WEIGHT >= doubtOfFall(timing);
}

function doubtOfFall({ fall }: MonitorTiming): number {
  return FAILURE_WEIGHT * fall;
}

/** Whether the next observations may turn the vote. While held down they cannot, however good they are. */
export function isInDoubt(opinion: Opinion, timing: MonitorTiming): boolean {
  if (opinion.vote === 'down') {
    if (opinion.successes > 0) return opinion.successes < timing.rise;
    return opinion.doubt < DOUBTED_FALLS * doubtOfFall(timing);
  }
  return opinion.vote === 'suspect' || opinion.doubt > 0;
}

/**
 * Milliseconds from the start of one check to the start of the next while in doubt, and the least distance at any time: a
 * quarter of the interval, but at least MIN_RECHECK_MS and never more than the interval. So `fall` failures take
 * (fall - 1) / 4 intervals after the first, not fall - 1. A check that takes longer goes on beside the next.
 */
export function recheckDelayMs(timing: MonitorTiming): number {
  return Math.min(timing.intervalMs, Math.max(MIN_RECHECK_MS, timing.intervalMs * RECHECK_SHARE));
}

function addSuccess(opinion: Opinion, observation: Observation, timing: MonitorTiming, nowMs: number): Opinion {
  const successes = opinion.successes + 1;
  const { falls } = opinion;
  const up: Opinion = {
    vote: 'up',
    reason: observation.warning ?? '',
    doubt: 0,
    successes,
    falls: noteRise(falls, nowMs),
    ...shareOf(observation),
  };
  switch (opinion.vote) {
    case 'up':
      return up;
    case undefined:
    case 'abstain':
      return up;
    case 'suspect': {
      if (successes >= Math.max(REMEMBERED_SUCCESSES, timing.rise)) return up;
      const { vote, reason } = opinion;
      const doubt = Math.max(0, opinion.doubt - SUCCESS_WEIGHT);
      return { vote, reason, doubt, successes, falls, ...shareOf(observation) };
    }
    case 'down': {
      if (successes < timing.rise) return { ...opinion, successes };
      return keepDown(falls, successes, timing, nowMs) ?? up;
    }
  }
}

/** Undefined: nothing keeps it down. */
function keepDown(
  falls: Falls | undefined,
  successes: number,
  timing: MonitorTiming,
  nowMs: number,
): Opinion | undefined {
  const heldMs = heldDownForMs(falls, nowMs, timing);
  if (falls === undefined || heldMs === 0) return undefined;
  const reason = describeHoldDown(falls, heldMs, nowMs);
  return { vote: 'down', reason, doubt: DOUBTED_FALLS * doubtOfFall(timing), successes, falls };
}

function addFailure(opinion: Opinion, observation: Observation, timing: MonitorTiming, nowMs: number): Opinion {
  const { reason } = observation;
  const { falls } = opinion;
  const wasUp = opinion.vote === 'up' || opinion.vote === 'suspect';
  const isDown = opinion.vote === 'down' || wouldTurnDown(opinion, timing);
  const doubt = Math.min(opinion.doubt + FAILURE_WEIGHT, DOUBTED_FALLS * doubtOfFall(timing));
  if (isDown) {
    // Never yet healthy is no fall.
    const fallen = wasUp ? noteFall(falls, nowMs, timing) : falls;
    return { vote: 'down', reason, doubt, successes: 0, falls: fallen };
  }
  // A check that failed says nothing of the share: while suspect, a target keeps what it asked for last.
  const share = shareOf(observation.share === undefined ? opinion : observation);
  return { vote: wasUp ? 'suspect' : undefined, reason, doubt, successes: 0, falls, ...share };
}

function shareOf({ share }: { readonly share?: number }): { readonly share?: number } {
  return share === undefined || share >= 100 ? {} : { share };
}
