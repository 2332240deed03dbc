// The answer threads as the control thread sees them: started with the first snapshot, handed every further one, replaced
// when one dies, closed in order. Their counters live in shared memory and are summed up here across snapshots.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { type Counters, createCounters } from '../answer/counters.ts';
import type { AnswerThreadData, BoundAddress, FromAnswerThread, ToAnswerThread } from './answer-thread.ts';
import type { CounterTotals } from './counter-totals.ts';
import type { Serving } from './serving.ts';

export type AnswerThreadsOptions = Omit<AnswerThreadData, 'seed'>;
export type AnswerThreadsDependencies = { readonly logger: Logger; readonly totals: CounterTotals };

/** A thread that dies is replaced after this; one that dies at once, again and again, must not keep the processor busy. */
const RESTART_DELAY_MS = 250;
const CLOSE_LIMIT_MS = 3000;

export class AnswerThreads {
  readonly #options: AnswerThreadsOptions;
  readonly #dependencies: AnswerThreadsDependencies;
  #worker: Worker | undefined;
  #serving: Serving | undefined;
  #counters: Counters | undefined;
  #swaps = 0;
  #addresses: readonly BoundAddress[] = [];
  #closing = false;
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

  /** Serves a snapshot from now on. Resolves when it is answered from; the first time, rejects when nothing can be bound. */
  async serve(serving: Serving): Promise<void> {
    const previous = { serving: this.#serving, counters: this.#counters };
    this.#serving = serving;
    this.#counters = createCounters(serving.snapshot);
    this.#dependencies.totals.follow(serving.snapshot, this.#counters);
    if (this.#worker === undefined) {
      const listening = new Promise<void>((resolve, reject) => {
        this.#listening = { resolve, reject };
      });
      this.#spawn();
      await listening;
    } else {
      await this.#handOver();
    }
    if (previous.serving !== undefined && previous.counters !== undefined) {
      // Nobody counts there any more.
      this.#dependencies.totals.absorb(previous.serving.snapshot, previous.counters);
    }
  }

  /** Answers what has been received, then closes. */
  async close(): Promise<void> {
    this.#closing = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#post({ kind: 'close' });
    const limit = AbortSignal.timeout(CLOSE_LIMIT_MS);
    try {
      await once(worker, 'exit', { signal: limit });
    } catch {
      // It hangs, or had ended before: either way nothing of it is left after this.
      await worker.terminate();
    }
  }

  #spawn(): void {
    const data: AnswerThreadData = { ...this.#options, seed: randomBytes(4).readInt32LE() };
    const worker = new Worker(new URL('./answer-thread.ts', import.meta.url), { workerData: data, name: 'answer' });
    this.#worker = worker;
    worker.on('message', (message: FromAnswerThread) => this.#receive(message));
    worker.on('error', (error) => this.#dependencies.logger.error({ err: error }, 'an answer thread failed'));
    worker.on('exit', (code) => this.#replace(code));
    void this.#handOver();
  }

  /** Resolves when the thread answers from the latest snapshot, or another one took that thread's place. */
  #handOver(): Promise<void> {
    const { snapshot, state } = this.#serving ?? {};
    const counters = this.#counters;
    if (snapshot === undefined || state === undefined || counters === undefined) return Promise.resolve();
    const swap = ++this.#swaps;
    this.#post({ kind: 'serve', swap, snapshot, state, counters });
    return new Promise((resolve) => this.#waiting.push({ swap, resolve }));
  }

  #post(message: ToAnswerThread): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: FromAnswerThread): void {
    switch (message.kind) {
      case 'listening':
        this.#addresses = message.addresses;
        this.#listening?.resolve();
        break;
      case 'failed':
        if (this.#addresses.length === 0) this.#listening?.reject(new Error(message.message));
        // Listening before, and not now: the address will be free again, so try until it is.
        else void this.#worker?.terminate();
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
    if (this.#closing) return;
    this.#dependencies.logger.error({ code }, 'an answer thread ended: another one takes its place');
    setTimeout(() => {
      if (!this.#closing) this.#spawn();
    }, RESTART_DELAY_MS);
  }
}
