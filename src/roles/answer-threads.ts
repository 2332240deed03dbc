// The answer threads as the control thread sees them: started with the first snapshot, handed every further one, replaced
// when one dies, closed in order. Their counters live in shared memory and are summed up here across snapshots.

import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { type Counters, createCounters } from '../answer/counters.ts';
import type { AnswerThreadData, BoundAddress, FromAnswerThread, ToAnswerThread } from './answer-thread.ts';
import type { CounterTotals } from './counter-totals.ts';
import type { Serving } from './serving.ts';

export type AnswerThreadsOptions = Omit<AnswerThreadData, 'seed'>;
export type AnswerThreadsDependencies = {
  readonly logger: Logger;
  readonly totals: CounterTotals;
  /** For tests; default: a worker that runs answer-thread.ts. */
  readonly spawn?: (data: AnswerThreadData) => Worker;
};

/** A thread that dies is replaced after this, for nobody answers meanwhile. */
const RESTART_DELAY_MS = 250;
/** One that dies before it listens, again and again, must not keep the processor busy: each pause is twice the last. */
const MAX_RESTART_DELAY_MS = 4000;
const CLOSE_LIMIT_MS = 3000;

/** What the thread is to answer from, and where it counts. */
type Assignment = { readonly serving: Serving; readonly counters: Counters };

export class AnswerThreads {
  readonly #options: AnswerThreadsOptions;
  readonly #dependencies: AnswerThreadsDependencies;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #assignment: Assignment | undefined;
  #swaps = 0;
  #addresses: readonly BoundAddress[] = [];
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #waiting: { readonly swap: number; readonly resolve: () => void }[] = [];
  #listening: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: AnswerThreadsOptions, dependencies: AnswerThreadsDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Where it listens; empty before the first snapshot. */
  get addresses(): readonly BoundAddress[] {
    return this.#addresses;
  }

  /** Starts the thread, which then waits for its first snapshot: starting takes a while, and so does compiling. */
  open(): void {
    if (this.#worker === undefined && this.#closing === undefined) this.#spawn();
  }

  /**
   * Serves a snapshot from now on, one call at a time. Resolves when it is answered from, or when closing has begun; the
   * first time, rejects when nothing can be bound.
   */
  async serve(serving: Serving): Promise<void> {
    if (this.#closing !== undefined) return;
    const { totals } = this.#dependencies;
    const previous = this.#assignment;
    this.#assignment = { serving, counters: createCounters(serving.snapshot) };
    totals.follow(serving.snapshot, this.#assignment.counters);
    if (previous === undefined) {
      const listening = new Promise<void>((resolve, reject) => {
        this.#listening = { resolve, reject };
      });
      if (this.#worker === undefined) this.#spawn();
      else void this.#handOver();
      await listening;
    } else {
      await this.#handOver();
      // Nobody counts there any more.
      totals.absorb(previous.counters);
    }
  }

  /** Answers what has been received, then closes. A second call waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#closeWorker();
    return this.#closing;
  }

  async #closeWorker(): Promise<void> {
    clearTimeout(this.#restart);
    this.#post({ kind: 'close' });
    const limit = setTimeout(() => void this.#worker?.terminate(), CLOSE_LIMIT_MS);
    await this.#exited;
    clearTimeout(limit);
    // Whoever waits for a swap or for the first one is not to wait for a thread that is gone.
    this.#listening?.resolve();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #spawn(): void {
    // Where a port was left to the kernel's choice, the choice stands.
    const bound = this.#addresses.filter(({ protocol }) => protocol === 'udp');
    const listen = bound.length > 0 ? bound.map(({ host, port }) => ({ host, port })) : this.#options.listen;
    const worker = (this.#dependencies.spawn ?? spawnAnswerThread)({
      ...this.#options,
      listen,
      seed: randomBytes(4).readInt32LE(),
    });
    this.#worker = worker;
    worker.on('message', (message: FromAnswerThread) => this.#receive(message));
    worker.on('error', (error) => this.#dependencies.logger.error({ err: error }, 'an answer thread failed'));
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#replace(code);
        resolve();
      });
    });
    void this.#handOver();
  }

  /** Resolves when the thread answers from the latest snapshot, or another one took that thread's place. */
  #handOver(): Promise<void> {
    if (this.#assignment === undefined) return Promise.resolve();
    const { serving, counters } = this.#assignment;
    const swap = ++this.#swaps;
    this.#post({ kind: 'serve', swap, snapshot: serving.snapshot, state: serving.state, counters });
    return new Promise((resolve) => this.#waiting.push({ swap, resolve }));
  }

  #post(message: ToAnswerThread): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: FromAnswerThread): void {
    switch (message.kind) {
      case 'listening':
        this.#addresses = message.addresses;
        this.#failures = 0;
        this.#listening?.resolve();
        break;
      case 'failed':
        if (this.#addresses.length === 0) this.#listening?.reject(new Error(message.message));
        else {
          // It listened before: the address will be free again, so try until it is.
          this.#dependencies.logger.error({ reason: message.message }, 'an answer thread cannot listen');
          void this.#worker?.terminate();
        }
        break;
      case 'serving':
        for (const { resolve } of this.#waiting.filter(({ swap }) => swap <= message.swap)) resolve();
        this.#waiting = this.#waiting.filter(({ swap }) => swap > message.swap);
        break;
      case 'closed':
        break;
    }
  }

  #replace(code: number): void {
    if (this.#closing !== undefined) return;
    const delayMs = Math.min(MAX_RESTART_DELAY_MS, RESTART_DELAY_MS * 2 ** this.#failures++);
    this.#dependencies.logger.error({ code, delayMs }, 'an answer thread ended: another one takes its place');
    this.#restart = setTimeout(() => this.#spawn(), delayMs);
  }
}

function spawnAnswerThread(data: AnswerThreadData): Worker {
  return new Worker(new URL('./answer-thread.ts', import.meta.url), { workerData: data, name: 'answer' });
}
