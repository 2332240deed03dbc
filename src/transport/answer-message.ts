// The one place where a whole message of a stream (TCP, TLS) is answered. Most messages have one answer, which is composed
// at once; what takes several messages (a transfer, say) is a series, of which the connection takes one after the other as
// its peer takes them.

import { answerQuery } from '../answer/answer-query.ts';
import type { Desk } from '../answer/desk.ts';
import { LENGTH_BYTES } from '../wire/stream-inbox.ts';

export const MAX_MESSAGE_BYTES = 65535;

/** An answer of several messages. */
export type AnswerSeries = {
  /**
   * Composes the next message into `out[start .. start + size)`. Returns its length; 0 behind the last one. Called only while
   * the peer takes what it is sent.
   */
  next(out: Uint8Array, start: number, size: number): number;
  /** Called once: the last message has been taken, or the connection is gone. */
  close(): void;
};

/** What a connection answers its messages with; tests put another one in the place of answerMessage. */
export type AnswerMessage = typeof answerMessage;

/**
 * Answers a message, which is good during this call alone, into `out` from LENGTH_BYTES on. `desk.client` says who asks.
 * Returns the length of the answer, 0 for a message that deserves none (the peer is no DNS client: the connection ends), or
 * the series that answers it.
 */
export function answerMessage(
  desk: Desk,
  message: Uint8Array,
  out: Uint8Array,
  protocol: number,
): number | AnswerSeries {
  const length = answerQuery(desk, message, 0, message.length, out, LENGTH_BYTES, MAX_MESSAGE_BYTES, protocol);
  const { transfer } = desk;
  desk.transfer = undefined;
  return transfer ?? length;
}
