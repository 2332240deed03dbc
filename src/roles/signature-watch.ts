// Sees to it that signatures are made anew before they run out, whatever becomes of everything else: a node that is cut off
// from the store signs on, with the keys that it has.

import type { Logger } from 'pino';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { isDue } from '../snapshot/zone-signing.ts';
import { describeCause } from '../store/store-error.ts';

/** However late a timer is, or a clock set: looked at this often. */
const LOOK_MS = 60_000;

export class SignatureWatch {
  readonly #renew: () => Promise<void>;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  #dueSeconds = Number.POSITIVE_INFINITY;
  /** By a clock that shows less, something that is served is not good yet. */
  #sinceSeconds = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;
  #fault = '';

  /** `renew` must end in another call of `watch`, or reject. */
  constructor(renew: () => Promise<void>, logger: Logger, nowMs: () => number = Date.now) {
    this.#renew = renew;
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  /** Seconds since 1970: from then on something must be signed anew; Infinity where nothing is signed. */
  get dueSeconds(): number {
    return this.#dueSeconds;
  }

  /** This is served from now on. */
  watch({ zones }: Pick<Snapshot, 'zones'>): void {
    this.#dueSeconds = Number.POSITIVE_INFINITY;
    this.#sinceSeconds = Number.NEGATIVE_INFINITY;
    for (const { signing } of zones.images) {
      if (signing === undefined) continue;
      this.#dueSeconds = Math.min(this.#dueSeconds, signing.dueSeconds);
      this.#sinceSeconds = Math.max(this.#sinceSeconds, signing.sinceSeconds);
    }
    if (this.#dueSeconds === Number.POSITIVE_INFINITY) return this.stop();
    this.#timer ??= setInterval(() => void this.look(), LOOK_MS).unref();
  }

  /** Renews what is due; also called by the timer. */
  async look(): Promise<void> {
    const due = { sinceSeconds: this.#sinceSeconds, dueSeconds: this.#dueSeconds };
    if (this.#isRenewing || !isDue(due, this.#nowMs() / 1000)) return;
    this.#isRenewing = true;
    try {
      await this.#renew();
      if (this.#fault !== '') this.#logger.info('zones are signed anew again');
      this.#fault = '';
    } catch (error) {
      const fault = describeCause(error);
      const until = new Date(this.#dueSeconds * 1000).toISOString();
      if (fault !== this.#fault) {
        this.#logger.error(
          { reason: fault, due: until },
          'zones cannot be signed anew: what was signed stays, and runs out',
        );
      }
      this.#fault = fault;
    } finally {
      this.#isRenewing = false;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
