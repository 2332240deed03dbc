import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildFamily, buildPlaceMap } from '../../../src/geo/build-place-map.ts';
import { explainPlaceV4, explainPlaceV6 } from '../../../src/geo/find-place.ts';
import { readMetadata } from '../../../src/geo/mmdb-metadata.ts';
import type { MmdbTree } from '../../../src/geo/mmdb-tree.ts';
import type { PlaceMap } from '../../../src/geo/place-map.ts';
import { flatRecord, geoip2Record, type MmdbOptions, writeMmdb } from '../../support/mmdb-writer.ts';
import { listIntervals } from '../../support/place-intervals.ts';

const dublin = geoip2Record('IE', 53.35, -6.26);
const ashburn = geoip2Record('US', 39.04, -77.49, 'VA');
const tokyo = geoip2Record('JP', 35.68, 139.69);

const networks = [
  { prefix: '1.0.0.0/8', record: dublin },
  { prefix: '1.2.0.0/16', record: ashburn },
  { prefix: '2.0.0.0/8', record: dublin },
  { prefix: '3.0.0.0/8', record: dublin },
  { prefix: '255.255.255.255/32', record: tokyo },
  { prefix: '2001:db8::/32', record: tokyo },
  { prefix: '2a00::/12', record: dublin },
];

function openTree(bytes: Buffer): MmdbTree {
  const metadata = readMetadata(bytes);
  if (!metadata.ok) throw new Error(metadata.fault.message);
  return { bytes, ...metadata.value };
}

function build(options: MmdbOptions): PlaceMap {
  const tree = openTree(writeMmdb(options));
  const built = buildPlaceMap(tree.ipVersion === 6 ? { v4: tree, v6: tree } : { v4: tree });
  if (!built.ok) throw new Error(built.fault.message);
  return built.value;
}

const v4 = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

describe('building a place map', () => {
  for (const recordSize of [24, 28, 32] as const) {
    it(`finds the most specific prefix in a tree with records of ${recordSize} bits`, () => {
      const map = build({ networks, recordSize });
      assert.equal(explainPlaceV4(map, v4('1.0.0.1')).country, 'IE');
      assert.equal(explainPlaceV4(map, v4('1.1.255.255')).country, 'IE');
      assert.equal(explainPlaceV4(map, v4('1.2.0.0')).country, 'US');
      assert.equal(explainPlaceV4(map, v4('1.2.255.255')).country, 'US');
      assert.equal(explainPlaceV4(map, v4('1.3.0.0')).country, 'IE');
      assert.equal(explainPlaceV4(map, v4('255.255.255.255')).country, 'JP');
      assert.deepEqual(explainPlaceV4(map, v4('10.0.0.1')), { place: 0 });
      assert.equal(explainPlaceV6(map, 0x20010db8, 5).country, 'JP');
      assert.equal(explainPlaceV6(map, 0x2a001450, 0).country, 'IE');
      assert.deepEqual(explainPlaceV6(map, 0x20010db9, 0), { place: 0 });
    });
  }

  it('merges neighbouring prefixes of one place', () => {
    const map = build({ networks });
    assert.deepEqual(
      listIntervals(map.v4).map(({ start }) => Number(start >> 32n)),
      ['0.0.0.0', '1.0.0.0', '1.2.0.0', '1.3.0.0', '4.0.0.0', '255.255.255.255'].map(v4),
    );
    assert.equal(map.places.count, 4);
  });

  it('reads the flat shape and derives the continent that it does not say', () => {
    const map = build({
      ipVersion: 4,
      networks: [{ prefix: '8.0.0.0/8', record: flatRecord('US', 37.5, -122.25, 'California') }],
    });
    const { location, ...names } = explainPlaceV4(map, v4('8.8.8.8'));
    assert.deepEqual(names, { place: 1, country: 'US', subdivision: 'US-California', continent: 'NA' });
    assert.deepEqual(location, { latitude: 37.5, longitude: -122.25 });
    assert.deepEqual(explainPlaceV6(map, 0x20010db8, 0), { place: 0 });
  });

  it('writes a subdivision of the GeoIP2 shape as its ISO 3166-2 code', () => {
    assert.equal(explainPlaceV4(build({ networks }), v4('1.2.3.4')).subdivision, 'US-VA');
  });

  it('takes the IPv4 tree of an IPv6 database once, and the aliases that lead to it as nothing known', () => {
    const plain = build({ networks });
    const aliased = build({ networks, aliases: true });
    assert.deepEqual(listIntervals(aliased.v4), listIntervals(plain.v4));
    assert.deepEqual(
      listIntervals(aliased.v6).map(({ start }) => start),
      listIntervals(plain.v6).map(({ start }) => start),
    );
    assert.deepEqual(explainPlaceV6(aliased, 0x20020102, 0), { place: 0 });
    assert.deepEqual(explainPlaceV6(aliased, 0x20010000, 0x01020000), { place: 0 });
    assert.deepEqual(explainPlaceV6(aliased, 0, 0), { place: 0 });
  });

  it('counts a prefix longer than /64 by the first address of its /64', () => {
    const map = build({
      networks: [
        { prefix: '2001:db8::/64', record: dublin },
        { prefix: '2001:db8::8000:0:0:0/65', record: tokyo },
        { prefix: '2001:db8:0:1::/65', record: tokyo },
      ],
    });
    assert.equal(explainPlaceV6(map, 0x20010db8, 0).country, 'IE');
    assert.equal(explainPlaceV6(map, 0x20010db8, 1).country, 'JP');
  });

  it('gives a record without coordinates the centroid of the country, weighted by addresses', () => {
    const map = build({
      networks: [
        { prefix: '1.0.0.0/8', record: geoip2Record('RU', 55, 30) },
        { prefix: '2.0.0.0/10', record: geoip2Record('RU', 55, 90) },
        { prefix: '3.0.0.0/8', record: geoip2Record('RU') },
      ],
    });
    const { location } = explainPlaceV4(map, v4('3.0.0.1'));
    // Three quarters and more of the weight is at 30° E: the mean is far nearer to it than the middle, 60°.
    assert.ok(location !== undefined && location.longitude > 35 && location.longitude < 45, JSON.stringify(location));
    assert.ok(location.latitude > 54 && location.latitude < 60, JSON.stringify(location));
  });

  it('places a country of a database without any coordinates by its own table', () => {
    const map = build({ networks: [{ prefix: '1.0.0.0/8', record: geoip2Record('NZ') }] });
    const { location, continent } = explainPlaceV4(map, v4('1.0.0.1'));
    assert.equal(continent, 'OC');
    assert.ok(location !== undefined && location.latitude < -35 && location.longitude > 165);
  });

  it('leaves out coordinates that are not on the globe', () => {
    const map = build({
      networks: [{ prefix: '1.0.0.0/8', record: { country_code: 'ZZ', latitude: 1e9, longitude: 0 } }],
    });
    assert.deepEqual(explainPlaceV4(map, v4('1.0.0.1')), { place: 1, country: 'ZZ' });
  });

  for (const recordSize of [28, 32] as const) {
    it(`finds data behind the first 16 MB with records of ${recordSize} bits, by either half of a node`, () => {
      const [nodeCount, far] = [1, 2 ** 24 + 5];
      const start = recordSize / 4 + 16;
      const bytes = Buffer.alloc(start + far + 100);
      // Maps of one key, country_code.
      bytes.write('\u00e1\u004ccountry_code\u0042IE', start + far, 'latin1');
      bytes.write('\u00e1\u004ccountry_code\u0042JP', start + far + 50, 'latin1');
      const [left, right] = [nodeCount + 16 + far, nodeCount + 16 + far + 50];
      if (recordSize === 32) {
        bytes.writeUInt32BE(left, 0);
        bytes.writeUInt32BE(right, 4);
      } else {
        bytes.writeUIntBE(left % 2 ** 24, 0, 3);
        bytes.writeUIntBE(right % 2 ** 24, 4, 3);
        bytes[3] = 0x11;
      }
      const built = buildPlaceMap({ v4: { bytes, nodeCount, recordSize, ipVersion: 4 } });
      assert.ok(built.ok);
      assert.equal(explainPlaceV4(built.value, v4('1.0.0.0')).country, 'IE');
      assert.equal(explainPlaceV4(built.value, v4('200.0.0.0')).country, 'JP');
    });
  }

  it('lies in shared memory, all of it', () => {
    const { v4: four, v6, places } = build({ networks });
    const arrays = [
      four.words,
      four.marksHigh,
      four.marksLow,
      v6.words,
      v6.marksHigh,
      places.latitude,
      places.continent,
    ];
    for (const array of arrays) assert.ok(array.buffer instanceof SharedArrayBuffer);
  });
});

describe('a damaged database', () => {
  const sound = writeMmdb({ networks, recordSize: 24 });

  function faultOf(bytes: Buffer, change: Partial<MmdbTree> = {}): string {
    const tree = { ...openTree(sound), bytes, ...change };
    const built = buildPlaceMap({ v4: tree, v6: tree });
    return built.ok ? 'none' : built.fault.code;
  }

  it('is refused when the search tree is cut short', () => {
    assert.equal(faultOf(sound.subarray(0, 100)), 'truncated');
  });

  it('is refused when it has lost its metadata', () => {
    const metadata = readMetadata(sound.subarray(0, sound.length - 300));
    assert.equal(metadata.ok ? 'none' : metadata.fault.code, 'truncated');
  });

  it('is refused when its tree leads back into itself', () => {
    const bytes = Buffer.from(sound);
    bytes.writeUIntBE(0, 3, 3);
    assert.match(faultOf(bytes), /tree-cycle|tree-too-deep/);
  });

  it('is refused when its tree is deeper than an address', () => {
    const tree = openTree(writeMmdb({ networks: [{ prefix: '2001:db8::/48', record: dublin }] }));
    const built = buildFamily({ ...tree, ipVersion: 4 }, 4);
    assert.equal(built.ok ? 'none' : built.fault.code, 'tree-too-deep');
  });

  it('is refused when a record points behind the end', () => {
    const bytes = writeMmdb({ networks: [{ prefix: '0.0.0.0/1', record: dublin }], ipVersion: 4, recordSize: 24 });
    bytes.writeUIntBE(0xfffff0, 0, 3);
    const built = buildPlaceMap({ v4: openTree(bytes) });
    assert.equal(built.ok ? 'none' : built.fault.code, 'bad-pointer');
  });

  it('is refused when a record on the way to the IPv4 tree is greater than any offset', () => {
    const bytes = writeMmdb({ networks: [{ prefix: '81.0.0.0/8', record: dublin }], ipVersion: 6, recordSize: 32 });
    bytes.writeUInt32BE(0xc0000085, 0);
    const tree = openTree(bytes);
    for (const trees of [{ v4: tree }, { v6: tree }, { v4: tree, v6: tree }]) {
      const built = buildPlaceMap(trees);
      assert.equal(built.ok ? 'none' : built.fault.code, 'bad-pointer');
    }
  });

  it('is refused when a record cannot be decoded', () => {
    const bytes = writeMmdb({ networks: [{ prefix: '0.0.0.0/1', record: dublin }], ipVersion: 4, recordSize: 24 });
    const tree = openTree(bytes);
    bytes.fill(0, (tree.nodeCount * 24) / 4 + 16, bytes.length - 200);
    const built = buildPlaceMap({ v4: tree });
    assert.equal(built.ok ? 'none' : built.fault.code, 'bad-record');
  });

  it('is refused when it tells of something other than places', () => {
    const bytes = writeMmdb({
      networks: [{ prefix: '1.0.0.0/8', record: { autonomous_system_organization: 'Example' } }],
    });
    const built = buildPlaceMap({ v4: openTree(bytes) });
    assert.equal(built.ok ? 'none' : built.fault.code, 'wrong-type');
  });

  it('ends in a map or a fault whichever byte is wrong', () => {
    const small = writeMmdb({ networks: networks.slice(4), recordSize: 24 });
    for (let at = 0; at < small.length; at += 1) {
      for (const value of [0x00, 0xff]) {
        const bytes = Buffer.from(small);
        bytes[at] = value;
        const metadata = readMetadata(bytes);
        if (metadata.ok) buildPlaceMap({ v4: { bytes, ...metadata.value } });
        if (metadata.ok && metadata.value.ipVersion === 6) buildPlaceMap({ v6: { bytes, ...metadata.value } });
      }
    }
  });
});
