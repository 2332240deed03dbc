// One check's frame: it settles exactly once, within its time whatever the other side does, never throws, and lets go of
// what it holds. The kinds of check only say what to begin and what to conclude from what they see.

import type { Target } from '../health/target.ts';
import type { Observation } from '../health/vote.ts';
import { isOwnFailure, nameError } from './name-error.ts';

export type CheckOptions = {
  /** The IP address to connect to: resolved and allowed beforehand, so that nothing resolves anew in between. */
  readonly address: string;
  /** The whole check, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Ends the check early; its result is of no interest then. */
  readonly signal: AbortSignal;
};

export type CheckKind = (target: Target, options: CheckOptions) => Promise<Observation>;

export type Conclusion = Pick<Observation, 'ok' | 'reason' | 'share'>;

/** What a running check reports with. After the first conclusion all else is ignored. */
export type Witness = {
  conclude(conclusion: Conclusion): void;
  succeed(seen: string): void;
  fail(reason: string): void;
  /** This worker is not able to look, and why: it says nothing about the target. */
  abstain(reason: string): void;
  failWith(error: unknown): void;
  /** Goes with a success, should there be one. */
  warn(warning: string): void;
  /** What it is doing now, e.g. `connecting`: named should time run out. */
  enter(stage: string): void;
};

/** What a check reads of an answer at most, in bytes: five times 1,024. */
export const MAX_ANSWER_BYTES = 5_120;

/** `begin` starts the check and returns what ends it: called once, when the check is decided. */
export function observe(
  { timeoutMs, signal }: Pick<CheckOptions, 'timeoutMs' | 'signal'>,
  begin: (witness: Witness) => () => void,
): Promise<Observation> {
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    let stage = 'starting';
    let warning: string | undefined;
    let isSettled = false;
    let release: (() => void) | undefined;
    const timer = setTimeout(() => settle({ ok: false, reason: `timed out while ${stage}` }), timeoutMs);
    const abort = () => settle({ ok: false, reason: 'aborted', inconclusive: true });
    signal.addEventListener('abort', abort, { once: true });

    const settle = (result: Omit<Observation, 'durationMs'>) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      release?.();
      const warned = result.ok && warning !== undefined ? { warning } : {};
      resolve({ ...result, ...warned, durationMs: performance.now() - startedAtMs });
    };
    const failWith = (error: unknown) =>
      settle({ ok: false, reason: nameError(error), ...(isOwnFailure(error) ? { inconclusive: true } : {}) });

    if (signal.aborted) {
      abort();
      return;
    }
    try {
      release = begin({
        conclude: settle,
        succeed: (seen) => settle({ ok: true, reason: seen }),
        fail: (reason) => settle({ ok: false, reason }),
        abstain: (reason) => settle({ ok: false, reason, inconclusive: true }),
        failWith,
        warn: (seen) => {
          warning = seen;
        },
        enter: (next) => {
          stage = next;
        },
      });
      // Decided before it could be handed what ends it.
      if (isSettled) release();
    } catch (error) {
      failWith(error);
    }
  });
}
