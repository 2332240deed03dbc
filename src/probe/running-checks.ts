// The checks of one target that are under way. Usually there is one; in doubt the next begins before the one before has ended,
// so that several that run into their timeout do so together. What they found counts in the order in which they began, but a
// failure waits for nobody, or a target that refuses now would be up for as long as the check lasts that it first kept silent
// on. A success that came early does wait: what began before it may yet fail, and straight successes are counted.

import type { Observation } from '../health/vote.ts';
import type { Timer } from '../model/clock.ts';

export type RunningCheck = {
  /** Monotonic. */
  readonly startedAtMs: number;
  readonly abort: AbortController;
  /** What is to happen if it goes on for long. */
  timer: Timer | undefined;
  observation: Observation | undefined;
};

export type CheckResult = { readonly startedAtMs: number; readonly observation: Observation };

export class RunningChecks {
  /** In the order in which they began; those that ended wait for the first. */
  #checks: RunningCheck[] = [];

  /** How many have not ended. */
  get count(): number {
    return this.#checks.reduce((count, { observation }) => count + (observation === undefined ? 1 : 0), 0);
  }

  begin(startedAtMs: number): RunningCheck {
    const check = { startedAtMs, abort: new AbortController(), timer: undefined, observation: undefined };
    this.#checks.push(check);
    return check;
  }

  /**
   * Takes the result of `check`, and returns those whose turn has come: of a failure, all up to it that have ended. None of a
   * check that was aborted.
   */
  end(check: RunningCheck, observation: Observation): readonly CheckResult[] {
    check.timer?.cancel();
    if (check.abort.signal.aborted) return [];
    check.observation = observation;
    const firstUnderWay = this.#checks.findIndex((each) => each.observation === undefined);
    const unhindered = firstUnderWay < 0 ? this.#checks.length : firstUnderWay;
    const turn = observation.ok ? unhindered : Math.max(unhindered, this.#checks.indexOf(check) + 1);
    const results: CheckResult[] = [];
    this.#checks = this.#checks.filter(({ startedAtMs, observation: found }, place) => {
      if (place >= turn || found === undefined) return true;
      results.push({ startedAtMs, observation: found });
      return false;
    });
    return results;
  }

  /** Ends all of them; their results are of no interest any more. */
  abort(): void {
    const checks = this.#checks;
    this.#checks = [];
    for (const { abort, timer } of checks) {
      timer?.cancel();
      abort.abort();
    }
  }
}
