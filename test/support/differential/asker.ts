// Asks one server many questions over one socket, a window of them at a time, and asks again for what was lost.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { DecodedMessage } from '../../../src/wire/decode-message.ts';
import { decodeAnswer, encodeQuery } from '../dns-client.ts';
import type { RandomQuestion } from './random-questions.ts';

export type Asker = {
  /** Rejects when no answer comes, however often it is asked. */
  ask(question: RandomQuestion): Promise<DecodedMessage>;
  close(): void;
};

/** Questions that wait for an answer at once: less than a socket's buffer holds. */
const WINDOW = 32;
const TRIES = 5;
const ANSWER_LIMIT_MS = 1000;
const UDP_SIZE = 4096;

export async function openAsker(port: number): Promise<Asker> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.unref();
  const waiting = new Map<number, (message: DecodedMessage) => void>();
  const queue: (() => void)[] = [];
  let running = 0;
  let lastId = 0;
  socket.on('message', (bytes) => {
    const message = decodeAnswer(bytes);
    waiting.get(message.id)?.(message);
  });
  // A server that is not there yet: the question is asked again.
  socket.on('error', () => undefined);

  async function attempt(question: RandomQuestion): Promise<DecodedMessage | undefined> {
    lastId = (lastId + 1) & 0xffff;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<DecodedMessage | undefined>();
    const limit = setTimeout(() => resolve(undefined), ANSWER_LIMIT_MS);
    waiting.set(id, resolve);
    socket.send(encodeQuery({ ...question, id, flags: 0, udpSize: UDP_SIZE }), () => undefined);
    const message = await promise;
    clearTimeout(limit);
    waiting.delete(id);
    return message;
  }

  return {
    async ask(question) {
      if (running >= WINDOW) await new Promise<void>((resolve) => queue.push(resolve));
      running++;
      try {
        for (let tries = 0; tries < TRIES; tries++) {
          const message = await attempt(question);
          if (message !== undefined) return message;
        }
        throw new Error(`no answer to ${question.name} ${question.type}`);
      } finally {
        running--;
        queue.shift()?.();
      }
    },
    close: () => socket.close(),
  };
}
