// Reads the table of cloud regions and airports that comes with Azimuth: once, at start.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRegionTable, type RegionLocation, type RegionTable } from '../geo/region-locations.ts';

const TABLE_PATH = fileURLToPath(new URL('../../geo-data/regions.json', import.meta.url));

/** @throws Error when the file is missing or is not what this version came with: the installation is damaged. */
export function readRegionTable(path: string = TABLE_PATH): RegionTable {
  const rows: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!Array.isArray(rows) || !rows.every(isRegionLocation)) {
    throw new Error(`${path} is not a table of regions: each row needs id, name, country, latitude and longitude`);
  }
  return createRegionTable(rows);
}

function isRegionLocation(row: unknown): row is RegionLocation {
  return (
    typeof row === 'object' &&
    row !== null &&
    ['id', 'name', 'country'].every((key) => typeof Reflect.get(row, key) === 'string') &&
    isWithin(Reflect.get(row, 'latitude'), 90) &&
    isWithin(Reflect.get(row, 'longitude'), 180)
  );
}

function isWithin(value: unknown, limit: number): boolean {
  return typeof value === 'number' && Math.abs(value) <= limit;
}
