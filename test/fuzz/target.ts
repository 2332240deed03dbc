// What is fuzzed: a part of the product that reads octets of strangers, the messages that mutation begins with, and what must be
// true of whatever comes out. A message is a function of the seed and its turn, so that any one can be had again alone.

import { createRandom, MAX_PACKET_BYTES, mutate, type Packet } from './mutators.ts';

export type Target = {
  readonly name: string;
  readonly corpus: readonly Uint8Array[];
  /** Of 64 turns, how many are its. */
  readonly share: number;
  /** Takes one message, which is good during the call alone. Answers what came of it in a word. @throws when a promise is broken. */
  run(bytes: Uint8Array, turn: number): string;
};

export const SHARES = 64;

/** Whose turn each of SHARES turns is. @throws when the shares do not come to 64. */
export function dealTurns(targets: readonly Target[]): readonly Target[] {
  const dealt = targets.flatMap((target) => new Array<Target>(target.share).fill(target));
  if (dealt.length !== SHARES) throw new Error(`the shares of the targets come to ${dealt.length}, not ${SHARES}`);
  // By strides, so that a few turns in a row reach all of them; 37 and 64 have no divisor in common.
  return dealt.map((_, turn) => at(dealt, (turn * 37) % SHARES));
}

/** Fills the packet with the message of this turn. */
export function fillPacket(packet: Packet, { corpus }: Target, seed: number, turn: number): void {
  mutate(packet, corpus, createRandom(mix(seed, turn)));
}

/** What the mutators can hold. */
export function fitCorpus(messages: readonly Uint8Array[]): readonly Uint8Array[] {
  return messages.filter(({ length }) => length <= MAX_PACKET_BYTES);
}

/** 32 bits that look unlike those of the next turn (the finalizer of MurmurHash3). */
function mix(seed: number, turn: number): number {
  let hash = (Math.imul(seed, 0x9e3779b1) ^ turn ^ Math.floor(turn / 2 ** 32)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}
