// The memory of a place map: one piece of shared memory that holds all its columns one after the other, so that a map is
// handed over, written to disk and read back as a whole. Numbers are in the byte order of the machine.
//
//   ┌───────────┬───────────┬───────────────┬──────────────┬───────────┬──────────┬───────────┬ ─ ─ ─ ┬───────────┐
//   │ v4 starts │ v4 places │ v6 startsHigh │ v6 startsLow │ v6 places │ latitude │ longitude │       │ continent │
//   └───────────┴───────────┴───────────────┴──────────────┴───────────┴──────────┴───────────┴ ─ ─ ─ ┴───────────┘

import type { PlaceMap } from './place-map.ts';

/** What must be known to see a map in a piece of memory. */
export type PlaceMapShape = {
  readonly intervalsV4: number;
  readonly intervalsV6: number;
  readonly places: number;
  readonly countries: readonly string[];
  readonly subdivisions: readonly string[];
};

/** Bytes of the whole image. */
export function imageBytes(shape: PlaceMapShape): number {
  return 4 * (2 * shape.intervalsV4 + 3 * shape.intervalsV6 + 3 * shape.places) + 3 * shape.places;
}

/** The map over `memory`, which must have at least `imageBytes(shape)` bytes. Copies nothing. */
export function viewPlaceMap(memory: SharedArrayBuffer, shape: PlaceMapShape): PlaceMap {
  const { intervalsV4, intervalsV6, places } = shape;
  let offset = 0;
  const take = (bytes: number): number => {
    const start = offset;
    offset += bytes;
    return start;
  };
  const uint32 = (length: number): Uint32Array => new Uint32Array(memory, take(4 * length), length);
  const float32 = (length: number): Float32Array => new Float32Array(memory, take(4 * length), length);
  return {
    v4: { starts: uint32(intervalsV4), places: uint32(intervalsV4) },
    v6: { startsHigh: uint32(intervalsV6), startsLow: uint32(intervalsV6), places: uint32(intervalsV6) },
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
    intervalsV4: map.v4.starts.length,
    intervalsV6: map.v6.places.length,
    places: map.places.count,
    countries: map.places.countries,
    subdivisions: map.places.subdivisions,
  };
}
