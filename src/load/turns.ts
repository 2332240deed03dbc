// Turns: what polling goes by. Whoever has waited longest is next. Counting decisions instead would not do: clients of
// different places, asking in a regular order, would each meet the same one of their two endpoints for ever.

import type { Candidates } from './candidates.ts';

export type Turns = {
  /** How many turns have been taken: exact up to 2^53. */
  clock: number;
  /** By candidate id: the clock when it last came first. */
  readonly last: Float64Array;
};

/** `count`: how many ids there are. */
export function createTurns(count: number): Turns {
  return { clock: 0, last: new Float64Array(count) };
}

/** The index of the candidate that has waited longest, the first of those that have waited equally long. */
export function findNext({ count, ids }: Candidates, { last }: Turns): number {
  let next = 0;
  let longest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const since = last[ids[index] ?? 0] ?? 0;
    if (since < longest) {
      longest = since;
      next = index;
    }
  }
  return next;
}

export function takeTurn(turns: Turns, id: number): void {
  turns.clock++;
  turns.last[id] = turns.clock;
}
