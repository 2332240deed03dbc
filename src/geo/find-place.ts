// Where one client is, and how far from where: for the decision trace and for tests. The hot path asks the run map instead.

import { CONTINENTS } from './countries.ts';
import { biasedDistanceKm, distanceKm } from './distance.ts';
import type { PlaceMap } from './place-map.ts';
import { findInSteps } from './place-steps.ts';

/** What the map knows of a place; absent is unknown. */
export type PlaceDescription = {
  /** Id in the place table; 0 is the unknown place. */
  readonly place: number;
  readonly country?: string;
  readonly subdivision?: string;
  readonly continent?: string;
  /** Degrees. */
  readonly location?: { readonly latitude: number; readonly longitude: number };
};

export type CandidateDistance = { readonly km: number; readonly biasedKm: number };

/** The place of an IPv4 address (unsigned 32-bit). */
export function findPlaceV4(map: PlaceMap, address: number): number {
  return findInSteps(map.v4, address, 0);
}

/** The place of a 64-bit IPv6 prefix, given as two unsigned 32-bit halves. */
export function findPlaceV6(map: PlaceMap, high: number, low: number): number {
  return findInSteps(map.v6, high, low);
}

/** Everything that steering knows of a place. */
export function describePlace(map: PlaceMap, place: number): PlaceDescription {
  const { places } = map;
  const country = places.countries[places.country[place] ?? 0];
  const subdivision = places.subdivisions[places.subdivision[place] ?? 0];
  const continent = CONTINENTS[places.continent[place] ?? 0];
  const latitude = places.latitude[place] ?? Number.NaN;
  const longitude = places.longitude[place] ?? Number.NaN;
  return {
    place,
    ...(country ? { country } : {}),
    ...(subdivision ? { subdivision } : {}),
    ...(continent ? { continent } : {}),
    ...(Number.isNaN(latitude) ? {} : { location: { latitude, longitude } }),
  };
}

/** What is known of an IPv4 client. */
export function explainPlaceV4(map: PlaceMap, address: number): PlaceDescription {
  return describePlace(map, findPlaceV4(map, address));
}

/** What is known of an IPv6 client, from the top 64 bits of its address. */
export function explainPlaceV6(map: PlaceMap, high: number, low: number): PlaceDescription {
  return describePlace(map, findPlaceV6(map, high, low));
}

/** How far a client is from each candidate, in their order; none when the client has no location. */
export function explainDistances(
  client: PlaceDescription,
  candidates: readonly { readonly latitude: number; readonly longitude: number; readonly bias: number }[],
): readonly CandidateDistance[] {
  const { location } = client;
  if (location === undefined) return [];
  return candidates.map(({ latitude, longitude, bias }) => {
    const km = distanceKm(location.latitude, location.longitude, latitude, longitude);
    return { km, biasedKm: biasedDistanceKm(km, bias) };
  });
}
