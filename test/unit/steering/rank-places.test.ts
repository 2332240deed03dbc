import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { biasFactor, chordSquared, chordToKm, toUnitVector } from '../../../src/geo/distance.ts';
import { createListInterner } from '../../../src/steering/rank-lists.ts';
import { createPlaceRanker } from '../../../src/steering/rank-places.ts';
import type { Ranking, RankingCandidate } from '../../../src/steering/ranking.ts';
import { TIER_START } from '../../../src/steering/run-map.ts';
import { tableOf } from '../../support/place-table.ts';

type Location = readonly [latitude: number, longitude: number];

const latitude = fc.double({ min: -90, max: 90, noNaN: true });
const longitude = fc.double({ min: -180, max: 180, noNaN: true });
/** Metres, kilometres or hundreds of them apart, so that reaches of all sizes end between two places. */
const size = fc.constantFrom(1e-5, 1e-3, 0.03, 1, 20);

/** Places around a few centres, and along the line between two of them: many of nearly the same order. */
const someLocations: fc.Arbitrary<readonly Location[]> = fc
  .array(
    fc
      .tuple(
        latitude,
        longitude,
        size,
        fc.array(fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })), {
          minLength: 1,
          maxLength: 60,
        }),
      )
      .map(([north, east, spread, offsets]) =>
        offsets.map(
          ([up, right]): Location => [
            Math.max(-90, Math.min(90, north + up * spread)),
            Math.max(-180, Math.min(180, east + right * spread)),
          ],
        ),
      ),
    { minLength: 1, maxLength: 6 },
  )
  .map((groups) => groups.flat());

/** Some are in the same place, some so near to it that rounding could decide, and some equally far from the equator. */
const someCandidates: fc.Arbitrary<readonly Location[]> = fc
  .array(fc.tuple(latitude, longitude), { minLength: 1, maxLength: 8 })
  .chain((free) =>
    fc.tuple(
      fc.constant(free),
      fc.subarray(free),
      fc.subarray(free.map(([north, east]): Location => [north, east + 1e-8])),
      fc.subarray(free.map(([north, east]): Location => [-north, east])),
    ),
  )
  .map((parts) => parts.flat());

const someRanking = fc
  .tuple(someCandidates, fc.constantFrom(0, 0, 0.1, 1), fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 3 }))
  .map(
    ([locations, tolerance, biases]): Ranking => ({
      candidates: locations.map(([north, east], index) => ({
        latitude: north,
        longitude: east,
        bias: biases[index % Math.max(1, biases.length)] ?? 0,
      })),
      rules: [{ kind: 'proximity', tolerance }],
    }),
  );

/** The entries of a list as the rules have it, without anything that another place has taught. */
function rankPlainly({ candidates, rules }: Ranking, [north, east]: Location): readonly number[] {
  const tolerance = rules[0]?.kind === 'proximity' ? rules[0].tolerance : Number.NaN;
  const isPlain = tolerance === 0 && candidates.every(({ bias }) => bias === 0);
  const client = toUnitVector(Math.fround(north), Math.fround(east));
  const far = (candidate: RankingCandidate): number => {
    const squared = chordSquared(client, toUnitVector(candidate.latitude, candidate.longitude));
    return isPlain ? squared : chordToKm(squared) * biasFactor(candidate.bias);
  };
  const distances = candidates.map(far);
  const order = [...candidates.keys()].sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0) || a - b);
  let tierEnd = Number.NEGATIVE_INFINITY;
  return order.map((position) => {
    const distance = distances[position] ?? 0;
    if (distance <= tierEnd) return position;
    tierEnd = distance * (1 + tolerance);
    return position | TIER_START;
  });
}

describe('the ranks of many places, each helped by the one before', () => {
  it('do not stay equal to the right and to the left of where two candidates are equally far', () => {
    const mirrored: readonly Location[] = [
      [0, 0],
      [0, 0],
      [0, 180],
    ];
    for (const bias of [0, -50]) {
      checkRanks(locationsAround([-45, -90]), plainRanking(mirrored.map((location) => [location, bias])));
    }
  });

  it('do not stay equal beside the place in which two candidates with another bias are', () => {
    const paris: Location = [48.5, 2.5];
    checkRanks(
      locationsAround(paris),
      plainRanking([
        [paris, 10],
        [paris, 0],
      ]),
    );
  });

  it('are those of each place by itself', () => {
    fc.assert(
      fc.property(someLocations, someRanking, (locations, ranking) => {
        checkRanks(locations, ranking);
      }),
      { numRuns: 600 },
    );
  });
});

function checkRanks(locations: readonly Location[], ranking: Ranking): void {
  const interner = createListInterner(ranking.candidates.length);
  const { everywhere } = createPlaceRanker(tableOf(locations), ranking, interner);
  const lists = new Map<number, string>();
  locations.forEach((location, place) => {
    const list = everywhere[place] ?? -1;
    const entries = interner.entries.slice(interner.offsets[list], interner.offsets[list + 1]);
    assert.deepEqual([...entries], rankPlainly(ranking, location), `the place at ${location.join(' ')}`);
    lists.set(list, entries.join());
  });
  assert.equal(new Set(lists.values()).size, lists.size, 'equal lists have the same id');
}

/** A place, then others around it that follow it along the globe or go before it. */
function locationsAround([north, east]: Location): readonly Location[] {
  const offsets = [0, -20, -1, -0.1, 0.1, 1, 20];
  return offsets.flatMap((up) => offsets.map((right): Location => [north + up, east + right]));
}

function plainRanking(candidates: readonly (readonly [Location, bias: number])[]): Ranking {
  return {
    candidates: candidates.map(([[north, east], bias]) => ({ latitude: north, longitude: east, bias })),
    rules: [{ kind: 'proximity', tolerance: 0 }],
  };
}
