// Chance: the dice of one decision, given from outside, so that the same input always decides the same.

/** 32 random bits; each throw leaves the next ones. */
export type Chance = { bits: number };

/** The next number in [0, 1): mulberry32 (Tommy Ettinger, public domain), good enough to spread traffic. */
export function throwDice(chance: Chance): number {
  chance.bits = (chance.bits + 0x6d2b79f5) | 0;
  let mixed = Math.imul(chance.bits ^ (chance.bits >>> 15), 1 | chance.bits);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
}
