// The whole default database: what the place map and the rank map say must be what another reader (maxmind) finds in the
// files, with distances by another formula (the spherical law of cosines).

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { open, type Reader, type Response } from 'maxmind';
import { explainPlaceV4, explainPlaceV6 } from '../../src/geo/find-place.ts';
import type { PlaceMap } from '../../src/geo/place-map.ts';
import { compileRanking } from '../../src/steering/rank.ts';
import { countRuns, listOf, lookupV4, lookupV6, type RankMap, TIER_START } from '../../src/steering/run-map.ts';
import { defaultDatabasePaths, openDefaultMap } from '../support/default-map.ts';
import { startOfRun } from '../support/place-intervals.ts';
import { checkScopeV4, checkScopeV6 } from '../support/rank-map-check.ts';
import { EXAMPLE_REGIONS, WELL_KNOWN_ADDRESSES } from '../support/well-known-addresses.ts';

type CityRecord = Response & {
  readonly country_code: string;
  readonly state1: string;
  readonly latitude: number;
  readonly longitude: number;
};
type Halves = { readonly high: number; readonly low: number };

const RANDOM_CLIENTS = 2_000;
const RANDOM_SCOPES = 300;

let map: PlaceMap;
let ranked: RankMap;
let v4Reader: Reader<CityRecord>;
let v6Reader: Reader<CityRecord>;

before(async () => {
  const paths = defaultDatabasePaths();
  [{ placeMap: map }, v4Reader, v6Reader] = await Promise.all([
    openDefaultMap(),
    open<CityRecord>(paths.v4),
    open<CityRecord>(paths.v6),
  ]);
  ranked = compileRanking(map, { candidates: EXAMPLE_REGIONS, rules: [{ kind: 'proximity', tolerance: 0 }] });
});

describe('the map of the default database', () => {
  it('says of random IPv4 addresses what the reader says', () => {
    const random = createRandom(1);
    for (let count = 0; count < RANDOM_CLIENTS; count += 1) {
      const address = random();
      assertSamePlace(explainPlaceV4(map, address), v4Reader.get(formatV4(address)), formatV4(address));
    }
  });

  it('says of random IPv6 prefixes what the reader says', () => {
    const random = createRandom(2);
    for (let count = 0; count < RANDOM_CLIENTS; count += 1) {
      const { high, low } = randomV6(random);
      assertSamePlace(explainPlaceV6(map, high, low), v6Reader.get(formatV6(high, low)), formatV6(high, low));
    }
  });

  it('knows where nearly all of the well-known addresses are, on all continents that have networks', () => {
    const continents = new Set<string>();
    for (const { address } of WELL_KNOWN_ADDRESSES) {
      const record = recordOf(address);
      assertSamePlace(explain(address), record, address);
      continents.add(explain(address).continent ?? 'unknown');
    }
    assert.deepEqual([...continents].filter((continent) => continent !== 'unknown').sort(), [
      'AF',
      'AS',
      'EU',
      'NA',
      'OC',
      'SA',
    ]);
  });
});

describe('a ranking by proximity over the default database', () => {
  for (const { address, owner } of WELL_KNOWN_ADDRESSES) {
    it(`sends ${address} (${owner}) to the nearest of five regions`, () => {
      const record = recordOf(address);
      assert.ok(record !== null, 'the database does not know the address');
      const distances = EXAMPLE_REGIONS.map((region) => cosineDistance(record, region));
      assert.equal(firstCluster(address), distances.indexOf(Math.min(...distances)));
    });
  }

  it('gives every address of a scope the same list, and no scope could be wider', () => {
    const random = createRandom(3);
    for (let count = 0; count < RANDOM_SCOPES; count += 1) {
      checkScopeV4(ranked, random());
      const { high, low } = randomV6(random);
      checkScopeV6(ranked, high, low);
    }
  });
});

function assertSamePlace(found: ReturnType<typeof explainPlaceV4>, record: CityRecord | null, address: string): void {
  if (record === null) {
    assert.deepEqual(found, { place: 0 }, address);
    return;
  }
  assert.equal(found.country ?? '', record.country_code, address);
  assert.equal(found.subdivision ?? '', record.state1 === '' ? '' : `${record.country_code}-${record.state1}`, address);
  assert.equal(found.location?.latitude, Math.fround(record.latitude), address);
  assert.equal(found.location?.longitude, Math.fround(record.longitude), address);
}

function recordOf(address: string): CityRecord | null {
  return address.includes(':') ? v6Reader.get(address) : v4Reader.get(address);
}

function explain(address: string): ReturnType<typeof explainPlaceV4> {
  if (!address.includes(':')) return explainPlaceV4(map, parseV4(address));
  const { high, low } = parseV6(address);
  return explainPlaceV6(map, high, low);
}

function firstCluster(address: string): number {
  const list = address.includes(':')
    ? listV6(parseV6(address))
    : listOf(ranked.v4, lookupV4(ranked.v4, parseV4(address)));
  const first = ranked.lists.entries[ranked.lists.offsets[list] ?? 0] ?? 0;
  return first & ~TIER_START;
}

function listV6({ high, low }: Halves): number {
  return listOf(ranked.v6, lookupV6(ranked.v6, high, low));
}

/** The spherical law of cosines, on a unit sphere. */
function cosineDistance(
  a: { latitude: number; longitude: number },
  b: { latitude: number; longitude: number },
): number {
  const radians = (degrees: number): number => (degrees / 180) * Math.PI;
  const [phiA, phiB] = [radians(a.latitude), radians(b.latitude)];
  const cosine =
    Math.sin(phiA) * Math.sin(phiB) + Math.cos(phiA) * Math.cos(phiB) * Math.cos(radians(b.longitude - a.longitude));
  return Math.acos(Math.max(-1, Math.min(1, cosine)));
}

/** Numbers of 32 bits that look random and are the same in every run (xorshift). */
function createRandom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Half of them right at a border of the map, where mistakes would be. */
function randomV6(random: () => number): Halves {
  const start = startOfRun(ranked.v6, random() % countRuns(ranked.v6));
  const [high, low] = [Number(start >> 32n), Number(start & 0xffffffffn)];
  return random() % 2 === 0 ? { high, low } : { high, low: random() };
}

function parseV4(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function parseV6(text: string): Halves {
  const [head = '', tail = ''] = text.split('::');
  const before = head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = text.includes('::') ? new Array<string>(8 - before.length - after.length).fill('0') : [];
  const [a = 0, b = 0, c = 0, d = 0] = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  return { high: a * 65_536 + b, low: c * 65_536 + d };
}

function formatV4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

function formatV6(high: number, low: number): string {
  return `${[high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].map((group) => group.toString(16)).join(':')}::`;
}
