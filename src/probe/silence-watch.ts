// Sees to it that a target which keeps silent is found out as soon as one that refuses, but for the timeout itself. While a
// check goes on that should have been answered, the next ones begin a recheck's distance apart; and as soon as it is late,
// others hear of it.

import { isInDoubt, recheckDelayMs } from '../health/vote.ts';
import type { Timer } from '../model/clock.ts';
import type { RunningCheck } from './running-checks.ts';
import { findLateMs } from './usual-time.ts';
import { mayTurnDown, type Watch } from './watch.ts';

/** Timers that are late by no more than this are in time. */
const TIMER_SLACK_MS = 20;

export type SilenceWatchDependencies = {
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, run: () => void) => Timer;
  /** The check has gone on for `lateMs`: longer than its target usually takes. */
  readonly onLate: (watch: Watch, lateMs: number) => void;
  /** Another check may begin beside those that go on; false: there is no room now, and it is to be asked again. */
  readonly onSilent: (watch: Watch) => boolean;
};

/** Returns what is to be called when a check begins; its end cancels the check's timer. */
export function createSilenceWatch(
  dependencies: SilenceWatchDependencies,
): (watch: Watch, check: RunningCheck) => void {
  const { nowMs, schedule, onLate, onSilent } = dependencies;
  return (watch, check) => {
    if (!mayTurnDown(watch.opinion)) return;
    const { timing } = watch.target;
    const recheckMs = recheckDelayMs(timing);
    if (watch.lateness !== undefined || isInDoubt(watch.opinion, timing)) {
      whileSilent(watch, check, recheckMs);
      return;
    }
    const lateMs = findLateMs(watch.usual, timing);
    if (lateMs === undefined) return;
    whenDue(check, lateMs, () => {
      onLate(watch, lateMs);
      whileSilent(watch, check, Math.max(0, recheckMs - lateMs));
    });
  };

  function whileSilent(watch: Watch, check: RunningCheck, delayMs: number): void {
    check.timer = schedule(delayMs, () => {
      if (!onSilent(watch)) whileSilent(watch, check, recheckDelayMs(watch.target.timing));
    });
  }

  /**
   * After a pause of the event loop timers come first and answers that lie there are read next: whoever would be late by then
   * is given as much time again as the loop was held up, or one pause would make suspects of all that were being checked.
   */
  function whenDue(check: RunningCheck, delayMs: number, run: () => void): void {
    const dueMs = nowMs() + delayMs;
    check.timer = schedule(delayMs, () => {
      const overdueMs = nowMs() - dueMs;
      if (overdueMs > TIMER_SLACK_MS) whenDue(check, overdueMs, run);
      else run();
    });
  }
}
