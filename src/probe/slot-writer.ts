// Keeps this worker's slot in the store: whole every heartbeat whether or not anything changed, and at once on a change.
// One write at a time; what cannot be written is dropped, since the next heartbeat writes everything anyway. The epoch is
// allocated before the first write and again after a refusal, one attempt a heartbeat for as long as it takes.

import { diffVotes } from '../health/diff-votes.ts';
import { type SealedMessage, sealedBytes } from '../health/pack-slot.ts';
import type { Seal, Slot, SlotDelta, SlotId, SlotRemoval, TargetVote } from '../health/slot.ts';
import type { Clock, Timer } from '../model/clock.ts';
import type { ProbeCounters } from './counters.ts';
import type { ProbeLogger } from './logger.ts';

/** What the worker needs of a health store. */
export type SlotStore = {
  allocateEpoch(id: SlotId): Promise<number>;
  writeSlot(slot: Slot, delta: SlotDelta | undefined): Promise<'stored' | 'refused'>;
  removeSlot(id: SlotId, removal?: SlotRemoval): Promise<void>;
};

/** Signs what this worker says; see health/pack-slot.ts. */
export type SealMessage = (bytes: Uint8Array) => Seal;

/** Changes of one moment go out together: this long after the first. */
export const FLUSH_DELAY_MS = 2;

/** Heartbeats after which a write counts as lost. The store's own timeouts are shorter; this is the last resort. */
export const WRITE_TIMEOUT_HEARTBEATS = 2;

/** Two workers of one name refuse each other at every heartbeat: told once in so long. */
const REFUSAL_NOTICE_MS = 60_000;

export type SlotWriterOptions = { readonly id: SlotId; readonly heartbeatMs: number };

export type SlotWriterDependencies = {
  readonly store: SlotStore;
  readonly clock: Clock;
  readonly logger: ProbeLogger;
  readonly counters: ProbeCounters;
  /** The votes as they are now. */
  readonly readVotes: () => readonly TargetVote[];
  /** Absent: what is written is not signed. */
  readonly seal?: SealMessage | undefined;
};

export class SlotWriter {
  readonly #options: SlotWriterOptions;
  readonly #dependencies: SlotWriterDependencies;
  #epoch: number | undefined;
  #sequence = 0;
  #written: readonly TargetVote[] = [];
  #inFlight: Promise<void> | undefined;
  #isChanged = false;
  #isFailing = false;
  #isStopped = false;
  /** When a store that had failed answered again (monotonic). */
  #recoveredAtMs = Number.NEGATIVE_INFINITY;
  #flush: Timer | undefined;
  /** When a refusal was last told (monotonic), and whether there was another since that was not. */
  #refusalToldAtMs = Number.NEGATIVE_INFINITY;
  #isRefusedAgain = false;

  constructor(options: SlotWriterOptions, dependencies: SlotWriterDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** To be called every heartbeat. */
  beat(): void {
    this.#isChanged = true;
    this.#writeSoon(0);
  }

  /** To be called after a vote changed. */
  noteChange(): void {
    this.#isChanged = true;
    this.#writeSoon(FLUSH_DELAY_MS);
  }

  /** Whether the store answers, and has for `ms`. Silence of others means nothing while it does not. */
  isStoreSteady(ms: number): boolean {
    return (
      this.#epoch !== undefined &&
      !this.#isFailing &&
      this.#dependencies.clock.monotonicMs() - this.#recoveredAtMs >= ms
    );
  }

  /** Writes no more, waits for what is under way, and takes the slot out of the store. Bounded, and never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#flush?.cancel();
    await this.#inFlight;
    if (this.#epoch === undefined) return;
    // Of our own last version, never of one that the store names: a forged one would be signed for all versions to come.
    const removal = this.#sealed({ ...this.#options.id, epoch: this.#epoch, sequence: this.#sequence });
    try {
      await this.#withinTime(this.#dependencies.store.removeSlot(this.#options.id, removal));
    } catch (error) {
      this.#dependencies.logger.warn(
        describeFailure(error),
        'could not remove the vote slot; it will grow stale instead',
      );
    }
  }

  #writeSoon(delayMs: number): void {
    if (this.#isStopped || this.#inFlight !== undefined || (this.#flush !== undefined && delayMs > 0)) return;
    this.#flush?.cancel();
    this.#flush = this.#dependencies.clock.schedule(delayMs, () => {
      this.#flush = undefined;
      this.#start();
    });
  }

  #start(): void {
    if (this.#isStopped || this.#inFlight !== undefined) return;
    this.#inFlight = this.#writeOnce().finally(() => {
      this.#inFlight = undefined;
      // What changed meanwhile goes out next; after a failure the next heartbeat is soon enough.
      if (this.#isChanged && !this.#isFailing && this.#epoch !== undefined) this.#writeSoon(FLUSH_DELAY_MS);
    });
  }

  async #writeOnce(): Promise<void> {
    if (this.#epoch === undefined && !(await this.#allocateEpoch())) return;
    if ((await this.#write()) === 'refused' && (await this.#allocateEpoch())) await this.#write();
  }

  async #allocateEpoch(): Promise<boolean> {
    const { store, counters, logger } = this.#dependencies;
    try {
      const epoch = await this.#withinTime(store.allocateEpoch(this.#options.id));
      if (!Number.isSafeInteger(epoch) || epoch < 0) throw new Error(`the store gave ${epoch} for an epoch`);
      this.#epoch = epoch;
      this.#sequence = 0;
      this.#written = [];
      counters.epochsAllocated++;
      if (!this.#isRefusedAgain) logger.info({ ...this.#options.id, epoch }, 'allocated an epoch for the vote slot');
      this.#noteSuccess();
      return true;
    } catch (error) {
      counters.epochsFailed++;
      this.#noteFailure(
        error,
        'could not allocate an epoch: checks go on, votes are not published until the store is back',
      );
      return false;
    }
  }

  async #write(): Promise<'stored' | 'refused' | 'dropped'> {
    const { store, counters, readVotes } = this.#dependencies;
    try {
      // More votes than a slot holds cannot be signed either.
      const { slot, delta } = this.#composeSlot(readVotes());
      const result = await this.#withinTime(store.writeSlot(slot, delta));
      this.#noteSuccess();
      if (result === 'stored') counters.slotsStored++;
      else {
        counters.slotsRefused++;
        this.#epoch = undefined;
        this.#noteRefusal(slot.epoch);
      }
      return result;
    } catch (error) {
      counters.slotsDropped++;
      this.#noteFailure(error, 'could not write the vote slot: dropped, the next heartbeat writes it whole');
      return 'dropped';
    }
  }

  #composeSlot(votes: readonly TargetVote[]): { slot: Slot; delta: SlotDelta } {
    if (this.#epoch === undefined) throw new Error('no epoch to write under');
    this.#sequence++;
    this.#isChanged = false;
    const version = { ...this.#options.id, epoch: this.#epoch, sequence: this.#sequence };
    const delta = this.#sealed({ ...version, ...diffVotes(this.#written, votes) });
    this.#written = votes;
    return { slot: this.#sealed({ ...version, votes }), delta };
  }

  #sealed<Message extends SealedMessage>(message: Message): Message {
    const { seal } = this.#dependencies;
    return seal === undefined ? message : { ...message, seal: seal(sealedBytes(message)) };
  }

  #noteRefusal(epoch: number): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    this.#isRefusedAgain = nowMs - this.#refusalToldAtMs < REFUSAL_NOTICE_MS;
    if (this.#isRefusedAgain) return;
    this.#refusalToldAtMs = nowMs;
    this.#dependencies.logger.warn(
      { ...this.#options.id, epoch },
      'the store knows a newer epoch of this worker: is its name used twice?',
    );
  }

  #noteSuccess(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#recoveredAtMs = this.#dependencies.clock.monotonicMs();
    this.#dependencies.logger.info({}, 'the store answers again');
  }

  /** Logged when it begins, not every heartbeat. */
  #noteFailure(error: unknown, message: string): void {
    if (!this.#isFailing) this.#dependencies.logger.warn(describeFailure(error), message);
    this.#isFailing = true;
  }

  /** Rejects when `promise` takes too long; what it comes to afterwards is ignored (the store fences late writes). */
  #withinTime<Result>(promise: Promise<Result>): Promise<Result> {
    const timeoutMs = WRITE_TIMEOUT_HEARTBEATS * this.#options.heartbeatMs;
    return new Promise((resolve, reject) => {
      const timer = this.#dependencies.clock.schedule(timeoutMs, () =>
        reject(new Error(`no answer from the store in ${timeoutMs} ms`)),
      );
      promise.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** What a log line says of it. Where the store fails, its code and words are what helps; anything else is a bug, with its stack. */
function describeFailure(error: unknown): object {
  return error instanceof Error && 'code' in error ? { code: error.code, reason: error.message } : { err: error };
}
