// The places of a map in an order in which neighbours on the globe mostly follow each other: the bits of longitude and
// latitude in turn, the highest first, are a number (a Morton code), and all numbers of a square follow each other. Whoever
// ranks places in this order finds that most have the list of the one before.
//
//   latitude   1 │ 01 ─ 11        2  4  6  8 …  the digits of the number, from the square of a quarter
//              0 │ 00   10        1  3  5  7    of the globe down to the smallest
//                 longitude

import type { PlaceTable } from '../geo/place-map.ts';

/** The smallest squares are 360°/8192 wide and 180°/8192 high. */
const AXIS_BITS = 13;
const AXIS = 2 ** AXIS_BITS;
/** What is sorted by at once: half of a number. */
const DIGIT_BITS = AXIS_BITS;
const DIGITS = 2 ** DIGIT_BITS;

/** All places of the table. Those without a location stand together, whatever their neighbours are. */
export function orderAlongGlobe({ count, latitude, longitude }: PlaceTable): Uint32Array {
  const codes = new Uint32Array(count);
  const places = new Uint32Array(count);
  for (let place = 0; place < count; place += 1) {
    // What is not a number becomes 0 here.
    const column = (((longitude[place] ?? 0) + 180) * (AXIS / 360)) & (AXIS - 1);
    const row = (((latitude[place] ?? 0) + 90) * (AXIS / 180)) & (AXIS - 1);
    codes[place] = (spreadBits(row) << 1) | spreadBits(column);
    places[place] = place;
  }
  return sortByDigit(sortByDigit(places, codes, 0), codes, DIGIT_BITS);
}

/** A bit of nothing in front of each of the 16 low bits. */
function spreadBits(number: number): number {
  const bytes = (number | (number << 8)) & 0x00ff00ff;
  const nibbles = (bytes | (bytes << 4)) & 0x0f0f0f0f;
  const pairs = (nibbles | (nibbles << 2)) & 0x33333333;
  return (pairs | (pairs << 1)) & 0x55555555;
}

/** One step of a radix sort: by the digit whose lowest bit is given; what has the same one stays in its order. */
function sortByDigit(places: Uint32Array, codes: Uint32Array, lowestBit: number): Uint32Array {
  const next = new Uint32Array(DIGITS + 1);
  for (let place = 0; place < codes.length; place += 1) {
    const digit = ((codes[place] ?? 0) >>> lowestBit) & (DIGITS - 1);
    next[digit + 1] = (next[digit + 1] ?? 0) + 1;
  }
  for (let digit = 1; digit < DIGITS; digit += 1) next[digit] = (next[digit] ?? 0) + (next[digit - 1] ?? 0);
  const sorted = new Uint32Array(places.length);
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index] ?? 0;
    const digit = ((codes[place] ?? 0) >>> lowestBit) & (DIGITS - 1);
    const at = next[digit] ?? 0;
    sorted[at] = place;
    next[digit] = at + 1;
  }
  return sorted;
}
