import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askLibrary, compareMap } from '../../../src/databases/verify-map.ts';
import { buildPlaceMap } from '../../../src/geo/build-place-map.ts';
import { findPlaceV4, findPlaceV6 } from '../../../src/geo/find-place.ts';
import { readMetadata } from '../../../src/geo/mmdb-metadata.ts';
import type { PlaceMap } from '../../../src/geo/place-map.ts';
import { LENGTH_MASK, PLACE_SHIFT } from '../../../src/geo/place-steps.ts';
import { geoip2Record, writeMmdb } from '../../support/mmdb-writer.ts';

const file = writeMmdb({
  networks: [
    { prefix: '1.0.0.0/8', record: geoip2Record('JP', 35.6895, 139.6917) },
    { prefix: '2.0.0.0/8', record: geoip2Record('FR') },
    { prefix: '2001:db8::/32', record: geoip2Record('DE', 52.52, 13.405) },
  ],
});

function buildMap(): PlaceMap {
  const metadata = readMetadata(file);
  assert.ok(metadata.ok);
  const tree = { bytes: file, ...metadata.value };
  const built = buildPlaceMap({ v4: tree, v6: tree });
  assert.ok(built.ok);
  return built.value;
}

describe('the second opinion on a map', () => {
  const verify = (map: PlaceMap): string | undefined =>
    compareMap(map, [askLibrary(file, 'city.mmdb', map.v4.words, 4), askLibrary(file, 'city.mmdb', map.v6.words, 6)]);

  it('agrees with a map that says what the file says', () => {
    assert.equal(verify(buildMap()), undefined);
  });

  it('names the address of which the map says another country', () => {
    const map = buildMap();
    // The Japanese interval is given away to whatever place the German one is in.
    const german = findPlaceV6(map, 0x20010db8, 0);
    const japanese = findPlaceV4(map, 0x01000000);
    const { words } = map.v4;
    const at = words.findIndex((word) => word >>> PLACE_SHIFT === japanese);
    words[at] = (german << PLACE_SHIFT) | ((words[at] ?? 0) & LENGTH_MASK);
    assert.match(verify(map) ?? '', /1\.0\.0\.0 reads in two ways \(country DE and JP\)/);
  });

  it('names the address of which the map says another location', () => {
    const map = buildMap();
    const place = findPlaceV6(map, 0x20010db8, 0);
    map.places.latitude[place] = 48.5;
    assert.match(verify(map) ?? '', /2001:db8:: reads in two ways \(48\.5.*52\.52/);
  });
});
