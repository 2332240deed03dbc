// Queries for load generators: one message after the other, each behind its length in two bytes, as `dnsperf -B` reads them.

import { composeQuery } from '../support/dns-ask.ts';

/** Queries for `name`, type A, each with a random client subnet of 24 bits; the same ones for the same seed. */
export function composeSubnetQueries(name: string, count: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  const messages = Array.from({ length: count }, () => {
    const octets = [1 + (random() % 223), random() % 256, random() % 256, 0];
    return composeQuery(random() % 65_536, { name, subnet: `${octets.join('.')}/24` });
  });
  const bytes = new Uint8Array(messages.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const message of messages) {
    bytes[at] = message.length >>> 8;
    bytes[at + 1] = message.length;
    bytes.set(message, at + 2);
    at += 2 + message.length;
  }
  return bytes;
}

/** The inverse: views into the same memory. */
export function splitQueries(bytes: Uint8Array): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    messages.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return messages;
}

/** xorshift32: 32 random bits a call. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
