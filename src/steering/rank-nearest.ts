// The candidates of a ranking by their distance from a client. Sorting them says more than the order for one client: also how
// far one may go from there in any direction before any two of them change places, and whoever stands within that reach has
// the same list. Places are ranked in an order in which neighbours follow each other, so that most need no more than that look.
//
//        nearer to A  │  nearer to B        ● the client whose distances were measured
//            ╭─────╮  │                     ╭─╮ its reach: up to where A and B, the first two that
//            │  ●  │  │                     ╰─╯ might change places, would be equally far
//            ╰─────╯  │

import { biasFactor, chordSquared, chordToKm, EARTH_RADIUS_KM, toUnitVector } from '../geo/distance.ts';
import { internDraft, type ListInterner } from './rank-lists.ts';
import type { Ranking } from './ranking.ts';
import { TIER_START } from './run-map.ts';

/** The candidates, how far the client is from them, and what was found out about the one before. Columns are by position. */
export type Nearest = {
  /** Coordinates on the unit sphere. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  readonly factors: Float64Array;
  /** Whether distances themselves are needed; without bias and tolerance their order is enough. */
  readonly needsKm: boolean;
  /** From the client in km, or what grows with that. */
  readonly distances: Float64Array;
  /**
   * By two positions, a × candidates + b: how much their distances can approach each other when the client moves by a radian;
   * 0 for candidates in the same place, which always are equally far.
   */
  readonly paces: Float64Array;
  /** All positions as they were sorted last: the next client mostly needs few exchanges. */
  readonly order: Uint16Array;
  /** The list that has all candidates for every client within reach of a centre; NO_LIST in the beginning. */
  list: number;
  /** Degrees. */
  latitude: number;
  longitude: number;
  cosineOfLatitude: number;
  /** The square of a straight line through the sphere, in degrees (a radian's worth); 0 when nothing is within reach. */
  reachSquared: number;
};

const NO_LIST = -1;
const POSITION_MASK = TIER_START - 1;
const DEGREES_PER_RADIAN = 180 / Math.PI;
/** Six metres, in radians: by so much a reach is kept shorter than it is, which is far more than all rounding. */
const ROUNDING = 1e-6;
/** Candidates that are nearer to each other than this, in radians, and yet not in the same place, have no reach: see ROUNDING. */
const INDISTINCT = 1e-7;

export function createNearest({ candidates, rules }: Ranking): Nearest {
  const hasTolerance = rules.some((rule) => rule.kind === 'proximity' && rule.tolerance !== 0);
  const needsKm = hasTolerance || candidates.some(({ bias }) => bias !== 0);
  const vectors = candidates.map(({ latitude, longitude }) => toUnitVector(latitude, longitude));
  const factors = Float64Array.from(candidates, ({ bias }) => biasFactor(bias));
  const paces = vectors.flatMap((a, first) =>
    vectors.map((b, second) => {
      const apart = Math.sqrt(chordSquared(a, b));
      const [factorA = 1, factorB = 1] = [factors[first], factors[second]];
      if (apart === 0 && factorA === factorB) return 0;
      if (needsKm) return EARTH_RADIUS_KM * (factorA + factorB);
      return apart < INDISTINCT ? Number.POSITIVE_INFINITY : 2 * apart;
    }),
  );
  return {
    x: Float64Array.from(vectors, ({ x }) => x),
    y: Float64Array.from(vectors, ({ y }) => y),
    z: Float64Array.from(vectors, ({ z }) => z),
    factors,
    needsKm,
    distances: new Float64Array(candidates.length),
    paces: Float64Array.from(paces),
    order: Uint16Array.from(candidates.keys()),
    list: NO_LIST,
    latitude: 0,
    longitude: 0,
    cosineOfLatitude: 1,
    reachSquared: 0,
  };
}

/** The list that has all candidates, for a client at a place in degrees. `tolerance`: the same in every call. */
export function rankAll(
  nearest: Nearest,
  interner: ListInterner,
  latitude: number,
  longitude: number,
  tolerance: number,
): number {
  if (isWithinReach(nearest, latitude, longitude)) return nearest.list;
  measureDistances(nearest, latitude, longitude);
  let reach = nearest.list === NO_LIST ? 0 : measureReach(nearest, interner, tolerance);
  if (reach === 0) {
    interner.length = 0;
    appendByDistance(nearest, interner, tolerance, undefined);
    nearest.list = internDraft(interner);
    reach = measureReach(nearest, interner, tolerance);
  }
  nearest.latitude = latitude;
  nearest.longitude = longitude;
  nearest.cosineOfLatitude = Math.cos(latitude / DEGREES_PER_RADIAN);
  nearest.reachSquared = (2 * Math.sin(Math.min(Math.PI, reach) / 2) * DEGREES_PER_RADIAN) ** 2;
  return nearest.list;
}

/** Adds those candidates to the draft that are not marked as used, for a client at a place in degrees. */
export function appendNearest(
  nearest: Nearest,
  interner: ListInterner,
  latitude: number,
  longitude: number,
  tolerance: number,
  used: Uint8Array,
): void {
  measureDistances(nearest, latitude, longitude);
  appendByDistance(nearest, interner, tolerance, used);
}

/**
 * Without trigonometry: the square of the straight line between two places is 4 sin²(Δφ/2) + 4 cos φ₁ cos φ₂ sin²(Δλ/2), which is
 * at most Δφ² + cos φ₁ Δλ² (the haversine formula).
 */
function isWithinReach(nearest: Nearest, latitude: number, longitude: number): boolean {
  const north = latitude - nearest.latitude;
  const east = longitude - nearest.longitude;
  return north * north + nearest.cosineOfLatitude * east * east < nearest.reachSquared;
}

function measureDistances(nearest: Nearest, latitude: number, longitude: number): void {
  const { x, y, z, factors, distances } = nearest;
  const client = toUnitVector(latitude, longitude);
  for (let position = 0; position < distances.length; position += 1) {
    const alongX = (x[position] ?? 0) - client.x;
    const alongY = (y[position] ?? 0) - client.y;
    const alongZ = (z[position] ?? 0) - client.z;
    // chordSquared, written out for the sake of the loop.
    distances[position] = alongX * alongX + alongY * alongY + alongZ * alongZ;
  }
  if (!nearest.needsKm) return;
  for (let position = 0; position < distances.length; position += 1) {
    distances[position] = chordToKm(distances[position] ?? 0) * (factors[position] ?? 1);
  }
}

/**
 * How far, in radians, a client may go from where distances were measured and certainly has the list still: 0 where it is
 * another list, and where nothing is certain.
 *
 * A distance on the sphere changes by as much as the client moves, and the difference of the squares of two straight lines,
 * to a and to b, by 2 |a - b| times that: the difference is -2 (a - b) · client, and a constant.
 */
function measureReach(nearest: Nearest, { entries, offsets }: ListInterner, tolerance: number): number {
  const { distances, paces, factors, list } = nearest;
  const candidates = distances.length;
  const offset = offsets[list] ?? 0;
  let position = (entries[offset] ?? 0) & POSITION_MASK;
  let distance = distances[position] ?? 0;
  let tierEnd = distance * (1 + tolerance);
  let tierFactor = (factors[position] ?? 1) * (1 + tolerance);
  let reach = Math.PI;
  for (let rank = 1; rank < candidates; rank += 1) {
    const entry = entries[offset + rank] ?? 0;
    const next = entry & POSITION_MASK;
    const nextDistance = distances[next] ?? 0;
    const pace = paces[position * candidates + next] ?? 0;
    // Equally far there, and by chance: where they are not, the list is another one.
    if (tolerance === 0 && pace !== 0 && entry < TIER_START) return 0;
    if (pace !== 0) reach = Math.min(reach, (nextDistance - distance) / pace);
    if (tolerance !== 0) {
      const factor = factors[next] ?? 1;
      const room = entry >= TIER_START ? nextDistance - tierEnd : tierEnd - nextDistance;
      reach = Math.min(reach, room / (EARTH_RADIUS_KM * (factor + tierFactor)));
      if (entry >= TIER_START) {
        tierEnd = nextDistance * (1 + tolerance);
        tierFactor = factor * (1 + tolerance);
      }
    }
    if (!(reach > ROUNDING)) return 0;
    position = next;
    distance = nextDistance;
  }
  return reach - ROUNDING;
}

function appendByDistance(
  nearest: Nearest,
  interner: ListInterner,
  tolerance: number,
  used: Uint8Array | undefined,
): void {
  const { distances, order } = nearest;
  const { draft } = interner;
  sortByDistance(nearest);
  let length = interner.length;
  let tierEnd = Number.NEGATIVE_INFINITY;
  for (let rank = 0; rank < order.length; rank += 1) {
    const position = order[rank] ?? 0;
    if (used !== undefined && used[position] !== 0) continue;
    const distance = distances[position] ?? 0;
    const isTierStart = distance > tierEnd;
    if (isTierStart) tierEnd = distance * (1 + tolerance);
    draft[length] = isTierStart ? position | TIER_START : position;
    length += 1;
  }
  interner.length = length;
}

/** Insertion sort by distance, then position. The result does not depend on the order that was there before. */
function sortByDistance({ distances, order }: Nearest): void {
  for (let rank = 1; rank < order.length; rank += 1) {
    const position = order[rank] ?? 0;
    const distance = distances[position] ?? 0;
    let to = rank;
    while (to > 0) {
      const before = order[to - 1] ?? 0;
      const distanceBefore = distances[before] ?? 0;
      if (distanceBefore < distance || (distanceBefore === distance && before < position)) break;
      order[to] = before;
      to -= 1;
    }
    order[to] = position;
  }
}
