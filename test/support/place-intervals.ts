// Place maps as tests think of them: intervals of addresses, ascending from 0, each with its place. An address is a 64-bit
// number; that of IPv4 is its upper half.

import type { PlaceMap } from '../../src/geo/place-map.ts';
import { imageBytes, viewPlaceMap } from '../../src/geo/place-map-image.ts';
import {
  beginPlace,
  createStepWriter,
  fillMarks,
  finishSteps,
  LENGTH_HIGH,
  LENGTH_LOW,
  LENGTH_MASK,
  PLACE_SHIFT,
  type PlaceSteps,
} from '../../src/geo/place-steps.ts';
import { countRuns, listOf, type RunTableV4, type RunTableV6 } from '../../src/steering/run-map.ts';

export type PlaceInterval = { readonly start: bigint; readonly place: number };

/** Everything but the columns of the places, which are zero. The first interval begins at 0. */
export type PlaceOutline = {
  readonly v4: readonly PlaceInterval[];
  readonly v6: readonly PlaceInterval[];
  readonly places: number;
  readonly countries: readonly string[];
  readonly subdivisions: readonly string[];
};

export function outlinePlaceMap({ v4, v6, places, countries, subdivisions }: PlaceOutline): PlaceMap {
  const [wordsV4, wordsV6] = [writeIntervals(v4), writeIntervals(v6)];
  const shape = { wordsV4: wordsV4.length, wordsV6: wordsV6.length, places, countries, subdivisions };
  const map = viewPlaceMap(new SharedArrayBuffer(imageBytes(shape)), shape);
  map.v4.words.set(wordsV4);
  map.v6.words.set(wordsV6);
  fillMarks(map.v4);
  fillMarks(map.v6);
  return map;
}

/** A stretch of any length has as many words as it has bits, at most. */
export function writeIntervals(intervals: readonly PlaceInterval[]): Uint32Array {
  const writer = createStepWriter(64 * intervals.length + 64, intervals[0]?.place ?? 0);
  for (const { start, place } of intervals.slice(1)) {
    beginPlace(writer, place, Number(start >> 32n), Number(start & 0xffffffffn));
  }
  return finishSteps(writer);
}

/** The intervals of one family; neighbours never have the same place. */
export function listIntervals({ words }: PlaceSteps): readonly PlaceInterval[] {
  const intervals: PlaceInterval[] = [];
  let start = 0n;
  for (const word of words) {
    const place = word >>> PLACE_SHIFT;
    if (intervals.at(-1)?.place !== place) intervals.push({ start, place });
    const length = word & LENGTH_MASK;
    start += (BigInt(LENGTH_HIGH[length] ?? 0) << 32n) + BigInt(LENGTH_LOW[length] ?? 0);
  }
  return intervals;
}

/** Where the runs of a ranking begin, with the list of each: the same for runs. */
export function listRuns(table: RunTableV4 | RunTableV6): readonly { readonly start: bigint; readonly list: number }[] {
  return Array.from({ length: countRuns(table) }, (_, run) => ({
    start: startOfRun(table, run),
    list: listOf(table, run),
  }));
}

/** As a 64-bit number; that of IPv4 is its upper half. */
export function startOfRun({ width, runs }: RunTableV4 | RunTableV6, run: number): bigint {
  const low = width === 3 ? (runs[3 * run + 1] ?? 0) : 0;
  return (BigInt(runs[width * run] ?? 0) << 32n) | BigInt(low);
}
