// A record that names a country but no coordinates (a mobile network, say) gets the country's centroid: the mean of the
// points that the database does know there, weighted by the number of addresses at each. So a client somewhere in Russia
// counts as near Moscow, where the addresses are, rather than in Siberia, where the land is. A database without any
// coordinates takes the centroids of countries.ts.

import { findCountry } from './countries.ts';
import { toLocation, toUnitVector, type UnitVector } from './distance.ts';
import type { PlaceMap, PlaceTable } from './place-map.ts';
import { LENGTH_HIGH, LENGTH_LOW, LENGTH_MASK, PLACE_SHIFT, type PlaceSteps } from './place-steps.ts';

/** Gives every place that has a country but no coordinates those of the country's centroid. */
export function placeCountries(map: PlaceMap): void {
  const { places } = map;
  const unplaced: number[] = [];
  for (let place = 1; place < places.count; place += 1) {
    if (Number.isNaN(places.latitude[place]) && places.country[place] !== 0) unplaced.push(place);
  }
  if (unplaced.length === 0) return;
  const sumsV4 = sumByCountry(places, weighPlaces(map.v4, places.count));
  const sumsV6 = sumByCountry(places, weighPlaces(map.v6, places.count));
  for (const place of unplaced) {
    const country = places.country[place] ?? 0;
    const sum = sumsV4[country] ?? sumsV6[country];
    const location = sum === undefined ? findCountry(places.countries[country] ?? '') : toLocation(sum);
    places.latitude[place] = location?.latitude ?? Number.NaN;
    places.longitude[place] = location?.longitude ?? Number.NaN;
  }
}

/** How many addresses each place has in one family, in units of 2^32 of the 64 bits of an address. */
function weighPlaces({ words }: PlaceSteps, count: number): Float64Array {
  const weights = new Float64Array(count);
  for (const word of words) {
    const place = word >>> PLACE_SHIFT;
    const length = word & LENGTH_MASK;
    weights[place] = (weights[place] ?? 0) + (LENGTH_HIGH[length] ?? 0) + (LENGTH_LOW[length] ?? 0) / 2 ** 32;
  }
  return weights;
}

/** Per country the weighted sum of its located places as vectors; nothing for a country that has none. */
function sumByCountry(places: PlaceTable, weights: Float64Array): readonly (UnitVector | undefined)[] {
  const sums: (UnitVector | undefined)[] = places.countries.map(() => undefined);
  for (let place = 1; place < places.count; place += 1) {
    const weight = weights[place] ?? 0;
    const country = places.country[place] ?? 0;
    const latitude = places.latitude[place] ?? Number.NaN;
    if (weight === 0 || country === 0 || Number.isNaN(latitude)) continue;
    const { x, y, z } = toUnitVector(latitude, places.longitude[place] ?? Number.NaN);
    const sum = sums[country] ?? { x: 0, y: 0, z: 0 };
    sums[country] = { x: sum.x + weight * x, y: sum.y + weight * y, z: sum.z + weight * z };
  }
  return sums;
}
