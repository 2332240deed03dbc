// The memory of a place map: one piece of shared memory that holds all its columns one after the other, so that a map is
// handed over, written to disk and read back as a whole. Numbers are in the byte order of the machine.
//
//   ┌──────────┬──────────────┬─────────────┬──────────┬──────────────┬─────────────┬──────────┬───────────┬ ─ ─ ┬───────────┐
//   │ v4 words │ v4 marksHigh │ v4 marksLow │ v6 words │ v6 marksHigh │ v6 marksLow │ latitude │ longitude │     │ continent │
//   └──────────┴──────────────┴─────────────┴──────────┴──────────────┴─────────────┴──────────┴───────────┴ ─ ─ ┴───────────┘

import type { PlaceMap } from './place-map.ts';
import { countMarks, type PlaceSteps } from './place-steps.ts';

/** What must be known to see a map in a piece of memory. */
export type PlaceMapShape = {
  readonly wordsV4: number;
  readonly wordsV6: number;
  readonly places: number;
  readonly countries: readonly string[];
  readonly subdivisions: readonly string[];
};

/** Whether a value that was read from somewhere can be the shape of a map. */
export function isPlaceMapShape(value: unknown): value is PlaceMapShape {
  if (typeof value !== 'object' || value === null) return false;
  const field = (name: string): unknown => Reflect.get(value, name);
  const isCount = (count: unknown): boolean => typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
  const isNames = (names: unknown): boolean => Array.isArray(names) && names.every((name) => typeof name === 'string');
  const counts = ['wordsV4', 'wordsV6', 'places'].map(field);
  return counts.every(isCount) && ['countries', 'subdivisions'].map(field).every(isNames);
}

/** Bytes of the whole image. */
export function imageBytes(shape: PlaceMapShape): number {
  const { wordsV4, wordsV6, places } = shape;
  const marks = countMarks(wordsV4) + countMarks(wordsV6);
  return 4 * (wordsV4 + wordsV6 + 2 * marks + 3 * places) + 3 * places;
}

/** The map over `memory`, which must have at least `imageBytes(shape)` bytes. Copies nothing. */
export function viewPlaceMap(memory: SharedArrayBuffer, shape: PlaceMapShape): PlaceMap {
  const { wordsV4, wordsV6, places } = shape;
  let offset = 0;
  const take = (bytes: number): number => {
    const start = offset;
    offset += bytes;
    return start;
  };
  const uint32 = (length: number): Uint32Array => new Uint32Array(memory, take(4 * length), length);
  const float32 = (length: number): Float32Array => new Float32Array(memory, take(4 * length), length);
  const steps = (words: number): PlaceSteps => ({
    words: uint32(words),
    marksHigh: uint32(countMarks(words)),
    marksLow: uint32(countMarks(words)),
  });
  return {
    v4: steps(wordsV4),
    v6: steps(wordsV6),
    places: {
      count: places,
      latitude: float32(places),
      longitude: float32(places),
      subdivision: uint32(places),
      country: new Uint16Array(memory, take(2 * places), places),
      continent: new Uint8Array(memory, take(places), places),
      countries: shape.countries,
      subdivisions: shape.subdivisions,
    },
  };
}

/** The shape of a map, for writing it down. */
export function shapeOf(map: PlaceMap): PlaceMapShape {
  return {
    wordsV4: map.v4.words.length,
    wordsV6: map.v6.words.length,
    places: map.places.count,
    countries: map.places.countries,
    subdivisions: map.places.subdivisions,
  };
}
