// One target as a worker knows it, and what the worker says of it.

import type { TargetVote, Vote } from '../health/slot.ts';
import type { Target } from '../health/target.ts';
import { inheritDown, NO_OPINION, type Observation, type Opinion } from '../health/vote.ts';
import type { MonitorTiming } from '../model/monitor.ts';
import type { Urgency } from './check-pool.ts';
import { RunningChecks } from './running-checks.ts';
import type { UsualTime } from './usual-time.ts';

/** So many times `fall` failures in a row that cannot be believed, and the worker does not go on saying that a target is up. */
export const HELD_UP_FALLS = 2;

/** Of the timeout: clocks and timers are not that exact. */
const RAN_OUT_SHARE = 0.95;

const HELD_UP_REASON = 'the worker is held up again and again, and does not trust the failures that it sees';

export type Watch = {
  target: Target;
  phaseMs: number;
  opinion: Opinion;
  /** When the last check began (monotonic). */
  startedAtMs: number;
  readonly running: RunningChecks;
  usual: UsualTime | undefined;
  /** Its last check ran into the timeout. */
  isSilent: boolean;
  /** Why it is suspected although no check has failed yet. */
  lateness: string | undefined;
  /** When its failures began (monotonic): it may be voted down once the anchors answered after that. */
  doubtedAtMs: number;
  /** The failure that turns it down, once that may count. */
  deferred: Observation | undefined;
  /** Failures in a row that the worker's own delay may have caused. */
  heldUp: number;
};

export function beginWatch(target: Target, phaseMs: number): Watch {
  return {
    target,
    phaseMs,
    opinion: NO_OPINION,
    startedAtMs: Number.NEGATIVE_INFINITY,
    running: new RunningChecks(),
    usual: undefined,
    isSilent: false,
    lateness: undefined,
    doubtedAtMs: Number.NEGATIVE_INFINITY,
    deferred: undefined,
    heldUp: 0,
  };
}

/** Whoever looked at the target before, in this vantage, said so. Only a first check goes on from it. */
export function inheritVote(watch: Watch, earlier: TargetVote | undefined): void {
  if (watch.opinion === NO_OPINION && earlier?.vote === 'down') watch.opinion = inheritDown(earlier.reason);
}

/** As if what failed since it was last decided had not been looked at. */
export function forgetDoubt(watch: Watch): void {
  watch.lateness = undefined;
  watch.deferred = undefined;
  const { opinion } = watch;
  if (opinion.vote === 'suspect') watch.opinion = { ...opinion, vote: 'up', reason: '', doubt: 0 };
  else if (opinion.vote !== 'down' && opinion.doubt > 0) watch.opinion = { ...opinion, doubt: 0 };
}

/** Notes a failure that cannot be believed; returns what to conclude once there were too many of them. */
export function noteHeldUp(watch: Watch, observation: Observation): Observation | undefined {
  watch.heldUp++;
  if (!mayTurnDown(watch.opinion) || watch.heldUp < HELD_UP_FALLS * watch.target.timing.fall) return undefined;
  return { ...observation, inconclusive: true, reason: HELD_UP_REASON };
}

/** The vote for the slot; undefined where there is none. `abstention` is why the worker trusts none of its checks, if so. */
export function publishVote(watch: Watch, abstention: string | undefined): TargetVote | undefined {
  const target = watch.target.id;
  const { vote, reason, share } = watch.opinion;
  if (vote === undefined) return undefined;
  if (abstention !== undefined) return { target, vote: 'abstain', reason: abstention };
  const asked = share === undefined ? {} : { share };
  return vote === 'up' && watch.lateness !== undefined
    ? { target, vote: 'suspect', reason: watch.lateness, ...asked }
    : { target, vote, reason, ...asked };
}

/** What it takes to look at it again. A check beside another is of a target that keeps silent just now. */
export function findUrgency({ opinion, isSilent, running }: Watch): Urgency {
  if (opinion.vote === 'down') return 'down';
  return isSilent || running.count > 0 ? 'silent' : 'prompt';
}

/** Whether a check that took so long, and failed, was ended by its timeout. */
export function ranOut({ ok, durationMs }: Observation, { timeoutMs }: MonitorTiming): boolean {
  return !ok && durationMs >= RAN_OUT_SHARE * timeoutMs;
}

/** Only where something is to be lost is there a hurry. */
export function mayTurnDown({ vote }: Opinion): boolean {
  return vote === 'up' || vote === 'suspect';
}

/** Whether what another vantage says is reason to look for ourselves. */
export function contradicts(theirs: Vote, ours: Vote | undefined): boolean {
  if (theirs === 'up') return ours === 'down';
  return (theirs === 'suspect' || theirs === 'down') && ours === 'up';
}
