// The checks of one target that are under way. Usually there is one; in doubt the next begins before the one before has ended,
// so that several that run into their timeout do so together. What they found counts in the order in which they began: a
// result that came early waits for those of checks that began before it.

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

  /** Takes the result of `check`, and returns those whose turn has come. None of a check that was aborted. */
  end(check: RunningCheck, observation: Observation): readonly CheckResult[] {
    check.timer?.cancel();
    if (check.abort.signal.aborted) return [];
    check.observation = observation;
    const results: CheckResult[] = [];
    for (let first = this.#checks[0]; first?.observation !== undefined; first = this.#checks[0]) {
      this.#checks.shift();
      results.push({ startedAtMs: first.startedAtMs, observation: first.observation });
    }
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
