import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type CityResponse, Reader } from 'maxmind';
import { copyAsNewer } from '../../bench/database/city-database.ts';
import { writeGeoip2 } from '../../bench/database/write-geoip2.ts';
import { flatRecord, type MmdbNetwork, writeMmdb } from '../../support/mmdb-writer.ts';

const LONG_NAME = 'Krung Thep Maha Nakhon Amon Rattanakosin';
const V4: readonly MmdbNetwork[] = [
  { prefix: '81.2.69.0/24', record: flatRecord('GB', 51.5, -0.1, 'England') },
  { prefix: '133.0.0.0/8', record: flatRecord('JP', 35.7, 139.7) },
];
const V6: readonly MmdbNetwork[] = [{ prefix: '2a00::/16', record: flatRecord('TH', 13.8, 100.5, LONG_NAME) }];

describe('the database in the shape of GeoIP2 City', () => {
  const directory = mkdtempSync(join(tmpdir(), 'azimuth-bench-test-'));
  const path = (name: string) => join(directory, name);
  after(() => rmSync(directory, { recursive: true }));

  for (const recordSize of [24, 28, 32] as const) {
    test(`says of every address what the flat ones said, whose records have ${recordSize} bits`, () => {
      writeFileSync(path('v4'), writeMmdb({ networks: V4, ipVersion: 4, recordSize }));
      writeFileSync(path('v6'), writeMmdb({ networks: V6, ipVersion: 6, recordSize }));
      const { records } = writeGeoip2(path('v4'), path('v6'), path('city'), 1_780_000_000);
      const reader = new Reader<CityResponse>(readFileSync(path('city')));
      assert.equal(records, 3);
      assert.equal(reader.metadata.databaseType, 'GeoIP2-City');
      assert.deepEqual(reader.getWithPrefixLength('81.2.69.7'), [
        {
          continent: { code: 'EU' },
          country: { iso_code: 'GB' },
          location: { latitude: 51.5, longitude: -0.1 },
          subdivisions: [{ names: { en: 'England' } }],
        },
        24,
      ]);
      assert.equal(reader.get('133.11.0.1')?.country?.iso_code, 'JP');
      assert.equal(reader.get('2a00:1::1')?.subdivisions?.[0]?.names.en, LONG_NAME);
      assert.equal(reader.get('2a01::1'), null);
      assert.equal(reader.get('9.9.9.9'), null);
    });
  }

  test('a newer edition differs in nothing but when it was built', () => {
    copyAsNewer(path('city'), path('newer'));
    const [before, later] = [path('city'), path('newer')].map((file) => new Reader<CityResponse>(readFileSync(file)));
    const msOf = (reader: typeof before) => Number(reader?.metadata.buildEpoch);
    assert.ok(msOf(later) > msOf(before));
    assert.deepEqual(later?.get('81.2.69.7'), before?.get('81.2.69.7'));
  });
});
