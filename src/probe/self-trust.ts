// Whether this worker trusts its own checks: not while its event loop lags (lag-watch.ts), nor while its own network fails
// (anchor-watch.ts). It tells the log when either begins and when it is over.

import type { SlotId } from '../health/slot.ts';
import { type Clock, repeatEvery, type Timer } from '../model/clock.ts';
import type { AnchorWatch } from './anchor-watch.ts';
import {
  isLagging,
  LAG_TICK_MS,
  type LagOptions,
  type LagState,
  noteTick,
  startLagWatch,
  wasHeldUp,
} from './lag-watch.ts';
import type { ProbeLogger } from './logger.ts';
import type { Abstention } from './worker-options.ts';

const LAGGING_REASON = 'the worker is overloaded and does not trust its own checks';

export type SelfTrustDependencies = {
  readonly clock: Clock;
  readonly logger: ProbeLogger;
  readonly anchors: Pick<AnchorWatch, 'cutOff'>;
  /** It began to abstain from everything, or ended. */
  readonly onTurn: () => void;
};

export class SelfTrust {
  readonly #id: SlotId;
  readonly #options: LagOptions;
  readonly #dependencies: SelfTrustDependencies;
  #lag: LagState;
  #wasLagging = false;
  #wasCutOff = false;

  constructor(id: SlotId, options: LagOptions, dependencies: SelfTrustDependencies) {
    this.#id = id;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#lag = startLagWatch(dependencies.clock.monotonicMs());
  }

  /** Begins to measure the event loop; returns what ends it. */
  start(): Timer {
    const { clock } = this.#dependencies;
    this.#lag = startLagWatch(clock.monotonicMs());
    return repeatEvery(clock, LAG_TICK_MS, () => this.#tick());
  }

  /** Why it abstains from everything; undefined: it does not. */
  get abstention(): Abstention | undefined {
    if (this.#wasLagging) return { cause: 'lag', reason: LAGGING_REASON };
    const { cutOff } = this.#dependencies.anchors;
    return cutOff === undefined ? undefined : { cause: 'anchors', reason: cutOff };
  }

  /** Whether the event loop's own delay may have made a check fail that began then and ends now. */
  wasHeldUp(startedAtMs: number): boolean {
    return wasHeldUp(this.#lag, startedAtMs, this.#dependencies.clock.monotonicMs(), this.#options);
  }

  /** To be called after each round of the anchors. */
  noteRound(): void {
    const { anchors, logger, onTurn } = this.#dependencies;
    const { cutOff } = anchors;
    if ((cutOff !== undefined) === this.#wasCutOff) return;
    this.#wasCutOff = cutOff !== undefined;
    if (cutOff === undefined) logger.info(this.#id, 'the anchors answer again: voting again');
    else logger.warn({ ...this.#id, reason: cutOff }, 'most anchors do not answer: abstaining');
    onTurn();
  }

  #tick(): void {
    const { clock, logger, onTurn } = this.#dependencies;
    this.#lag = noteTick(this.#lag, clock.monotonicMs(), this.#options);
    const lagging = isLagging(this.#lag, this.#options);
    if (lagging === this.#wasLagging) return;
    this.#wasLagging = lagging;
    if (lagging) logger.warn({ ...this.#id, reason: LAGGING_REASON }, 'the event loop lags: abstaining');
    else logger.info(this.#id, 'the event loop keeps up again: voting again');
    onTurn();
  }
}
