import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRegionTable } from '../../../src/databases/region-table.ts';
import { findCountry } from '../../../src/geo/countries.ts';
import { distanceKm } from '../../../src/geo/distance.ts';
import { findRegionLocation } from '../../../src/geo/region-locations.ts';

const table = readRegionTable();

describe('the table of regions', () => {
  it('knows regions of every provider, and airports', () => {
    for (const [reference, name] of [
      ['aws:us-east-1', 'Northern Virginia'],
      ['gcp:europe-west1', 'Saint-Ghislain'],
      ['azure:westeurope', 'Amsterdam'],
      ['iata:SIN', 'Singapore'],
      ['IATA:sin', 'Singapore'],
    ] as const) {
      const found = findRegionLocation(table, reference);
      assert.equal(found.ok && found.value.name, name, reference);
    }
  });

  it('suggests up to three ids for one that is misspelt', () => {
    assert.deepEqual(findRegionLocation(table, 'aws:us-esat-1'), {
      ok: false,
      suggestions: ['aws:us-east-1', 'aws:us-west-1', 'aws:us-east-2'],
    });
  });

  it('suggests nothing for what looks like none of them', () => {
    assert.deepEqual(findRegionLocation(table, 'the moon'), { ok: false, suggestions: [] });
    assert.deepEqual(findRegionLocation(table, 'x'.repeat(100_000)), { ok: false, suggestions: [] });
  });

  it('has about the same place for what is said to be in one city', () => {
    const byCity = new Map<string, { latitude: number; longitude: number; id: string }>();
    for (const row of table.values()) {
      const key = `${row.name}, ${row.country}`;
      const other = byCity.get(key) ?? row;
      byCity.set(key, other);
      const km = distanceKm(row.latitude, row.longitude, other.latitude, other.longitude);
      assert.ok(km < 80, `${row.id} and ${other.id} are ${Math.round(km)} km apart`);
    }
  });

  it('has every region in its country, or near where the addresses of the country are', () => {
    for (const row of table.values()) {
      const country = findCountry(row.country);
      assert.ok(country !== undefined, row.id);
      const km = distanceKm(row.latitude, row.longitude, country.latitude, country.longitude);
      // Honolulu is 6,700 km from where most of the addresses of the United States are; nothing else is farther.
      assert.ok(km < 7_000, `${row.id} is ${Math.round(km)} km from the middle of ${row.country}`);
    }
  });
});
