// Whether the worker's own network works: it checks its anchors in rounds, at an even pace and at once when targets begin to
// fail. When most do not answer, the worker is cut off, and nothing that it fails to reach says anything of its targets.
//
//   no round yet ─► most answer ◄─► most fail: cut off
//
// A target may be voted down only once a round that began after its first failure found most anchors answering.

import type { Target } from '../health/target.ts';
import type { Observation } from '../health/vote.ts';
import { type Anchor, formatAnchor } from '../model/anchor.ts';
import { type Clock, repeatEvery, type Timer } from '../model/clock.ts';
import type { RunCheck } from './run-check.ts';

export const ANCHOR_INTERVAL_MS = 2_000;
export const ANCHOR_TIMEOUT_MS = 1_000;
/** Rounds do not begin closer to each other than this, however much fails. */
export const MIN_ROUND_DISTANCE_MS = 100;

export type AnchorWatchDependencies = {
  readonly clock: Clock;
  readonly runCheck: RunCheck;
  /** After each round. */
  readonly onRound: () => void;
};

type Round = { readonly startedAtMs: number; answered: number; readonly failures: string[]; isDecided: boolean };

export class AnchorWatch {
  readonly #targets: readonly Target[];
  readonly #dependencies: AnchorWatchDependencies;
  readonly #abort = new AbortController();
  #pace: Timer | undefined;
  #next: Timer | undefined;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #decidedFromMs = Number.NEGATIVE_INFINITY;
  #answeredFromMs = Number.NEGATIVE_INFINITY;
  #trustedFromMs = Number.NEGATIVE_INFINITY;
  #cutOff: string | undefined;

  constructor(anchors: readonly Anchor[], dependencies: AnchorWatchDependencies) {
    this.#targets = anchors.map(describeAnchor);
    this.#dependencies = dependencies;
  }

  /** Why the worker trusts none of its checks, for people; undefined: it does, or has no anchors. */
  get cutOff(): string | undefined {
    return this.#cutOff;
  }

  /** Whether a failed check that began then says anything of its target. */
  trusts(startedAtMs: number): boolean {
    return this.#cutOff === undefined && startedAtMs >= this.#trustedFromMs;
  }

  /** Whether most anchors were seen to answer after that moment. */
  confirms(sinceMs: number): boolean {
    return this.#targets.length === 0 || this.#answeredFromMs >= sinceMs;
  }

  start(): void {
    if (this.#targets.length === 0) return;
    this.#begin();
    this.#pace = repeatEvery(this.#dependencies.clock, ANCHOR_INTERVAL_MS, () => this.hasten());
  }

  stop(): void {
    this.#abort.abort();
    this.#pace?.cancel();
    this.#next?.cancel();
  }

  /** Begins a round now, or as soon as may be. */
  hasten(): void {
    if (this.#targets.length === 0 || this.#next !== undefined || this.#abort.signal.aborted) return;
    const { clock } = this.#dependencies;
    const waitMs = this.#startedAtMs + MIN_ROUND_DISTANCE_MS - clock.monotonicMs();
    if (waitMs <= 0) {
      this.#begin();
      return;
    }
    this.#next = clock.schedule(waitMs, () => {
      this.#next = undefined;
      this.#begin();
    });
  }

  #begin(): void {
    this.#startedAtMs = this.#dependencies.clock.monotonicMs();
    const round: Round = { startedAtMs: this.#startedAtMs, answered: 0, failures: [], isDecided: false };
    for (const target of this.#targets) {
      void this.#dependencies
        .runCheck(target, this.#abort.signal)
        .then((observation) => this.#count(round, target, observation));
    }
  }

  #count(round: Round, target: Target, observation: Observation): void {
    if (this.#abort.signal.aborted) return;
    if (observation.ok) round.answered++;
    else round.failures.push(`${target.id}: ${observation.reason}`);
    const total = this.#targets.length;
    const mostFail = round.failures.length * 2 > total;
    if (round.isDecided || (!mostFail && round.answered * 2 < total)) return;
    round.isDecided = true;
    // Rounds may overlap: the word of one that began later stands.
    if (round.startedAtMs < this.#decidedFromMs) return;
    this.#decidedFromMs = round.startedAtMs;
    if (mostFail) this.#cutOff = describeCutOff(round.failures, total);
    else this.#noteAnswers(round.startedAtMs);
    this.#dependencies.onRound();
  }

  #noteAnswers(startedAtMs: number): void {
    if (this.#cutOff !== undefined) this.#trustedFromMs = startedAtMs;
    this.#cutOff = undefined;
    this.#answeredFromMs = startedAtMs;
  }
}

function describeCutOff(failures: readonly string[], total: number): string {
  return `cut off: ${failures.length} of ${total} anchors fail (${failures[0] ?? ''})`;
}

function describeAnchor(anchor: Anchor): Target {
  const id = formatAnchor(anchor);
  const { address, check } = anchor;
  const port = check.type === 'tcp' ? check.port : 0;
  const pace = { intervalMs: ANCHOR_INTERVAL_MS, timeoutMs: ANCHOR_TIMEOUT_MS, fall: 1, rise: 1, maxHoldDownMs: 0 };
  const timing = { id: 'anchors', ...pace, quorum: 'one' } as const;
  return { id, cluster: '', endpoint: '', monitor: timing.id, address, port, serverName: address, check, timing };
}
