// The preference list of a place: what the rules make of where a client is. Each place is ranked once, at its first use.

import { biasFactor, chordSquared, chordToKm, toUnitVector, type UnitVector } from '../geo/distance.ts';
import { CONTINENTS } from '../geo/countries.ts';
import type { PlaceTable } from '../geo/place-map.ts';
import { internDraft, type ListInterner } from './rank-lists.ts';
import type { Ranking, RankingRule } from './ranking.ts';
import { TIER_START } from './run-map.ts';

/** Ranks places for clients whose address matches the prefixes of exactly the rules with some indices, `prefixRules`. */
export type PlaceRanker = {
  /** List id + 1 by place, 0 where rankPlace has not been asked yet: for the loop that asks for every prefix. */
  readonly memoOf: (prefixRules: readonly number[]) => Uint32Array;
  /** The list id of a place; notes it in the memo. */
  readonly rankPlace: (place: number, prefixRules: readonly number[]) => number;
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
  readonly vectors: readonly UnitVector[];
  readonly factors: Float64Array;
  /** Whether distances themselves are needed; without bias and tolerance their order is enough. */
  readonly needsKm: boolean;
  readonly keys: Float64Array;
  readonly order: Uint16Array;
};

export function createPlaceRanker(places: PlaceTable, ranking: Ranking, interner: ListInterner): PlaceRanker {
  const context: Context = {
    places,
    rules: ranking.rules.map((rule, index) => compileRule(places, rule, index)),
    nearest: createNearest(ranking),
    interner,
    used: new Uint8Array(ranking.candidates.length),
  };
  const memos = new Map<readonly number[], Uint32Array>();
  const memoOf = (prefixRules: readonly number[]): Uint32Array => {
    const known = memos.get(prefixRules);
    if (known !== undefined) return known;
    const memo = new Uint32Array(places.count);
    memos.set(prefixRules, memo);
    return memo;
  };
  return {
    memoOf,
    rankPlace: (place, prefixRules) => {
      const list = rankPlace(context, place, prefixRules);
      memoOf(prefixRules)[place] = list + 1;
      return list;
    },
  };
}

function rankPlace(context: Context, place: number, prefixRules: readonly number[]): number {
  const { interner, rules, used } = context;
  interner.length = 0;
  used.fill(0);
  for (const rule of rules) {
    if (rule.kind === 'match') {
      if (!matches(context.places, rule, place, prefixRules)) continue;
      for (const position of rule.use) append(context, position, TIER_START);
      if (rule.fence) break;
    } else {
      if (rule.kind === 'proximity' && hasLocation(context.places, place))
        appendNearest(context, place, rule.tolerance);
      else for (let position = 0; position < used.length; position += 1) append(context, position, TIER_START);
      break;
    }
  }
  return internDraft(interner);
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

/** Adds a position unless the list has it; `tier` is TIER_START or 0. Says whether it was added. */
function append({ interner, used }: Context, position: number, tier: number): boolean {
  if (used[position] !== 0) return false;
  used[position] = 1;
  interner.draft[interner.length] = position | tier;
  interner.length += 1;
  return true;
}

function appendNearest(context: Context, place: number, tolerance: number): void {
  const { places, nearest, used } = context;
  sortByDistance(nearest, toUnitVector(places.latitude[place] ?? 0, places.longitude[place] ?? 0));
  const { order, keys } = nearest;
  let tierEnd = Number.NEGATIVE_INFINITY;
  for (let rank = 0; rank < order.length; rank += 1) {
    const position = order[rank] ?? 0;
    if (used[position] !== 0) continue;
    const distance = keys[rank] ?? 0;
    const isTierStart = distance > tierEnd;
    if (isTierStart) tierEnd = distance * (1 + tolerance);
    append(context, position, isTierStart ? TIER_START : 0);
  }
}

/** Insertion sort by distance, then position. The result does not depend on the order that was there before. */
function sortByDistance(nearest: Nearest, client: UnitVector): void {
  const { vectors, factors, needsKm, keys, order } = nearest;
  for (let rank = 0; rank < order.length; rank += 1) {
    const position = order[rank] ?? 0;
    const vector = vectors[position] ?? client;
    const squared = chordSquared(vector, client);
    const key = needsKm ? chordToKm(squared) * (factors[position] ?? 1) : squared;
    let to = rank;
    while (to > 0) {
      const before = keys[to - 1] ?? 0;
      if (before < key || (before === key && (order[to - 1] ?? 0) < position)) break;
      keys[to] = before;
      order[to] = order[to - 1] ?? 0;
      to -= 1;
    }
    keys[to] = key;
    order[to] = position;
  }
}

function createNearest({ candidates, rules }: Ranking): Nearest {
  const hasTolerance = rules.some((rule) => rule.kind === 'proximity' && rule.tolerance !== 0);
  return {
    vectors: candidates.map(({ latitude, longitude }) => toUnitVector(latitude, longitude)),
    factors: Float64Array.from(candidates, ({ bias }) => biasFactor(bias)),
    needsKm: hasTolerance || candidates.some(({ bias }) => bias !== 0),
    keys: new Float64Array(candidates.length),
    order: Uint16Array.from(candidates.keys()),
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
