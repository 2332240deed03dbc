// Which place has which addresses: one 32-bit word for each stretch of addresses, in their order. A word says how long its
// stretch is, not where it begins, because whoever compiles a ranking goes through all of them anyway; whoever looks for one
// client begins at the nearest of some marks.
//
//   place (24 bits) │ exponent (6) │ odd (2)        length = (2 × odd + 1) × 2^exponent addresses
//
//   0.0.0.0 ── 1.0.0.0 ──── 1.0.1.0 ── 1.0.4.0 ─   16 M, 256, 3 × 256 … addresses
//
// Prefixes make nearly every stretch fit into one word; one of another length takes several words of the same place. The
// address space has 64 bits: IPv6 is kept to its top 64, and an IPv4 address is the high half of a number whose low half is
// 0, so that both families are written, ranked and searched by the same code. Numbers are given as two unsigned halves.

/** All addresses of one family. Words follow each other without a gap and fill the 64 bits exactly. */
export type PlaceSteps = {
  readonly words: Uint32Array;
  /** Where the words 0, MARK_EVERY, 2 × MARK_EVERY … begin. */
  readonly marksHigh: Uint32Array;
  readonly marksLow: Uint32Array;
};

/** Places have 24 bits. */
export const MAX_PLACES = 2 ** 24;

export const PLACE_SHIFT = 8;
export const LENGTH_MASK = 0xff;

const EXPONENT_SHIFT = 2;
/** Bits of a stretch's length that go into one word. */
const FACTOR_MASK = 7;
const MARK_EVERY = 1024;
const HALF = 2 ** 32;
const HALF_BITS = 32;
const TOP_BIT_EXPONENT = 63;

/** The halves of a stretch's length by the low bits of its word. */
export const LENGTH_HIGH = Float64Array.from({ length: LENGTH_MASK + 1 }, (_, code) =>
  code >> EXPONENT_SHIFT < HALF_BITS ? 0 : (lengthOf(code) / HALF) % HALF,
);
export const LENGTH_LOW = Float64Array.from({ length: LENGTH_MASK + 1 }, (_, code) =>
  code >> EXPONENT_SHIFT < HALF_BITS ? lengthOf(code) % HALF : 0,
);

function lengthOf(code: number): number {
  return (2 * (code & 3) + 1) * 2 ** (code >> EXPONENT_SHIFT);
}

/** Steps in the making; the stretch that is open begins at (high, low). */
export type StepWriter = { readonly words: Uint32Array; count: number; place: number; high: number; low: number };

/** `capacity`: as many words as the stretches have prefixes are always enough. */
export function createStepWriter(capacity: number, place: number): StepWriter {
  return { words: new Uint32Array(capacity), count: 0, place, high: 0, low: 0 };
}

/** From (high, low) on, which lies behind where the open stretch begins or there, addresses are in another place. */
export function beginPlace(writer: StepWriter, place: number, high: number, low: number): void {
  let lengthLow = low - writer.low;
  let lengthHigh = high - writer.high;
  if (lengthLow < 0) {
    lengthLow += HALF;
    lengthHigh -= 1;
  }
  if (lengthHigh === HALF) {
    writeWord(writer, TOP_BIT_EXPONENT << EXPONENT_SHIFT);
    lengthHigh /= 2;
  }
  if (lengthLow !== 0) writeLength(writer, lengthLow, 0);
  if (lengthHigh !== 0) writeLength(writer, lengthHigh, HALF_BITS);
  writer.place = place;
  writer.high = high;
  writer.low = low;
}

/** The words of all addresses; the writer is not used afterwards. */
export function finishSteps(writer: StepWriter): Uint32Array {
  beginPlace(writer, 0, HALF, 0);
  return writer.words.subarray(0, writer.count);
}

/** From the lowest bit to the highest, a few at a time; the order within a stretch does not matter. */
function writeLength(writer: StepWriter, half: number, exponent: number): void {
  let rest = half | 0;
  while (rest !== 0) {
    const zeros = 31 - Math.clz32(rest & -rest);
    const factor = (rest >>> zeros) & FACTOR_MASK;
    writeWord(writer, ((exponent + zeros) << EXPONENT_SHIFT) | (factor >> 1));
    rest ^= factor << zeros;
  }
}

function writeWord(writer: StepWriter, length: number): void {
  writer.words[writer.count] = (writer.place << PLACE_SHIFT) | length;
  writer.count += 1;
}

/** How many marks belong to so many words. */
export function countMarks(words: number): number {
  return Math.ceil(words / MARK_EVERY);
}

/** Notes where every MARK_EVERY-th word begins. */
export function fillMarks({ words, marksHigh, marksLow }: PlaceSteps): void {
  let high = 0;
  let low = 0;
  for (let at = 0; at < words.length; at += 1) {
    if (at % MARK_EVERY === 0) {
      marksHigh[at / MARK_EVERY] = high;
      marksLow[at / MARK_EVERY] = low;
    }
    const length = (words[at] ?? 0) & LENGTH_MASK;
    high += LENGTH_HIGH[length] ?? 0;
    low += LENGTH_LOW[length] ?? 0;
    if (low >= HALF) {
      low -= HALF;
      high += 1;
    }
  }
}

/** A word, and where its stretch begins. */
export type FoundWord = { readonly at: number; readonly high: number; readonly low: number };

/** The word that has an address in its stretch. */
export function findWord({ words, marksHigh, marksLow }: PlaceSteps, high: number, low: number): FoundWord {
  let mark = 0;
  let last = marksHigh.length - 1;
  while (mark < last) {
    const middle = (mark + last + 1) >>> 1;
    const start = marksHigh[middle] ?? 0;
    if (start < high || (start === high && (marksLow[middle] ?? 0) <= low)) mark = middle;
    else last = middle - 1;
  }
  let at = mark * MARK_EVERY;
  let startHigh = marksHigh[mark] ?? 0;
  let startLow = marksLow[mark] ?? 0;
  for (;;) {
    const length = (words[at] ?? 0) & LENGTH_MASK;
    let endHigh = startHigh + (LENGTH_HIGH[length] ?? 0);
    let endLow = startLow + (LENGTH_LOW[length] ?? 0);
    if (endLow >= HALF) {
      endLow -= HALF;
      endHigh += 1;
    }
    if (at === words.length - 1 || endHigh > high || (endHigh === high && endLow > low)) break;
    at += 1;
    startHigh = endHigh;
    startLow = endLow;
  }
  return { at, high: startHigh, low: startLow };
}

/** The place of an address. */
export function findInSteps(steps: PlaceSteps, high: number, low: number): number {
  return (steps.words[findWord(steps, high, low).at] ?? 0) >>> PLACE_SHIFT;
}
