// Signatures by the digest of what they are over, in flat memory of a fixed size: sets of four places, in which the newest
// takes the place of the one that its turn falls on. What it no longer has is made again.
//
//   places       a | b        both 0: empty
//   signatures   for each place MAX_ZONE_SIGNERS of them

import type { SetDigest } from './set-digest.ts';
import { MAX_ZONE_SIGNERS, SIGNATURE_BYTES } from './zone-keys.ts';

export type SignatureTable = {
  readonly places: Int32Array;
  readonly signatures: Uint8Array;
  /** Which of four places is written next; one for all. */
  turn: number;
};

/** Bytes of one place in `signatures`. */
export const PLACE_BYTES = MAX_ZONE_SIGNERS * SIGNATURE_BYTES;
const WAYS = 4;
const ABSENT = -1;

/** How many places a table for at least `count` of them has: a power of two. */
export function placesFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(WAYS, count)));
}

/** Bytes of the memory for `signatures`: behind the places there is room for what is not kept. */
export function signatureBytesFor(places: number): number {
  return PLACE_BYTES * (places + 1);
}

/** `places` has two words for each place. */
export function createSignatureTable(places: Int32Array, signatures: Uint8Array): SignatureTable {
  return { places, signatures, turn: 0 };
}

/** Where in `signatures` those stand that are not to be found again. */
export function sparePlaceOf({ signatures }: SignatureTable): number {
  return signatures.length - PLACE_BYTES;
}

/** Where in `signatures` those of this digest stand, or -1. */
export function findSignatures({ places }: SignatureTable, { a, b }: SetDigest): number {
  const first = firstPlace(places, a);
  for (let place = first; place < first + WAYS; place++) {
    if (places[2 * place] === a && places[2 * place + 1] === b) return (a | b) === 0 ? ABSENT : place * PLACE_BYTES;
  }
  return ABSENT;
}

/** Where in `signatures` those of this digest are to be written. */
export function takePlace(table: SignatureTable, { a, b }: SetDigest): number {
  const { places } = table;
  const first = firstPlace(places, a);
  let place = first;
  while (place < first + WAYS && ((places[2 * place] ?? 0) | (places[2 * place + 1] ?? 0)) !== 0) place++;
  if (place === first + WAYS) {
    table.turn = (table.turn + 1) % WAYS;
    place = first + table.turn;
  }
  places[2 * place] = a;
  places[2 * place + 1] = b;
  return place * PLACE_BYTES;
}

function firstPlace(places: Int32Array, hash: number): number {
  const sets = places.length / (2 * WAYS);
  return WAYS * (hash & (sets - 1));
}
