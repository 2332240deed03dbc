// A second opinion on a finished map, before anybody is answered by it: `maxmind`, which knows nothing of ours, looks up a
// sample of addresses in the same file, and both must say the same. A fault in our walk of the tree, or a file that reads
// differently in two ways, is found here rather than by clients in the wrong region.

import { readFileSync } from 'node:fs';
import { type CityResponse, Reader } from 'maxmind';
import { describePlace, findPlaceV4, findPlaceV6, type PlaceDescription } from '../geo/find-place.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import { formatAddress } from '../model/address.ts';

/** Addresses per family: the beginnings of intervals, spread evenly over the map. */
const SAMPLES = 500;
/** Coordinates are kept as float32: a metre or so, a degree being 111 km. */
const TOLERANCE_DEGREES = 1e-4;

/** What differs, in a sentence; undefined when nothing does. */
export function verifyMap(map: PlaceMap, pathV4: string | undefined, pathV6: string | undefined): string | undefined {
  return (pathV4 && verifyFamily(map, pathV4, 4)) || (pathV6 && verifyFamily(map, pathV6, 6)) || undefined;
}

function verifyFamily(map: PlaceMap, path: string, family: 4 | 6): string | undefined {
  const reader = new Reader<CityResponse>(readFileSync(path));
  const count = family === 4 ? map.v4.places.length : map.v6.places.length;
  const step = Math.max(1, Math.floor(count / SAMPLES));
  for (let interval = 0; interval < count; interval += step) {
    const { address, place } = sampleOf(map, family, interval);
    const fault = compare(describePlace(map, place), reader.get(address));
    if (fault !== undefined) return `${path}: ${address} reads in two ways (${fault}); fetch the database again`;
  }
  return undefined;
}

function sampleOf(map: PlaceMap, family: 4 | 6, interval: number): { address: string; place: number } {
  if (family === 4) {
    const start = map.v4.starts[interval] ?? 0;
    return { address: formatAddress({ family, words: [start] }), place: findPlaceV4(map, start) };
  }
  const high = map.v6.startsHigh[interval] ?? 0;
  const low = map.v6.startsLow[interval] ?? 0;
  return { address: formatAddress({ family, words: [high, low, 0, 0] }), place: findPlaceV6(map, high, low) };
}

/** Both shapes of record: see geo/mmdb-record.ts. */
type AnyRecord = Partial<Pick<CityResponse, 'country' | 'location'>> & {
  readonly country_code?: string;
  readonly latitude?: number;
  readonly longitude?: number;
};

function compare(ours: PlaceDescription, theirs: AnyRecord | null): string | undefined {
  const country = theirs?.country_code || theirs?.country?.iso_code;
  if ((ours.country ?? '') !== (country ?? '').toUpperCase()) return `country ${ours.country} and ${country}`;
  const latitude = theirs?.latitude ?? theirs?.location?.latitude;
  const longitude = theirs?.longitude ?? theirs?.location?.longitude;
  // Without coordinates of its own a record gets those of its country, which the library knows nothing of.
  if (latitude === undefined || longitude === undefined) return undefined;
  const { location } = ours;
  if (location === undefined) return `no location and ${latitude}, ${longitude}`;
  const differs =
    Math.abs(location.latitude - latitude) > TOLERANCE_DEGREES ||
    Math.abs(location.longitude - longitude) > TOLERANCE_DEGREES;
  return differs ? `${location.latitude}, ${location.longitude} and ${latitude}, ${longitude}` : undefined;
}
