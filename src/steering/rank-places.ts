// The preference list of a place: what the rules make of where a client is. Each place is ranked once: when a ranking is
// compiled, all of them in an order in which neighbours follow each other, because most have the list of the one before; with
// the prefixes of rules, at its first use.

import { CONTINENTS } from '../geo/countries.ts';
import type { PlaceTable } from '../geo/place-map.ts';
import { orderAlongGlobe } from './order-along-globe.ts';
import { NO_PREFIX_RULES } from './rank-cidr.ts';
import { internDraft, type ListInterner } from './rank-lists.ts';
import { appendNearest, createNearest, type Nearest, rankAll } from './rank-nearest.ts';
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

export function createPlaceRanker(places: PlaceTable, ranking: Ranking, interner: ListInterner): PlaceRanker {
  const context: Context = {
    places,
    rules: ranking.rules.map((rule, index) => compileRule(places, rule, index)),
    nearest: createNearest(ranking),
    interner,
    used: new Uint8Array(ranking.candidates.length),
  };
  const everywhere = new Uint32Array(places.count);
  const order = orderAlongGlobe(places);
  for (let index = 0; index < order.length; index += 1) {
    const place = order[index] ?? 0;
    everywhere[place] = rankPlace(context, place, NO_PREFIX_RULES);
  }
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

function rankPlace(context: Context, place: number, prefixRules: readonly number[]): number {
  const { places, nearest, interner, rules, used } = context;
  if (interner.length > 0) used.fill(0);
  interner.length = 0;
  for (const rule of rules) {
    if (rule.kind === 'match') {
      if (!matches(places, rule, place, prefixRules)) continue;
      for (const position of rule.use) append(context, position);
      if (rule.fence) break;
    } else {
      if (rule.kind === 'priority' || !hasLocation(places, place)) {
        appendInOrder(context);
        break;
      }
      const latitude = places.latitude[place] ?? 0;
      const longitude = places.longitude[place] ?? 0;
      if (interner.length === 0) return rankAll(nearest, interner, latitude, longitude, rule.tolerance);
      appendNearest(nearest, interner, latitude, longitude, rule.tolerance, used);
      break;
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
