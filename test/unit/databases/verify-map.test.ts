import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { verifyMap } from '../../../src/databases/verify-map.ts';
import { buildPlaceMap } from '../../../src/geo/build-place-map.ts';
import { readMetadata } from '../../../src/geo/mmdb-metadata.ts';
import type { PlaceMap } from '../../../src/geo/place-map.ts';
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
  let directory: string;
  let path: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'azimuth-verify-'));
    path = join(directory, 'city.mmdb');
    writeFileSync(path, file);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('agrees with a map that says what the file says', () => {
    assert.equal(verifyMap(buildMap(), path, path), undefined);
  });

  it('names the address of which the map says another country', () => {
    const map = buildMap();
    // The Japanese interval is given away to whatever place the German one is in.
    map.v4.places[map.v4.starts.indexOf(0x01000000)] = map.v6.places[1] ?? 0;
    assert.match(verifyMap(map, path, path) ?? '', /1\.0\.0\.0 reads in two ways \(country DE and JP\)/);
  });

  it('names the address of which the map says another location', () => {
    const map = buildMap();
    const place = map.v6.places[1] ?? 0;
    map.places.latitude[place] = 48.5;
    assert.match(verifyMap(map, path, path) ?? '', /2001:db8:: reads in two ways \(48\.5.*52\.52/);
  });
});
