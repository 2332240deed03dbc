// The preference list of a place: what the rules make of where a client is. Each place is ranked once: when a ranking is
// compiled, all of them in an order in which neighbours follow each other, so that each needs but few exchanges in the order
// that the one before had; with the prefixes of rules, at its first use.

import { CONTINENTS } from '../geo/countries.ts';
import { biasFactor, chordToKm, toUnitVector, type UnitVector } from '../geo/distance.ts';
import type { PlaceTable } from '../geo/place-map.ts';
import { NO_PREFIX_RULES } from './rank-cidr.ts';
import { internDraft, type ListInterner } from './rank-lists.ts';
import type { Ranking, RankingRule } from './ranking.ts';
import { TIER_START } from './run-map.ts';

/** The list ids of places. */
export type PlaceRanker = {
  /** By place, for clients that match no rule by their prefix: nearly all of them. */
  readonly everywhere: Uint32Array;
  /** For clients whose address matches the prefixes of exactly the rules with these indices. */
  readonly rankWithPrefixes: (place: number, prefixRules: readonly number[]) => number;
};

/** What the rules need to know of the places, looked up once. */
type Context = {
  readonly places: PlaceTable;
  readonly rules: readonly CompiledRule[];
  readonly nearest: Nearest;
  readonly interner: ListInterner;
  /** 1 for each position that is in the draft already. */
  readonly used: Uint8Array;
};

/** Flags by country, subdivision and continent number; absent where the rule does not ask. */
type CompiledRule =
  | {
      readonly kind: 'match';
      readonly index: number;
      readonly hasPrefixes: boolean;
      readonly countries: Uint8Array | undefined;
      readonly subdivisions: Uint8Array | undefined;
      readonly continents: Uint8Array | undefined;
      readonly use: readonly number[];
      readonly fence: boolean;
    }
  | Exclude<RankingRule, { kind: 'match' }>;

/** The candidates, and the order in which the last place had them: the next one mostly needs few exchanges. */
type Nearest = {
  /** Coordinates on the unit sphere. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  readonly factors: Float64Array;
  /** Whether distances themselves are needed; without bias and tolerance their order is enough. */
  readonly needsKm: boolean;
  readonly keys: Float64Array;
  readonly order: Uint16Array;
  /** The list that has all of them in this order, each a tier of its own; NO_LIST when the order has no list like that yet. */
  listOfOrder: number;
};

const NO_LIST = -1;

/** One degree by one degree, both ends included. */
const COLUMNS = 361;
const CELLS = 181 * COLUMNS;

export function createPlaceRanker(places: PlaceTable, ranking: Ranking, interner: ListInterner): PlaceRanker {
  const context: Context = {
    places,
    rules: ranking.rules.map((rule, index) => compileRule(places, rule, index)),
    nearest: createNearest(ranking),
    interner,
    used: new Uint8Array(ranking.candidates.length),
  };
  const everywhere = new Uint32Array(places.count);
  for (const place of orderAlongGlobe(places)) everywhere[place] = rankPlace(context, place, NO_PREFIX_RULES);
  // Few places lie within the prefixes of rules, but there may be many sets of rules: a column for each would not fit.
  const memos = new Map<readonly number[], Map<number, number>>();
  const rankWithPrefixes = (place: number, prefixRules: readonly number[]): number => {
    const memo = memos.get(prefixRules) ?? new Map<number, number>();
    memos.set(prefixRules, memo);
    const list = memo.get(place) ?? rankPlace(context, place, prefixRules);
    memo.set(place, list);
    return list;
  };
  return { everywhere, rankWithPrefixes };
}

/** All places, degree by degree: eastwards along one parallel, westwards along the next. Unknown ones come last. */
function orderAlongGlobe({ count, latitude, longitude }: PlaceTable): Uint32Array {
  const cells = new Uint32Array(count);
  const ends = new Uint32Array(CELLS + 1);
  for (let place = 0; place < count; place += 1) {
    const row = Math.floor((latitude[place] ?? Number.NaN) + 90);
    const column = Math.floor((longitude[place] ?? Number.NaN) + 180);
    const cell = row * COLUMNS + (row % 2 === 0 ? column : COLUMNS - 1 - column);
    const counted = cell >= 0 && cell < CELLS ? cell : CELLS;
    cells[place] = counted;
    ends[counted] = (ends[counted] ?? 0) + 1;
  }
  for (let cell = 1; cell <= CELLS; cell += 1) ends[cell] = (ends[cell] ?? 0) + (ends[cell - 1] ?? 0);
  const order = new Uint32Array(count);
  for (let place = count - 1; place >= 0; place -= 1) {
    const cell = cells[place] ?? 0;
    const at = (ends[cell] ?? 0) - 1;
    ends[cell] = at;
    order[at] = place;
  }
  return order;
}

function rankPlace(context: Context, place: number, prefixRules: readonly number[]): number {
  const { interner, rules, used } = context;
  if (interner.length > 0) used.fill(0);
  interner.length = 0;
  for (const rule of rules) {
    if (rule.kind === 'match') {
      if (!matches(context.places, rule, place, prefixRules)) continue;
      for (const position of rule.use) append(context, position);
      if (rule.fence) break;
    } else {
      if (rule.kind === 'priority' || !hasLocation(context.places, place)) {
        appendInOrder(context);
        break;
      }
      return rankNearest(context, place, rule.tolerance);
    }
  }
  return internDraft(interner);
}

/** What remains in the order of the service, each a tier of its own. */
function appendInOrder(context: Context): void {
  for (let position = 0; position < context.used.length; position += 1) append(context, position);
}

/** Every kind of thing that the rule asks for must fit; prefixes have been decided by the address. */
function matches(
  places: PlaceTable,
  rule: CompiledRule & { kind: 'match' },
  place: number,
  prefixRules: readonly number[],
): boolean {
  return (
    (!rule.hasPrefixes || prefixRules.includes(rule.index)) &&
    rule.countries?.[places.country[place] ?? 0] !== 0 &&
    rule.subdivisions?.[places.subdivision[place] ?? 0] !== 0 &&
    rule.continents?.[places.continent[place] ?? 0] !== 0
  );
}

function hasLocation(places: PlaceTable, place: number): boolean {
  return !Number.isNaN(places.latitude[place] ?? Number.NaN);
}

/** Adds a position as a tier of its own, unless the list has it. */
function append({ interner, used }: Context, position: number): void {
  if (used[position] !== 0) return;
  used[position] = 1;
  interner.draft[interner.length] = position | TIER_START;
  interner.length += 1;
}

/**
 * The list that ends with the nearest of what remains. Most places have the order that their neighbour has, and then nothing
 * need be put together: with all candidates and no tolerance, an order is a list.
 */
function rankNearest(context: Context, place: number, tolerance: number): number {
  const { places, nearest, interner } = context;
  const client = toUnitVector(places.latitude[place] ?? 0, places.longitude[place] ?? 0);
  const isPlain = tolerance === 0 && interner.length === 0;
  const isSorted = sortByDistance(nearest, client);
  if (isSorted && isPlain && nearest.listOfOrder !== NO_LIST) return nearest.listOfOrder;
  const tiers = appendNearest(context, tolerance);
  const list = internDraft(interner);
  nearest.listOfOrder = isPlain && tiers === nearest.order.length ? list : NO_LIST;
  return list;
}

/** How many tiers it adds. */
function appendNearest({ nearest, interner, used }: Context, tolerance: number): number {
  const { order, keys } = nearest;
  const { draft } = interner;
  let length = interner.length;
  let tiers = 0;
  let tierEnd = Number.NEGATIVE_INFINITY;
  for (let rank = 0; rank < order.length; rank += 1) {
    const position = order[rank] ?? 0;
    if (used[position] !== 0) continue;
    const distance = keys[rank] ?? 0;
    const isTierStart = distance > tierEnd;
    if (isTierStart) {
      tierEnd = distance * (1 + tolerance);
      tiers += 1;
    }
    draft[length] = isTierStart ? position | TIER_START : position;
    length += 1;
  }
  interner.length = length;
  return tiers;
}

/**
 * Insertion sort by distance, then position. The result does not depend on the order that was there before. Says whether that
 * was right already, with no two at the same distance.
 */
function sortByDistance({ x, y, z, factors, needsKm, keys, order }: Nearest, client: UnitVector): boolean {
  let isSorted = true;
  let last = Number.NEGATIVE_INFINITY;
  for (let rank = 0; rank < order.length; rank += 1) {
    const position = order[rank] ?? 0;
    const alongX = (x[position] ?? 0) - client.x;
    const alongY = (y[position] ?? 0) - client.y;
    const alongZ = (z[position] ?? 0) - client.z;
    // chordSquared, written out for the sake of the loop.
    const squared = alongX * alongX + alongY * alongY + alongZ * alongZ;
    const key = needsKm ? chordToKm(squared) * (factors[position] ?? 1) : squared;
    let to = rank;
    if (key > last) {
      last = key;
    } else {
      isSorted = false;
      while (to > 0) {
        const before = keys[to - 1] ?? 0;
        if (before < key || (before === key && (order[to - 1] ?? 0) < position)) break;
        keys[to] = before;
        order[to] = order[to - 1] ?? 0;
        to -= 1;
      }
    }
    keys[to] = key;
    order[to] = position;
  }
  return isSorted;
}

function createNearest({ candidates, rules }: Ranking): Nearest {
  const hasTolerance = rules.some((rule) => rule.kind === 'proximity' && rule.tolerance !== 0);
  const vectors = candidates.map(({ latitude, longitude }) => toUnitVector(latitude, longitude));
  return {
    x: Float64Array.from(vectors, ({ x }) => x),
    y: Float64Array.from(vectors, ({ y }) => y),
    z: Float64Array.from(vectors, ({ z }) => z),
    factors: Float64Array.from(candidates, ({ bias }) => biasFactor(bias)),
    needsKm: hasTolerance || candidates.some(({ bias }) => bias !== 0),
    keys: new Float64Array(candidates.length),
    order: Uint16Array.from(candidates.keys()),
    listOfOrder: NO_LIST,
  };
}

function compileRule(places: PlaceTable, rule: RankingRule, index: number): CompiledRule {
  if (rule.kind !== 'match') return rule;
  const { cidr, country, subdivision, continent } = rule.match;
  return {
    kind: 'match',
    index,
    hasPrefixes: cidr !== undefined,
    countries: country && flagNames(places.countries, country),
    subdivisions: subdivision && flagNames(places.subdivisions, subdivision),
    continents: continent && flagNames(CONTINENTS, continent),
    use: rule.use,
    fence: rule.fence,
  };
}

/** 1 for each of `names` that is wanted, whatever the case of its letters; the empty name is nobody's. */
function flagNames(names: readonly string[], wanted: readonly string[]): Uint8Array {
  const folded = new Set(wanted.map((name) => name.toUpperCase()));
  return Uint8Array.from(names, (name) => (name !== '' && folded.has(name.toUpperCase()) ? 1 : 0));
}
