// Keeps one answer thread alive: starts it, hands it every snapshot, puts another one in its place when it dies, and ends it.

import { randomBytes } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { type Counters, PROTOCOLS } from '../answer/counters.ts';
import type { Hint } from '../store/hint-store.ts';
import type { JournalStep } from '../transfer/journal.ts';
import type { Certificate } from '../transport/certificate.ts';
import type { TsigKey } from '../wire/tsig.ts';
import type { AnswerThreadData, FromAnswerThread, ToAnswerThread } from './answer-thread.ts';
import type { BoundAddress } from './open-listeners.ts';
import type { Serving } from './serving.ts';
import { startThread } from './thread-starter.ts';

export type KeeperOptions = Omit<AnswerThreadData, 'seed' | 'openConnections'>;
export type KeeperDependencies = {
  readonly logger: Logger;
  /** A primary says that a zone has changed: at most once a second of each zone. */
  readonly onHint?: (hint: Hint) => void;
  /** Default: starts a thread that runs answer-thread.ts. */
  readonly spawn?: () => Worker;
};

/** What the thread is to answer from, and where it counts. */
export type Assignment = { readonly serving: Serving; readonly counters: Counters };

/** A thread that dies is replaced after this, for nobody answers in its place meanwhile. */
const RESTART_DELAY_MS = 250;
/** One that dies before it listens, again and again, must not keep the processor busy: each pause is twice the last. */
const MAX_RESTART_DELAY_MS = 4000;
const CLOSE_LIMIT_MS = 3000;

export class AnswerThreadKeeper {
  readonly #options: KeeperOptions;
  readonly #dependencies: KeeperDependencies;
  /** By protocol. */
  readonly openConnections = new Int32Array(new SharedArrayBuffer(4 * PROTOCOLS.length));
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #assignment: Assignment | undefined;
  #keys: readonly TsigKey[] = [];
  #swaps = 0;
  #certificate: Certificate | undefined;
  #listen: readonly BoundAddress[] = [];
  #addresses: readonly BoundAddress[] = [];
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #isClosing = false;
  #waiting: { readonly swap: number; readonly resolve: () => void }[] = [];
  #listening: PromiseWithResolvers<void> | undefined;

  constructor(options: KeeperOptions, dependencies: KeeperDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Where it listens; empty before the first snapshot. */
  get addresses(): readonly BoundAddress[] {
    return this.#addresses;
  }

  /** Starts the thread, which then waits for its first snapshot: starting takes a while, and so does compiling. */
  open(): void {
    if (this.#worker === undefined && !this.#isClosing) this.#spawn();
  }

  /**
   * Serves from now on what it is given, one call at a time. Resolves when that is answered from, or when closing has begun;
   * the first time, with where to listen, rejects when nothing can be bound.
   */
  async serve(assignment: Assignment, listen: readonly BoundAddress[]): Promise<void> {
    if (this.#isClosing) return;
    const isFirst = this.#assignment === undefined;
    this.#assignment = assignment;
    if (!isFirst) return this.#handOver();
    this.#listen = listen;
    this.#listening = Promise.withResolvers<void>();
    this.open();
    void this.#handOver();
    await this.#listening.promise;
  }

  /** Signatures are verified with these from now on, by whatever thread takes this one's place too. */
  setKeys(keys: readonly TsigKey[]): void {
    this.#keys = keys;
    this.#post({ kind: 'keys', keys });
  }

  /** A thread that takes this one's place begins with an empty journal: it then answers IXFR with whole zones. */
  advanceJournal(step: JournalStep): void {
    this.#post({ kind: 'journal', step });
  }

  /** What TLS shows from now on; must be there before the first snapshot. */
  setCertificate(certificate: Certificate): void {
    this.#certificate = certificate;
    this.#post({ kind: 'certificate', certificate });
  }

  /** Answers what has been received, then ends the thread. */
  async close(): Promise<void> {
    this.#isClosing = true;
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
    const { spawn = () => startThread('answer') } = this.#dependencies;
    const worker = spawn();
    this.#worker = worker;
    const seed = randomBytes(4).readInt32LE();
    this.#post({ kind: 'begin', data: { ...this.#options, openConnections: this.openConnections, seed } });
    if (this.#keys.length > 0) this.#post({ kind: 'keys', keys: this.#keys });
    if (this.#certificate !== undefined) this.#post({ kind: 'certificate', certificate: this.#certificate });
    worker.on('message', (message: FromAnswerThread) => this.#receive(message));
    worker.on('error', (error) => this.#dependencies.logger.error({ err: error }, 'an answer thread failed'));
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#replace(code);
        resolve();
      });
    });
  }

  /** Resolves when the thread answers from the latest snapshot, or another one took that thread's place. */
  #handOver(): Promise<void> {
    if (this.#assignment === undefined) return Promise.resolve();
    const { serving, counters } = this.#assignment;
    const swap = ++this.#swaps;
    const { snapshot, state, newBytes } = serving;
    this.#post({ kind: 'serve', swap, listen: this.#listen, snapshot, state, counters, newBytes });
    return new Promise((resolve) => this.#waiting.push({ swap, resolve }));
  }

  #post(message: ToAnswerThread): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: FromAnswerThread): void {
    switch (message.kind) {
      case 'listening':
        this.#addresses = message.addresses;
        // Where a port was left to the kernel's choice, the choice stands.
        this.#listen = message.addresses.filter(({ protocol }) => protocol !== 'tcp');
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
      case 'hint':
        this.#dependencies.onHint?.(message.hint);
        break;
      case 'closed':
        break;
    }
  }

  #replace(code: number): void {
    // The connections of a thread end with it.
    this.openConnections.fill(0);
    if (this.#isClosing) return;
    const { logger } = this.#dependencies;
    const delayMs = Math.min(MAX_RESTART_DELAY_MS, RESTART_DELAY_MS * 2 ** this.#failures++);
    const { thread } = this.#options;
    logger.error({ code, delayMs, thread }, 'an answer thread ended: another one takes its place');
    this.#restart = setTimeout(() => {
      this.#spawn();
      void this.#handOver();
    }, delayMs);
  }
}
