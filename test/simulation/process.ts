// A simulated process: its event loop, which may be held up; its two clocks, of which the wall clock may jump; its life, which
// may end. What a dead one had planned never happens.

import type { Clock, Timer } from '../../src/model/clock.ts';
import type { EventQueue } from './event-queue.ts';

/** Where every monotonic clock and the true time begin, in milliseconds since 1970. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

/** One direction of its connection to the store. */
export type Way = { lastArrivalMs: number };

export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  life = 0;
  isRunning = false;
  busyUntilMs = 0;
  wallOffsetMs = 0;
  /** Nothing reaches it and nothing leaves it before then. */
  cutUntilMs = 0;
  readonly toStore: Way = { lastArrivalMs: 0 };
  readonly fromStore: Way = { lastArrivalMs: 0 };
  readonly #queue: EventQueue;

  constructor(name: string, queue: EventQueue) {
    this.name = name;
    this.#queue = queue;
    this.clock = {
      monotonicMs: () => queue.nowMs,
      wallMs: () => EPOCH_MS + queue.nowMs + this.wallOffsetMs,
      schedule: (delayMs, run) => this.#schedule(delayMs, run),
    };
  }

  begin(): void {
    this.life++;
    this.isRunning = true;
    this.busyUntilMs = 0;
  }

  /** As SIGKILL. */
  end(): void {
    this.life++;
    this.isRunning = false;
  }

  holdUp(ms: number): void {
    this.busyUntilMs = Math.max(this.busyUntilMs, this.#queue.nowMs + ms);
  }

  get isCut(): boolean {
    return this.cutUntilMs > this.#queue.nowMs;
  }

  /** Something arrives over the network, if this life is still going on then. */
  receive(atMs: number, run: () => void): void {
    this.#queue.plan(atMs, run, this, false);
  }

  #schedule(delayMs: number, run: () => void): Timer {
    const event = this.#queue.plan(this.#queue.nowMs + delayMs, run, this);
    return {
      cancel() {
        event.isCancelled = true;
      },
    };
  }
}
