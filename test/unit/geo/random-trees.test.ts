// The place map of databases drawn at random, against what the prefixes say when each of them is looked at: the longest that
// holds an address, whatever tree, record numbers and words have been made of it in between.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildPlaceMap } from '../../../src/geo/build-place-map.ts';
import { describePlace, findPlaceV4, findPlaceV6 } from '../../../src/geo/find-place.ts';
import { readMetadata } from '../../../src/geo/mmdb-metadata.ts';
import { flatRecord, geoip2Record, writeMmdb } from '../../support/mmdb-writer.ts';
import { listIntervals } from '../../support/place-intervals.ts';

type Network = { readonly first: bigint; readonly length: number; readonly place: number };

/** Few places, so that neighbours merge; two of them differ in the subdivision alone. */
const PLACES = [
  { country: 'IE', latitude: 53.5, longitude: -6.25, subdivision: 'L' },
  { country: 'JP', latitude: 35.5, longitude: 139.75, subdivision: '13' },
  { country: 'US', latitude: 39, longitude: -77.5, subdivision: 'VA' },
  { country: 'US', latitude: 39, longitude: -77.5, subdivision: 'MD' },
] as const;

const recordSizes = fc.constantFrom(24, 28, 32);
const place = fc.integer({ min: 0, max: PLACES.length - 1 });

/** Prefixes close to each other; `bits` of an address, of which the first `fixed` are those of `top`. */
function someNetworks(bits: number, top: bigint, fixed: number): fc.Arbitrary<readonly Network[]> {
  const near = fc.integer({ min: fixed, max: bits }).chain((length) =>
    fc.bigInt({ min: 0n, max: 15n }).map((number) => {
      const free = length - fixed;
      const own = free === 0 ? 0n : number % (1n << BigInt(Math.min(4, free)));
      return { first: (top << BigInt(bits - fixed)) | (own << BigInt(bits - length)), length };
    }),
  );
  const network = fc.tuple(near, place).map(([at, chosen]) => ({ ...at, place: chosen }));
  return fc.uniqueArray(network, { maxLength: 20, selector: ({ first, length }) => `${first}/${length}` });
}

/** The place of the longest prefix that holds the address. */
function findPlainly(networks: readonly Network[], address: bigint, bits: number): number | undefined {
  const holding = networks.filter(
    ({ first, length }) => address >> BigInt(bits - length) === first >> BigInt(bits - length),
  );
  return holding.sort((a, b) => b.length - a.length)[0]?.place;
}

function edgesOf(networks: readonly Network[], bits: number): readonly bigint[] {
  const last = (1n << BigInt(bits)) - 1n;
  return [
    0n,
    last,
    ...networks.flatMap(({ first, length }) => {
      const end = first + (1n << BigInt(bits - length));
      return [first - 1n, first, end - 1n, end];
    }),
  ].filter((address) => address >= 0n && address <= last);
}

function formatV4({ first, length }: Network): string {
  return `${[24n, 16n, 8n, 0n].map((shift) => (first >> shift) & 255n).join('.')}/${length}`;
}

function formatV6({ first, length }: Network): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((first >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return `${groups.join(':')}/${length}`;
}

describe('the place map of any database', () => {
  it('has each address in the place of its longest prefix, and no two neighbours in one place', () => {
    fc.assert(
      fc.property(
        someNetworks(32, 0x0102n, 16),
        // Not below 2001:: itself, where an alias would be, nor beyond /64, where the first address counts.
        someNetworks(64, 0x2a02n, 16),
        recordSizes,
        fc.boolean(),
        (v4, v6, recordSize, isFlat) => {
          const recordOf = (at: number) => {
            const { country, latitude, longitude, subdivision } = PLACES[at] ?? PLACES[0];
            const write = isFlat ? flatRecord : geoip2Record;
            return write(country, latitude, longitude, subdivision);
          };
          const wide = v6.map((network) => ({ ...network, first: network.first << 64n }));
          const bytes = writeMmdb({
            recordSize,
            networks: [
              { prefix: '9.0.0.0/8', record: recordOf(0) },
              ...v4.map((network) => ({ prefix: formatV4(network), record: recordOf(network.place) })),
              ...wide.map((network) => ({ prefix: formatV6(network), record: recordOf(network.place) })),
            ],
          });
          const metadata = readMetadata(bytes);
          assert.ok(metadata.ok);
          const tree = { bytes, ...metadata.value };
          const built = buildPlaceMap({ v4: tree, v6: tree });
          assert.ok(built.ok);
          const map = built.value;
          const check = (found: number, expected: number | undefined): void => {
            const { country, subdivision } = describePlace(map, found);
            const wanted = expected === undefined ? undefined : PLACES[expected];
            assert.equal(country, wanted?.country);
            assert.equal(subdivision, wanted && `${wanted.country}-${wanted.subdivision}`);
          };
          const all = [...v4, { first: 0x09000000n, length: 8, place: 0 }];
          for (const address of edgesOf(all, 32)) {
            check(findPlaceV4(map, Number(address)), findPlainly(all, address, 32));
          }
          for (const address of edgesOf(v6, 64)) {
            const [high, low] = [Number(address >> 32n), Number(address & 0xffffffffn)];
            check(findPlaceV6(map, high, low), findPlainly(v6, address, 64));
          }
          assertFewest(listIntervals(map.v4).length, all, 32);
          assertFewest(listIntervals(map.v6).length, v6, 64);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** There is a border exactly where the place changes. */
function assertFewest(intervals: number, networks: readonly Network[], bits: number): void {
  const edges = [...new Set(edgesOf(networks, bits))].sort((a, b) => (a < b ? -1 : 1));
  const places = edges.map((address) => findPlainly(networks, address, bits));
  assert.equal(intervals, 1 + places.filter((at, index) => index > 0 && at !== places[index - 1]).length);
}
