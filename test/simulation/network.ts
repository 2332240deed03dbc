// The network between processes and the store, and the machine that the store runs on. All that may go wrong in it is a field
// that faults set and healing sets back.

import type { Subscription } from '../../src/store/configuration-store.ts';
import type { EventQueue } from './event-queue.ts';
import { EPOCH_MS, type SimulatedProcess, type Way } from './process.ts';
import type { Random } from './random.ts';
import { type Publication, type RedisDependencies, SimulatedRedis } from './simulated-redis.ts';

/** What is done with words of changes, to every receiver anew. */
export type MessageFault = { readonly loss: number; readonly repetition: number; readonly delayMs: number };

const NO_MESSAGE_FAULT: MessageFault = { loss: 0, repetition: 0, delayMs: 0 };

/** A request that its caller gave up on is still carried out by then, or never: connections end on their own timeouts. */
export const LATE_LIMIT_MS = 2000;

/** By then a process knows that its connection is no more: the server closed it, or whoever is asked for the primary names another. */
const LOSS_NOTICED_MS = 300;

type Answer<Reply> = { reply(value: Reply): void; refuse(reason: string): void };

type Listener<Word> = {
  readonly process: SimulatedProcess;
  readonly life: number;
  readonly listen: (word: Word) => void;
};

type Subscriber = Listener<Publication> & { readonly kinds: readonly Publication['kind'][] };

export class StoreNetwork {
  readonly redis: SimulatedRedis;
  messages = NO_MESSAGE_FAULT;
  /** Of replies that are lost on their way, by the name of the process. */
  readonly replyLoss = new Map<string, number>();
  /** The server stands still until then, and carries out afterwards what has come meanwhile. */
  pausedUntilMs = 0;
  isDown = false;
  /** When the connection of a process is back that it lost last, by its name. */
  readonly #returnsAtMs = new Map<string, number>();
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #subscribers = new Set<Subscriber>();
  readonly #reconnecting = new Set<Listener<undefined>>();

  constructor(queue: EventQueue, random: Random, watch: Pick<RedisDependencies, 'onEpoch' | 'onStored' | 'onLost'>) {
    this.#queue = queue;
    this.#random = random;
    this.redis = new SimulatedRedis({
      nowMs: () => EPOCH_MS + queue.nowMs,
      publish: (publication) => this.#publish(publication),
      ...watch,
    });
  }

  healMessages(): void {
    this.messages = NO_MESSAGE_FAULT;
  }

  send<Reply>(
    process: SimulatedProcess,
    life: number,
    command: (redis: SimulatedRedis) => Reply,
    answer: Answer<Reply>,
  ): void {
    if (process.life !== life) return;
    const sentAtMs = this.#queue.nowMs;
    if (this.isDown) {
      process.receive(sentAtMs + this.#latencyMs(), () => answer.refuse('Redis is not connected'));
      return;
    }
    if (process.isCut) {
      this.#sendLate(process.cutUntilMs, sentAtMs, command);
      return;
    }
    const arrivesAtMs = this.#arrival(process.toStore, sentAtMs);
    this.#queue.plan(arrivesAtMs, () => this.#carryOut(process, life, command, answer));
  }

  subscribe(
    process: SimulatedProcess,
    life: number,
    kinds: readonly Publication['kind'][],
    listen: (publication: Publication) => void,
  ): Subscription {
    return addTo(this.#subscribers, { process, life, kinds, listen });
  }

  /** Calls whenever the connection is there again. */
  onReady(process: SimulatedProcess, life: number, wake: () => void): Subscription {
    return addTo(this.#reconnecting, { process, life, listen: wake });
  }

  /** Tells those whose connections come back now; each takes its time. */
  reconnect(which: (process: SimulatedProcess) => boolean): void {
    const atMs = new Map<string, number>();
    for (const { process, life, listen } of [...this.#reconnecting]) {
      if (process.life !== life || !which(process)) continue;
      const returnsAtMs = atMs.get(process.name) ?? this.#queue.nowMs + this.#random.between(20, 200);
      atMs.set(process.name, returnsAtMs);
      this.#returnsAtMs.set(process.name, returnsAtMs);
      process.receive(returnsAtMs, () => listen(undefined));
    }
  }

  /** Milliseconds since the connection came back; below zero while it is about to. */
  returnedForMs({ name }: SimulatedProcess): number {
    return this.#queue.nowMs - (this.#returnsAtMs.get(name) ?? Number.NEGATIVE_INFINITY);
  }

  #carryOut<Reply>(
    process: SimulatedProcess,
    life: number,
    command: (redis: SimulatedRedis) => Reply,
    answer: Answer<Reply>,
  ): void {
    if (this.isDown) {
      const noticedAtMs = this.#queue.nowMs + this.#random.between(0, LOSS_NOTICED_MS);
      process.receive(noticedAtMs, () => answer.refuse('the connection was lost'));
      return;
    }
    if (this.pausedUntilMs > this.#queue.nowMs) {
      this.#queue.plan(this.pausedUntilMs, () => this.#carryOut(process, life, command, answer));
      return;
    }
    const value = command(this.redis);
    if (process.life !== life || process.isCut) return;
    const loss = this.replyLoss.get(process.name);
    if (loss !== undefined && this.#random.chance(loss)) return;
    process.receive(this.#arrival(process.fromStore, this.#queue.nowMs), () => {
      if (!process.isCut) answer.reply(value);
    });
  }

  /** Into a link that is cut: kept by the kernel, and sent once more when the link is back, unless that takes too long. */
  #sendLate(backAtMs: number, sentAtMs: number, command: (redis: SimulatedRedis) => unknown): void {
    if (backAtMs - sentAtMs > LATE_LIMIT_MS || this.#random.chance(0.5)) return;
    this.#queue.plan(backAtMs + this.#random.between(0, 200), () => {
      if (!this.isDown && this.pausedUntilMs <= this.#queue.nowMs) command(this.redis);
    });
  }

  #publish(publication: Publication): void {
    const { loss, repetition, delayMs } = this.messages;
    for (const subscriber of this.#subscribers) {
      const { process, life } = subscriber;
      if (process.life !== life) {
        this.#subscribers.delete(subscriber);
        continue;
      }
      if (process.isCut || (loss > 0 && this.#random.chance(loss))) continue;
      this.#deliver(subscriber, publication, delayMs);
      if (repetition > 0 && this.#random.chance(repetition)) this.#deliver(subscriber, publication, delayMs + 100);
    }
  }

  #deliver({ process, kinds, listen }: Subscriber, publication: Publication, delayMs: number): void {
    const now = this.#queue.nowMs;
    const atMs = delayMs > 0 ? now + this.#random.between(0, delayMs) : this.#arrival(process.fromStore, now);
    // Its time on the connection it takes all the same.
    if (!kinds.includes(publication.kind)) return;
    process.receive(atMs, () => {
      if (!process.isCut) listen(publication);
    });
  }

  /** One connection: what is sent later does not arrive sooner. */
  #arrival(way: Way, sentAtMs: number): number {
    way.lastArrivalMs = Math.max(way.lastArrivalMs, sentAtMs + this.#latencyMs());
    return way.lastArrivalMs;
  }

  #latencyMs(): number {
    return this.#random.between(0.2, 2);
  }
}

function addTo<Item>(set: Set<Item>, item: Item): Subscription {
  set.add(item);
  return { close: () => void set.delete(item) };
}
