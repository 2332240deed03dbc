// A table of places that have a location and nothing else.

import type { PlaceTable } from '../../src/geo/place-map.ts';

/** Latitude and longitude of each, in degrees; NaN for none. */
export function tableOf(locations: readonly (readonly [number, number])[]): PlaceTable {
  const count = locations.length;
  return {
    count,
    latitude: Float32Array.from(locations, ([latitude]) => latitude),
    longitude: Float32Array.from(locations, ([, longitude]) => longitude),
    country: new Uint16Array(count),
    subdivision: new Uint32Array(count),
    continent: new Uint8Array(count),
    countries: [''],
    subdivisions: [''],
  };
}
