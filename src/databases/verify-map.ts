// A second opinion on a map, before anybody is answered by it: `maxmind`, which knows nothing of ours, looks up a sample of
// addresses in the same file, and both must say the same. A fault in our walk of the tree, or a file that reads differently
// in two ways, is found here rather than by clients in the wrong region. The library is asked while the file is in memory
// anyway; the answers are compared once the map is finished.

import { type CityResponse, Reader } from 'maxmind';
import { describePlace, findPlaceV4, findPlaceV6, type PlaceDescription } from '../geo/find-place.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import { LENGTH_HIGH, LENGTH_LOW, LENGTH_MASK } from '../geo/place-steps.ts';
import { formatAddress } from '../model/address.ts';

/** What the library says of some addresses of a file. */
export type SecondOpinion = {
  readonly path: string;
  readonly family: 4 | 6;
  readonly answers: readonly Answer[];
};

type Answer = { readonly high: number; readonly low: number; readonly record: AnyRecord | null };

/** Addresses per family: the beginnings of stretches, spread evenly over the map. */
const SAMPLES = 500;
/** Coordinates are kept as float32: a metre or so, a degree being 111 km. */
const TOLERANCE_DEGREES = 1e-4;
const HALF = 2 ** 32;

/** Asks the library about addresses at which a map of the same file begins something new: see PlaceSteps. */
export function askLibrary(bytes: Uint8Array, path: string, words: Uint32Array, family: 4 | 6): SecondOpinion {
  const reader = new Reader<CityResponse>(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const answers = sampleAddresses(words).map(({ high, low }) => ({
    high,
    low,
    record: reader.get(format(family, high, low)),
  }));
  return { path, family, answers };
}

/** What differs, in a sentence; undefined when nothing does. */
export function compareMap(map: PlaceMap, opinions: readonly SecondOpinion[]): string | undefined {
  for (const { path, family, answers } of opinions) {
    for (const { high, low, record } of answers) {
      const place = family === 4 ? findPlaceV4(map, high) : findPlaceV6(map, high, low);
      const fault = compare(describePlace(map, place), record);
      const address = format(family, high, low);
      if (fault !== undefined) return `${path}: ${address} reads in two ways (${fault}); fetch the database again`;
    }
  }
  return undefined;
}

function sampleAddresses(words: Uint32Array): readonly { readonly high: number; readonly low: number }[] {
  const step = Math.max(1, Math.floor(words.length / SAMPLES));
  const samples: { high: number; low: number }[] = [];
  let high = 0;
  let low = 0;
  for (let at = 0; at < words.length; at += 1) {
    if (at % step === 0) samples.push({ high, low });
    const length = (words[at] ?? 0) & LENGTH_MASK;
    high += LENGTH_HIGH[length] ?? 0;
    low += LENGTH_LOW[length] ?? 0;
    if (low >= HALF) {
      low -= HALF;
      high += 1;
    }
  }
  return samples;
}

function format(family: 4 | 6, high: number, low: number): string {
  return formatAddress(family === 4 ? { family, words: [high] } : { family, words: [high, low, 0, 0] });
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
