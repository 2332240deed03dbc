// What a message that came over HTTPS is answered with: the answer, and for how long HTTP caches may keep it (RFC 8484
// section 5.1).

import { answerQuery, HTTPS } from '../answer/answer-query.ts';
import { countDuration } from '../answer/counters.ts';
import type { Client, Desk } from '../answer/desk.ts';
import { freshnessOf } from '../wire/freshness.ts';
import { MAX_MESSAGE_BYTES } from './answer-message.ts';
import { ALLOWED_METHODS, type HttpRefusal, MEDIA_TYPE, NO_QUERY } from './https-request.ts';
import { readClock } from './read-clock.ts';

export type HttpReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
};

/** Where answers are composed: each is copied before the next one is begun. */
const scratch = new Uint8Array(MAX_MESSAGE_BYTES);

/** Whatever the rcode, an answer is a success of HTTP (RFC 8484 section 4.2.1). */
export function replyTo(message: Uint8Array, client: Client, desk: Desk): HttpReply {
  const begun = performance.now();
  desk.client.family = client.family;
  desk.client.words.set(client.words);
  readClock(desk);
  const length = answerQuery(desk, message, 0, message.length, scratch, 0, MAX_MESSAGE_BYTES, HTTPS);
  if (length === 0) return replyWith(NO_QUERY);
  const body = Buffer.from(scratch.subarray(0, length));
  const maxAge = `max-age=${freshnessOf(body)}`;
  countDuration(desk.counters, (performance.now() - begun) / 1000, 1);
  return {
    status: 200,
    headers: {
      'content-type': MEDIA_TYPE,
      'content-length': length,
      'cache-control': isForOneClient(desk) ? `private, ${maxAge}` : maxAge,
    },
    body,
  };
}

export function replyWith({ status, reason }: HttpRefusal): HttpReply {
  const body = Buffer.from(`${reason}\n`);
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length };
  return { status, headers: status === 405 ? { ...headers, allow: ALLOWED_METHODS } : headers, body };
}

/**
 * What is steered by the address of who asks is not for others, and no cache on the way could know. With a client subnet it
 * is steered by what stands in the request.
 */
function isForOneClient({ query: { subnet } }: Desk): boolean {
  return !subnet.present || subnet.sourceLength === 0;
}
