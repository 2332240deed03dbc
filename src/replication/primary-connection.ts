// One TCP connection to a primary (RFC 7766): sends a query, and gives each message that answers it to whoever asked, until
// that has all it wants. Every wait has an end, and so have the octets. Reads nothing out of messages.

import { connect, type Socket } from 'node:net';
import type { DnsServer } from '../model/dns-server.ts';
import { LENGTH_BYTES, StreamInbox } from '../wire/stream-inbox.ts';

export type ConnectionLimits = {
  readonly connectMs: number;
  /** Without an octet, where an answer is due. */
  readonly silenceMs: number;
  /** Of everything that the primary sends over one connection. */
  readonly wireOctets: number;
};

/** `reason`: a sentence. */
export type Asked<Value> =
  | { readonly status: 'answered'; readonly value: Value }
  /** By the primary, before its answer was complete: so do some where they are asked what they do not know. */
  | { readonly status: 'closed'; readonly reason: string; readonly hasBegun: boolean }
  | { readonly status: 'broken'; readonly reason: string };
type Unanswered = Exclude<Asked<never>, { readonly status: 'answered' }>;

/** The message is the taker's own. Undefined: there is more to come. */
export type TakeMessage<Value> = (message: Uint8Array) => Value | undefined;

/** One that waits for an answer. */
type Waiting = {
  /** Whether that was all. @throws where there is a bug in what takes it. */
  readonly take: (message: Uint8Array) => boolean;
  readonly giveUp: (why: Unanswered) => void;
  readonly fail: (error: unknown) => void;
  hasBegun: boolean;
};

export class PrimaryConnection {
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #inbox = new StreamInbox();
  #timer: NodeJS.Timeout;
  #isConnected = false;
  #octets = 0;
  /** Of life: a connection that came about, octets that came. */
  #signs = 0;
  #error: Error | undefined;
  #waiting: Waiting | undefined;
  #end: Unanswered | undefined;

  constructor({ address, port }: DnsServer, limits: ConnectionLimits) {
    this.#limits = limits;
    this.#socket = connect({ host: address, port, noDelay: true });
    const { connectMs } = limits;
    const late = `the primary cannot be reached: there is no connection within ${connectMs / 1000} s`;
    this.#timer = this.#startTimer(connectMs, late);
    this.#socket.on('connect', () => {
      this.#signs++;
      this.#isConnected = true;
      this.#awaitOctets();
    });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
    this.#socket.on('close', () => this.#finish(this.#describeClose()));
  }

  /** False once either side has closed it. */
  get isOpen(): boolean {
    return this.#end === undefined && !this.#socket.readableEnded;
  }

  /** One at a time. `query`: without its length. */
  ask<Value>(query: Uint8Array, take: TakeMessage<Value>): Promise<Asked<Value>> {
    const { promise, resolve, reject } = Promise.withResolvers<Asked<Value>>();
    if (this.#end !== undefined) return Promise.resolve(this.#end);
    this.#waiting = {
      take: (message) => {
        const value = take(message);
        if (value !== undefined) resolve({ status: 'answered', value });
        return value !== undefined;
      },
      giveUp: resolve,
      fail: reject,
      hasBegun: false,
    };
    // In one piece: RFC 7766 section 8.
    const framed = Buffer.alloc(LENGTH_BYTES + query.length);
    framed.writeUInt16BE(query.length);
    framed.set(query, LENGTH_BYTES);
    this.#socket.write(framed);
    if (this.#isConnected) this.#awaitOctets();
    this.#deliver();
    return promise;
  }

  /** `reason`: for whoever still waits. */
  close(reason: string): void {
    this.#finish({ status: 'broken', reason });
  }

  #awaitOctets(): void {
    clearTimeout(this.#timer);
    const { silenceMs } = this.#limits;
    this.#timer = this.#startTimer(silenceMs, `the primary says nothing for ${silenceMs / 1000} s`);
  }

  /**
   * Closes the connection in time, unless the primary gives a sign. Where this process was kept from running, time is up before that
   * is read which came meanwhile: it is, within two turns (the socket may be paused for the first).
   */
  #startTimer(ms: number, reason: string): NodeJS.Timeout {
    return setTimeout(() => {
      const signs = this.#signs;
      const judge = (): void => {
        if (this.#signs === signs) this.close(reason);
      };
      setImmediate(() => setImmediate(judge));
    }, ms);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    const { wireOctets } = this.#limits;
    this.#signs++;
    this.#octets += chunk.length;
    if (this.#octets > wireOctets) return this.close(`the primary sends more than ${wireOctets} octets`);
    this.#timer.refresh();
    if (this.#waiting !== undefined) this.#waiting.hasBegun = true;
    this.#inbox.append(chunk);
    this.#deliver();
    // A primary sends faster than records are read: everything else of this process has its turn between two chunks.
    this.#socket.pause();
    setImmediate(() => this.#socket.resume());
  }

  #deliver(): void {
    while (this.#waiting !== undefined) {
      const message = this.#inbox.take();
      if (message === undefined) return;
      const waiting = this.#waiting;
      try {
        // A copy in plain memory: a slice of a Buffer would keep the whole of it.
        if (!waiting.take(new Uint8Array(message))) continue;
      } catch (error) {
        waiting.fail(error);
      }
      this.#waiting = undefined;
      clearTimeout(this.#timer);
    }
  }

  #describeClose(): Unanswered {
    const said = this.#error?.message;
    if (!this.#isConnected) return { status: 'broken', reason: `the primary cannot be reached: ${said ?? 'closed'}` };
    const how = said === undefined ? '' : ` (${said})`;
    const reason = `the primary closes the connection before its answer is complete${how}`;
    return { status: 'closed', reason, hasBegun: this.#waiting?.hasBegun ?? false };
  }

  #finish(end: Unanswered): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    this.#waiting?.giveUp(end);
    this.#waiting = undefined;
  }
}
