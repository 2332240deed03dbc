import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { biasedDistanceKm, distanceKm } from '../../../src/geo/distance.ts';
import { describePlace, findPlaceV4, findPlaceV6 } from '../../../src/geo/find-place.ts';
import { emptyPlaceMap, type PlaceMap } from '../../../src/geo/place-map.ts';
import { compileRanking, MAX_CANDIDATES } from '../../../src/steering/rank.ts';
import type { Ranking, RankingRule } from '../../../src/steering/ranking.ts';
import {
  countRuns,
  listOf,
  lookupV4,
  lookupV6,
  type RankMap,
  scopeV4,
  scopeV6,
  TIER_START,
} from '../../../src/steering/run-map.ts';
import { outlinePlaceMap, type PlaceInterval } from '../../support/place-intervals.ts';
import { checkScopeV4, checkScopeV6 } from '../../support/rank-map-check.ts';

type TestPlace = { country: string; subdivision?: string; continent?: number; at?: readonly [number, number] };
type TestInterval = { start: number; low?: number; place: number };

function makeMap(
  places: readonly TestPlace[],
  v4: readonly TestInterval[],
  v6: readonly TestInterval[] = [],
): PlaceMap {
  const countries = ['', ...new Set(places.map(({ country }) => country))];
  const subdivisions = ['', ...new Set(places.flatMap(({ subdivision }) => subdivision ?? []))];
  const intervals = (family: readonly TestInterval[]): PlaceInterval[] => [
    { start: 0n, place: 0 },
    ...family.map(({ start, low = 0, place }) => ({ start: (BigInt(start) << 32n) | BigInt(low), place })),
  ];
  const four = intervals(v4.map(({ start, place }) => ({ start, place })));
  const six = intervals(v6);
  const map = outlinePlaceMap({ v4: four, v6: six, places: places.length + 1, countries, subdivisions });
  map.places.latitude.set([Number.NaN, ...places.map(({ at }) => at?.[0] ?? Number.NaN)]);
  map.places.longitude.set([Number.NaN, ...places.map(({ at }) => at?.[1] ?? Number.NaN)]);
  map.places.country.set([0, ...places.map(({ country }) => countries.indexOf(country))]);
  map.places.subdivision.set([0, ...places.map(({ subdivision }) => subdivisions.indexOf(subdivision ?? ''))]);
  map.places.continent.set([0, ...places.map(({ continent }) => continent ?? 0)]);
  return map;
}

const v4 = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** The tiers of a list: [[0], [1, 2]]. */
function tiersOf(map: RankMap, list: number): number[][] {
  const { offsets, entries } = map.lists;
  const tiers: number[][] = [];
  for (const entry of entries.slice(offsets[list], offsets[list + 1])) {
    if ((entry & TIER_START) !== 0) tiers.push([]);
    tiers.at(-1)?.push(entry & ~TIER_START);
  }
  return tiers;
}

const tiersV4 = (map: RankMap, address: string): number[][] =>
  tiersOf(map, listOf(map.v4, lookupV4(map.v4, v4(address))));
const tiersV6 = (map: RankMap, high: number, low = 0): number[][] =>
  tiersOf(map, listOf(map.v6, lookupV6(map.v6, high, low)));

// 1/8 London, 2/8 Tokyo, 3/8 San Francisco, 4/8 Ireland without coordinates.
const world = makeMap(
  [
    { country: 'GB', continent: 4, at: [51.5, -0.1] },
    { country: 'JP', continent: 3, at: [35.7, 139.7] },
    { country: 'US', continent: 5, subdivision: 'US-California', at: [37.8, -122.4] },
    { country: 'IE', continent: 4 },
  ],
  [
    { start: v4('1.0.0.0'), place: 1 },
    { start: v4('2.0.0.0'), place: 2 },
    { start: v4('3.0.0.0'), place: 3 },
    { start: v4('4.0.0.0'), place: 4 },
    { start: v4('5.0.0.0'), place: 0 },
  ],
  [
    { start: 0x20010db8, place: 1 },
    { start: 0x20010db9, place: 0 },
    { start: 0x2a000000, low: 0x00010000, place: 2 },
    { start: 0x2a000000, low: 0x00020000, place: 3 },
    { start: 0x2a000000, low: 0x00030000, place: 0 },
  ],
);

const virginia = { latitude: 39, longitude: -77.5, bias: 0 };
const dublin = { latitude: 53.35, longitude: -6.26, bias: 0 };
const singapore = { latitude: 1.35, longitude: 103.8, bias: 0 };
const candidates = [virginia, dublin, singapore];
const proximity: RankingRule = { kind: 'proximity', tolerance: 0 };
const priority: RankingRule = { kind: 'priority' };

describe('a compiled ranking', () => {
  it('orders clusters by their distance from the client', () => {
    const map = compileRanking(world, { candidates, rules: [proximity] });
    assert.deepEqual(tiersV4(map, '1.2.3.4'), [[1], [0], [2]]);
    assert.deepEqual(tiersV4(map, '2.2.3.4'), [[2], [1], [0]]);
    assert.deepEqual(tiersV4(map, '3.2.3.4'), [[0], [1], [2]]);
    assert.deepEqual(tiersV6(map, 0x20010db8, 0xffffffff), [[1], [0], [2]]);
    assert.deepEqual(tiersV6(map, 0x2a000000, 0x0001ffff), [[2], [1], [0]]);
  });

  it('takes proximity as priority for a client without a location', () => {
    const map = compileRanking(world, { candidates: [singapore, dublin], rules: [proximity] });
    assert.deepEqual(tiersV4(map, '9.9.9.9'), [[0], [1]], 'unknown place');
    assert.deepEqual(tiersV4(map, '4.2.3.4'), [[0], [1]], 'country without coordinates');
    const nowhere = compileRanking(emptyPlaceMap(), { candidates, rules: [proximity] });
    assert.deepEqual(tiersV4(nowhere, '1.2.3.4'), [[0], [1], [2]]);
    assert.equal(scopeV4(nowhere.v4, lookupV4(nowhere.v4, v4('1.2.3.4')), v4('1.2.3.4')), 0);
    assert.equal(scopeV6(nowhere.v6, lookupV6(nowhere.v6, 0x20010db8, 0), 0x20010db8, 0), 0);
  });

  it('keeps the order of the service by priority', () => {
    const map = compileRanking(world, { candidates, rules: [priority] });
    assert.deepEqual(tiersV4(map, '2.2.3.4'), [[0], [1], [2]]);
    assert.equal(countRuns(map.v4), 1);
  });

  it('puts clusters into one tier that are as near as the tolerance allows', () => {
    const near = { latitude: 53.4, longitude: -6.3, bias: 0 };
    const rules: RankingRule[] = [{ kind: 'proximity', tolerance: 0.05 }];
    assert.deepEqual(tiersV4(compileRanking(world, { candidates: [virginia, near, dublin], rules }), '1.2.3.4'), [
      [2, 1],
      [0],
    ]);
    assert.deepEqual(
      tiersV4(compileRanking(world, { candidates: [virginia, near, dublin], rules: [proximity] }), '1.2.3.4'),
      [[2], [1], [0]],
    );
  });

  it('begins a run where the lower half of an IPv6 prefix has come to its end', () => {
    const places = [
      { country: 'GB', at: [51.5, -0.1] as const },
      { country: 'US', at: [37.8, -122.4] as const },
    ];
    const intervals = [
      { start: 0x20010db8, low: 0xffff_fffe, place: 1 },
      { start: 0x20010db9, place: 2 },
      { start: 0x20010db9, low: 1, place: 1 },
    ];
    const map = compileRanking(makeMap(places, [], intervals), { candidates: [dublin, virginia], rules: [proximity] });
    assert.deepEqual(tiersV6(map, 0x20010db8, 0xffff_ffff), [[0], [1]]);
    assert.deepEqual(tiersV6(map, 0x20010db9, 0), [[1], [0]]);
    assert.deepEqual(tiersV6(map, 0x20010db9, 1), [[0], [1]]);
  });

  it('makes tiers by the tolerance anew for each place, though a place nearby has the same order', () => {
    const east = { latitude: 0, longitude: 10, bias: 0 };
    const west = { latitude: 0, longitude: -10, bias: 0 };
    const between = makeMap(
      [-5, -4, -1].map((longitude) => ({ country: 'GH', at: [0, longitude] as const })),
      [1, 2, 3].map((place) => ({ start: place * 2 ** 24, place })),
    );
    const rules: RankingRule[] = [{ kind: 'proximity', tolerance: 0.5 }];
    const map = compileRanking(between, { candidates: [west, east], rules });
    const lists = [1, 2, 3].map((octet) => tiersV4(map, `${octet}.0.0.1`));
    assert.deepEqual(lists, [[[0], [1]], [[0], [1]], [[0, 1]]]);
  });

  it('puts clusters in the same place into one tier even without a tolerance, in the order of the service', () => {
    const map = compileRanking(world, { candidates: [dublin, virginia, dublin], rules: [proximity] });
    assert.deepEqual(tiersV4(map, '1.2.3.4'), [[0, 2], [1]]);
  });

  it('makes one tier of two only where they are equally far, however a place nearby has them', () => {
    const east = { latitude: 0, longitude: 10, bias: 0 };
    const west = { latitude: 0, longitude: -10, bias: 0 };
    const between = makeMap(
      [
        { country: 'GH', at: [1.2, -0.5] },
        { country: 'GH', at: [1.2, 0] },
        { country: 'GH', at: [1.2, -0.5], subdivision: 'GH-AA' },
        { country: 'GH', at: [1.2, 5] },
        { country: 'GH', at: [1.2, -0.6] },
      ],
      [1, 2, 3, 4, 5].map((place) => ({ start: place * 2 ** 24, place })),
    );
    const map = compileRanking(between, { candidates: [west, east], rules: [proximity] });
    const lists = [1, 2, 3, 4, 5].map((octet) => tiersV4(map, `${octet}.0.0.1`));
    assert.deepEqual(lists, [[[0], [1]], [[0, 1]], [[0], [1]], [[1], [0]], [[0], [1]]]);
  });

  it('draws clients from farther away by a positive bias and sends them elsewhere by a negative one', () => {
    const drawn = compileRanking(world, { candidates: [{ ...virginia, bias: 95 }, dublin], rules: [proximity] });
    assert.deepEqual(tiersV4(drawn, '1.2.3.4'), [[0], [1]]);
    const sent = compileRanking(world, { candidates: [virginia, { ...dublin, bias: -95 }], rules: [proximity] });
    assert.deepEqual(tiersV4(sent, '1.2.3.4'), [[0], [1]]);
  });

  it('appends what a matching rule uses, each a tier, and goes on with the next rule', () => {
    const rules: RankingRule[] = [
      { kind: 'match', match: { country: ['GB'] }, use: [2], fence: false },
      { kind: 'match', match: { continent: ['EU'] }, use: [0, 2], fence: false },
      proximity,
    ];
    const map = compileRanking(world, { candidates, rules });
    assert.deepEqual(tiersV4(map, '1.2.3.4'), [[2], [0], [1]]);
    assert.deepEqual(tiersV4(map, '4.2.3.4'), [[0], [2], [1]]);
    assert.deepEqual(tiersV4(map, '2.2.3.4'), [[2], [1], [0]]);
  });

  it('ends the list at a fence', () => {
    const rules: RankingRule[] = [{ kind: 'match', match: { country: ['JP'] }, use: [1], fence: true }, proximity];
    const map = compileRanking(world, { candidates, rules });
    assert.deepEqual(tiersV4(map, '2.2.3.4'), [[1]]);
    assert.deepEqual(tiersV4(map, '1.2.3.4'), [[1], [0], [2]]);
  });

  it('matches a subdivision whatever the case of its letters', () => {
    const rules: RankingRule[] = [
      { kind: 'match', match: { subdivision: ['us-CALIFORNIA'] }, use: [2], fence: true },
      priority,
    ];
    const map = compileRanking(world, { candidates, rules });
    assert.deepEqual(tiersV4(map, '3.2.3.4'), [[2]]);
    assert.deepEqual(tiersV4(map, '1.2.3.4'), [[0], [1], [2]]);
  });

  it('matches prefixes above the database, in the order of the rules rather than of their lengths', () => {
    const rules: RankingRule[] = [
      { kind: 'match', match: { cidr: ['1.0.0.0/8', '2001:db8::/32'] }, use: [2], fence: true },
      {
        kind: 'match',
        match: { cidr: ['1.2.3.0/24', '9.0.0.0/8', '255.0.0.0/8', '2001:db8:1::/48'] },
        use: [0],
        fence: true,
      },
      priority,
    ];
    const map = compileRanking(world, { candidates, rules });
    assert.deepEqual(tiersV4(map, '1.2.3.4'), [[2]]);
    assert.deepEqual(tiersV4(map, '9.255.255.255'), [[0]]);
    assert.deepEqual(tiersV4(map, '10.0.0.0'), [[0], [1], [2]]);
    assert.deepEqual(tiersV4(map, '255.255.255.255'), [[0]]);
    assert.deepEqual(tiersV6(map, 0x20010db8, 0x00010000), [[2]]);
    assert.deepEqual(tiersV6(map, 0x20010db9), [[0], [1], [2]]);
    assert.equal(scopeV4(map.v4, lookupV4(map.v4, v4('9.1.2.3')), v4('9.1.2.3')), 8);
  });

  it('asks for both when a rule has prefixes and countries', () => {
    const match = { cidr: ['1.0.0.0/9', '2.0.0.0/8'], country: ['GB'] };
    const map = compileRanking(world, {
      candidates,
      rules: [{ kind: 'match', match, use: [2], fence: true }, priority],
    });
    assert.deepEqual(tiersV4(map, '1.1.1.1'), [[2]]);
    assert.deepEqual(tiersV4(map, '1.200.1.1'), [[0], [1], [2]]);
    assert.deepEqual(tiersV4(map, '2.1.1.1'), [[0], [1], [2]]);
  });

  it('counts an IPv6 prefix longer than /64 as the whole /64', () => {
    const match = { cidr: ['2001:db8:0:7::1/128', '::ffff:192.0.2.1/128'] };
    const map = compileRanking(world, {
      candidates,
      rules: [{ kind: 'match', match, use: [2], fence: true }, priority],
    });
    assert.deepEqual(tiersV6(map, 0x20010db8, 7), [[2]]);
    assert.deepEqual(tiersV6(map, 0x20010db8, 8), [[0], [1], [2]]);
  });

  it('serves as many candidates as there may be, and refuses more', () => {
    const many = Array.from({ length: MAX_CANDIDATES }, (_, index) => ({ latitude: 0, longitude: index / 2, bias: 0 }));
    const map = compileRanking(world, { candidates: many, rules: [proximity] });
    assert.equal(tiersV4(map, '2.2.3.4').flat().length, MAX_CANDIDATES);
    assert.throws(() => compileRanking(world, { candidates: [...many, dublin], rules: [proximity] }), RangeError);
  });

  it('lies in shared memory, all of it', () => {
    const { v4: four, v6: six, lists } = compileRanking(world, { candidates, rules: [proximity] });
    for (const array of [four.runs, four.index, six.runs, six.index]) {
      assert.ok(array.buffer instanceof SharedArrayBuffer);
    }
    for (const array of [lists.offsets, lists.entries]) assert.ok(array.buffer instanceof SharedArrayBuffer);
  });
});

// Starts near each other and near powers of two make runs of all sizes, and clients right at their edges.
const edgeNumber = fc.oneof(
  fc.integer({ min: 0, max: 31 }).map((bit) => 2 ** bit),
  fc.integer({ min: 0, max: 255 }).map((byte) => byte * 2 ** 24),
  fc.integer({ min: 0x20010db0, max: 0x20010dbf }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const somewhere = fc.tuple(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -180, max: 180 }));
const somePlaces = fc.array(
  fc.record({
    country: fc.constantFrom('GB', 'US', 'JP'),
    continent: fc.integer({ min: 1, max: 7 }),
    at: fc.option(somewhere, { nil: undefined }),
  }),
  { minLength: 1, maxLength: 6 },
);
const someMap = somePlaces.chain((places) => {
  const place = fc.integer({ min: 0, max: places.length });
  const intervals = fc.array(fc.record({ start: edgeNumber, low: edgeNumber, place }), { maxLength: 30 });
  return fc.tuple(intervals, intervals).map(([four, six]) => {
    const distinct = new Map(four.filter(({ start }) => start > 0).map((interval) => [interval.start, interval]));
    const sorted = [...distinct.values()].sort((a, b) => a.start - b.start);
    const distinct6 = new Map(
      six.filter(({ start }) => start > 0).map((interval) => [`${interval.start} ${interval.low}`, interval]),
    );
    const sorted6 = [...distinct6.values()].sort((a, b) => a.start - b.start || a.low - b.low);
    const given = places.map(({ country, continent, at }) => ({ country, continent, ...(at ? { at } : {}) }));
    return { places: given, map: makeMap(given, sorted, sorted6), four: sorted, six: sorted6 };
  });
});
const somePrefix = fc.oneof(
  fc.tuple(edgeNumber, fc.integer({ min: 0, max: 32 })).map(([address, length]) => {
    const first = length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0;
    return `${[24, 16, 8, 0].map((shift) => (first >>> shift) & 255).join('.')}/${length}`;
  }),
  fc.tuple(edgeNumber, fc.integer({ min: 1, max: 32 })).map(([address, length]) => {
    const first = (address & (-1 << (32 - length))) >>> 0;
    return `${(first >>> 16).toString(16)}:${(first & 0xffff).toString(16)}::/${length}`;
  }),
);
/** Never as far from a place as its mirror image is: rounding alone would decide which of the two is nearer. */
const someCandidate = fc
  .tuple(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 999_999 }))
  .map(([north, east]): [number, number] => [((north + 0.37) * 180) / 1e6 - 90, ((east + 0.61) * 360) / 1e6 - 180]);
const someRanking = fc
  .array(fc.tuple(someCandidate, fc.integer({ min: -99, max: 99 })), { minLength: 1, maxLength: 8 })
  .chain((drawn) => {
    const use = fc.uniqueArray(fc.integer({ min: 0, max: drawn.length - 1 }), { maxLength: 3 });
    const match = fc.record(
      {
        cidr: fc.array(somePrefix, { minLength: 1, maxLength: 4 }),
        country: fc.array(fc.constantFrom('GB', 'US', 'JP'), { minLength: 1 }),
        continent: fc.array(fc.constantFrom('EU', 'NA', 'AS'), { minLength: 1 }),
      },
      { requiredKeys: [] },
    );
    const matchRule = fc.record({ kind: fc.constant('match' as const), match, use, fence: fc.boolean() });
    const last = fc.oneof(
      fc.constant(priority),
      fc.constantFrom(0, 0.1, 1).map((tolerance): RankingRule => ({ kind: 'proximity', tolerance })),
    );
    return fc.tuple(fc.array(matchRule, { maxLength: 4 }), last).map(
      ([rules, end]): Ranking => ({
        candidates: drawn.map(([[latitude, longitude], bias]) => ({ latitude, longitude, bias })),
        rules: [...rules, end],
      }),
    );
  });

/** The rules once more, the slow and plain way, for one client. */
function rankPlainly(map: PlaceMap, ranking: Ranking, place: number, isIn: (prefix: string) => boolean): number[][] {
  const client = describePlace(map, place);
  const tiers: number[][] = [];
  const remaining = (): number[] => ranking.candidates.map((_, at) => at).filter((at) => !tiers.flat().includes(at));
  for (const rule of ranking.rules) {
    if (rule.kind === 'match') {
      const { cidr, country, continent } = rule.match;
      const fits =
        (cidr?.some(isIn) ?? true) &&
        (country?.includes(client.country ?? '-') ?? true) &&
        (continent?.includes(client.continent ?? '-') ?? true);
      if (!fits) continue;
      for (const position of rule.use) if (remaining().includes(position)) tiers.push([position]);
      if (rule.fence) return tiers;
    } else if (rule.kind === 'proximity' && client.location !== undefined) {
      const { latitude, longitude } = client.location;
      const far = (at: number): number => {
        const candidate = ranking.candidates[at];
        if (candidate === undefined) return Number.NaN;
        const km = distanceKm(latitude, longitude, candidate.latitude, candidate.longitude);
        return biasedDistanceKm(km, candidate.bias);
      };
      const order = remaining().sort((a, b) => far(a) - far(b) || a - b);
      while (order.length > 0) {
        const limit = far(order[0] ?? 0) * (1 + rule.tolerance);
        const size = order.findIndex((at) => far(at) > limit);
        tiers.push(order.splice(0, size < 0 ? order.length : size));
      }
      return tiers;
    } else {
      return [...tiers, ...remaining().map((position) => [position])];
    }
  }
  return tiers;
}

function isInV4(prefix: string, address: number): boolean {
  const [first = '', length = ''] = prefix.split('/');
  if (first.includes(':')) return false;
  return Math.floor(address / 2 ** (32 - Number(length))) === Math.floor(v4(first) / 2 ** (32 - Number(length)));
}

function isInV6(prefix: string, high: number): boolean {
  const [first = '', length = ''] = prefix.split('/');
  if (!first.includes(':')) return false;
  const [a = '0', b = '0'] = first.split(':');
  const start = Number.parseInt(a, 16) * 65_536 + Number.parseInt(b || '0', 16);
  return Math.floor(high / 2 ** (32 - Number(length))) === Math.floor(start / 2 ** (32 - Number(length)));
}

describe('for any map, ranking and client', () => {
  it('the list is what the rules say, and the scope is the widest over which it holds', () => {
    fc.assert(
      fc.property(
        someMap,
        someRanking,
        fc.array(edgeNumber, { minLength: 8, maxLength: 8 }),
        (drawn, ranking, clients) => {
          const compiled = compileRanking(drawn.map, ranking);
          const edges = drawn.four.flatMap(({ start }) => [start, start - 1]);
          for (const address of [...clients, ...edges.slice(0, 8), 0, 2 ** 32 - 1]) {
            const list = listOf(compiled.v4, lookupV4(compiled.v4, address));
            const place = findPlaceV4(drawn.map, address);
            const expected = rankPlainly(drawn.map, ranking, place, (prefix) => isInV4(prefix, address));
            assert.deepEqual(tiersOf(compiled, list), expected);
            checkScopeV4(compiled, address);
          }
          const edges6 = drawn.six.flatMap(({ start, low }): [number, number][] => [
            [start, low],
            low > 0 ? [start, low - 1] : [start - 1, 2 ** 32 - 1],
          ]);
          const clients6 = clients.map((high, index): [number, number] => [high, clients[index - 1] ?? 0]);
          for (const [high, low] of [...clients6, ...edges6.slice(0, 8)]) {
            const list = listOf(compiled.v6, lookupV6(compiled.v6, high, low));
            const place = findPlaceV6(drawn.map, high, low);
            const expected = rankPlainly(drawn.map, ranking, place, (prefix) => isInV6(prefix, high));
            assert.deepEqual(tiersOf(compiled, list), expected);
            checkScopeV6(compiled, high, low);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
