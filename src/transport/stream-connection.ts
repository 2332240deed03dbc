// One stream that carries DNS (RFC 7766), plain or in TLS: messages behind a two-byte length, any number of them, in pieces
// of any size, answered in order. Everything that a peer could hold on to has a limit and a deadline. Which connections
// there may be is connection-table.ts; what a message is answered with, answer-message.ts.

import type { Socket } from 'node:net';
import { CONNECTION_TIMED_OUT, countConnection, countDuration } from '../answer/counters.ts';
import type { Client, Desk } from '../answer/desk.ts';
import { LENGTH_BYTES, StreamInbox } from '../wire/stream-inbox.ts';
import { type AnswerMessage, type AnswerSeries, answerMessage, MAX_MESSAGE_BYTES } from './answer-message.ts';
import { ConnectionDeadline } from './connection-deadline.ts';
import { readClock } from './read-clock.ts';

/** Answers that a peer has not taken yet, before we stop reading what else it asks. */
const MAX_BACKLOG_BYTES = 256 * 1024;

/** Answered for one connection before everything else (UDP, other connections) has its turn. */
export const MAX_MESSAGES_PER_TURN = 16;
/** A message of a series may take a hundred times as long to compose as others: what is begun by then ends the turn. */
const SERIES_TURN_MS = 2;

export type StreamLimits = {
  /** A connection on which nothing at all has come within this time is closed. */
  readonly firstByteTimeoutMs: number;
  /** Without a whole message for so long, a connection is closed. */
  readonly idleTimeoutMs: number;
  /** A message that has begun, and answers that wait to be taken, must be through by then. */
  readonly messageTimeoutMs: number;
};

export type StreamOptions = {
  readonly limits: StreamLimits;
  /** One of the constants of answer-query.ts. */
  readonly protocol: number;
  readonly client: Client;
  /** Whole messages have just been answered. */
  readonly onMessages: () => void;
  readonly answer?: AnswerMessage;
};

/** Where answers are composed, those of all connections: each is sent before the next one is begun. */
const scratch = new Uint8Array(LENGTH_BYTES + MAX_MESSAGE_BYTES);

/** Serves a socket, which must let us write when its peer has ended (`allowHalfOpen`), until it closes. */
export class StreamConnection {
  readonly #socket: Socket;
  readonly #options: StreamOptions;
  readonly #desk: Desk;
  readonly #inbox = new StreamInbox();
  readonly #deadline: ConnectionDeadline;
  #nextTurn: NodeJS.Immediate | undefined;
  /** It asks no more, and still wants its answers. */
  #hasEnded = false;
  /** The answer that is under way; what the peer asks meanwhile waits behind it. */
  #series: AnswerSeries | undefined;

  constructor(socket: Socket, options: StreamOptions, desk: Desk) {
    this.#socket = socket;
    this.#options = options;
    this.#desk = desk;
    this.#deadline = new ConnectionDeadline(options.limits.firstByteTimeoutMs, () => {
      countConnection(desk.counters, options.protocol, CONNECTION_TIMED_OUT);
      socket.destroy();
    });
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('drain', () => this.#takeTurnUnlessPlanned());
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#takeTurnUnlessPlanned();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#deadline.clear();
      clearImmediate(this.#nextTurn);
      this.#endSeries();
    });
  }

  /** Whether answers wait to be taken. */
  isPending(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** Ends it once what has been answered is sent. */
  end(): void {
    this.#socket.end();
  }

  #receive(chunk: Buffer): void {
    if (this.#inbox.length === 0) this.#deadline.set(this.#options.limits.messageTimeoutMs);
    this.#inbox.append(chunk);
    this.#takeTurnUnlessPlanned();
  }

  #takeTurnUnlessPlanned(): void {
    if (this.#nextTurn === undefined) this.#takeTurn();
  }

  #takeTurn(): void {
    this.#nextTurn = undefined;
    const socket = this.#socket;
    // What is answered in one turn leaves in one piece: a system call costs more than an answer.
    socket.cork();
    const answered = this.#answerMessages();
    socket.uncork();
    if (answered > 0) this.#options.onMessages();
    // A peer that asks and does not listen gets no further until it does, and not for long.
    const isHeld = socket.writableLength > MAX_BACKLOG_BYTES;
    const isTurnOver = answered === MAX_MESSAGES_PER_TURN || this.#series !== undefined;
    const isMore = isTurnOver && !isHeld && socket.writable;
    if (isMore) this.#nextTurn = setImmediate(() => this.#takeTurn());
    if (isMore || isHeld) socket.pause();
    else if (this.#hasEnded) socket.end();
    else if (socket.isPaused()) socket.resume();
    const { idleTimeoutMs, messageTimeoutMs } = this.#options.limits;
    if (isHeld) this.#deadline.set(messageTimeoutMs);
    else if (answered > 0 || this.#inbox.length === 0) {
      this.#deadline.set(this.#inbox.length > 0 ? messageTimeoutMs : idleTimeoutMs);
    }
  }

  /** Answers whole messages, until their turn ends or the peer's backlog is full; returns how many were sent. */
  #answerMessages(): number {
    const turnEndMs = performance.now() + SERIES_TURN_MS;
    for (let count = 0; count < MAX_MESSAGES_PER_TURN; count++) {
      if (this.#series !== undefined && count > 0 && performance.now() > turnEndMs) return count;
      if (!this.#socket.writable || this.#socket.writableLength > MAX_BACKLOG_BYTES) return count;
      const length = this.#composeNext();
      if (length === 0) return count;
      scratch[0] = length >>> 8;
      scratch[1] = length;
      this.#socket.write(Buffer.from(scratch.subarray(0, LENGTH_BYTES + length)));
    }
    return MAX_MESSAGES_PER_TURN;
  }

  /** Composes the next message that is due into `scratch`; returns its length, 0 where there is nothing to send. */
  #composeNext(): number {
    for (;;) {
      const length = this.#series === undefined ? this.#answerNext() : this.#continueSeries(this.#series);
      // At its beginning a series has its first message; behind its end comes what was asked after it. Each pass takes a
      // message or ends a series, so that the inbox bounds them.
      if (length !== SERIES_TURNED) return length;
    }
  }

  #answerNext(): number {
    const message = this.#inbox.take();
    if (message === undefined) return 0;
    const { client, protocol, answer: compose = answerMessage } = this.#options;
    const begun = performance.now();
    this.#desk.client.family = client.family;
    this.#desk.client.words.set(client.words);
    readClock(this.#desk);
    const answer = compose(this.#desk, message, scratch, protocol);
    countDuration(this.#desk.counters, (performance.now() - begun) / 1000, 1);
    if (typeof answer !== 'number') {
      this.#series = answer;
      return SERIES_TURNED;
    }
    // What deserves no answer over UDP is no DNS client over a stream.
    if (answer === 0) this.#socket.destroy();
    return answer;
  }

  #continueSeries(series: AnswerSeries): number {
    const length = series.next(scratch, LENGTH_BYTES, MAX_MESSAGE_BYTES);
    if (length > 0) return length;
    this.#endSeries();
    return SERIES_TURNED;
  }

  #endSeries(): void {
    const series = this.#series;
    this.#series = undefined;
    series?.close();
  }
}

/** A series has begun or ended: what is due next is to be looked for anew. */
const SERIES_TURNED = -2;
