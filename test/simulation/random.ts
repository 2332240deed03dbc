// Chance as an argument: one small generator (sfc32 of PractRand, by Chris Doty-Humphrey, public domain), seeded, so that a
// run is the same run every time.

export type Random = {
  /** 0 ≤ x < 1. */
  next(): number;
  /** low ≤ x < high, whole. */
  whole(low: number, high: number): number;
  /** low ≤ x < high. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
};

/** Streams of different names are independent of each other: what one part of a world draws does not move the others. */
export function createRandom(seed: number, stream = 0): Random {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) >>> 0;
  let c = (0x9e3779b9 ^ stream) >>> 0;
  let counter = 1;

  function draw(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }
  for (let round = 0; round < 12; round++) draw();

  const whole = (low: number, high: number) => low + Math.floor(draw() * (high - low));
  return {
    next: draw,
    whole,
    between: (low, high) => low + draw() * (high - low),
    chance: (probability) => draw() < probability,
    pick(items) {
      const item = items[whole(0, items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
  };
}
