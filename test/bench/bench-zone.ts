// What every server is configured with: one zone, a name steered to the nearest of some data centres, and a static name.

import { readRegionTable } from '../../src/databases/region-table.ts';
import { distanceKm } from '../../src/geo/distance.ts';

export const ZONE = 'example.com';
export const STEERED_NAME = `www.${ZONE}`;
export const STATIC_NAME = `static.${ZONE}`;
export const STATIC_ADDRESS = '192.0.2.200';
export const TTL_SECONDS = 30;

export type DataCentre = {
  /** Letters, digits and hyphens. */
  readonly id: string;
  readonly latitude: number;
  readonly longitude: number;
  /** What clients that are sent there are answered with. */
  readonly address: string;
};

export const FOUR_DATA_CENTRES: readonly DataCentre[] = [
  { id: 'us-east', latitude: 38.9, longitude: -77, address: '192.0.2.1' },
  { id: 'us-west', latitude: 37.3, longitude: -121.9, address: '192.0.2.2' },
  { id: 'eu', latitude: 50.1, longitude: 8.7, address: '192.0.2.3' },
  { id: 'ap', latitude: 1.35, longitude: 103.8, address: '192.0.2.4' },
];

/** Data centres all over the world: every n-th cloud region of our table. `count`: up to 199. */
export function spreadDataCentres(count: number): readonly DataCentre[] {
  const rows = [...readRegionTable().values()].filter(({ id }) => !id.startsWith('iata:'));
  const chosen = Array.from({ length: count }, (_, index) => rows[Math.floor((index * rows.length) / count)]);
  return chosen.flatMap((row, index) => {
    if (row === undefined) return [];
    const { latitude, longitude } = row;
    return [{ id: row.id.replaceAll(/[^a-z0-9]+/g, '-'), latitude, longitude, address: `192.0.2.${index + 1}` }];
  });
}

/** The data centres in the order of their distance, nearest first, with the distance in km. */
export function rankByDistance(
  dataCentres: readonly DataCentre[],
  { latitude, longitude }: { readonly latitude: number; readonly longitude: number },
): readonly { readonly dataCentre: DataCentre; readonly km: number }[] {
  return dataCentres
    .map((dataCentre) => ({
      dataCentre,
      km: distanceKm(latitude, longitude, dataCentre.latitude, dataCentre.longitude),
    }))
    .sort((a, b) => a.km - b.km);
}
