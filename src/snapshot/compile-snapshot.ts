// Compiles a configuration into a snapshot, or says everything that is wrong with it. Rankings, the dear part, are looked
// up by their content in `rankMaps` first: a change that moves no region and no rule compiles none of them again.

import type { PlaceMap } from '../geo/place-map.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import { compileRanking } from '../steering/rank.ts';
import type { Ranking } from '../steering/ranking.ts';
import type { RankMap } from '../steering/run-map.ts';
import { parseNameText } from '../wire/name.ts';
import { type BuiltZone, buildZone } from '../zone/build-zone.ts';
import { compileNames } from './compile-names.ts';
import { compileServices } from './compile-services.ts';
import type { Snapshot } from './snapshot.ts';

/** Compiled rankings of one place map, by the content of the ranking. */
export type RankMapCache = {
  readonly placeMap: PlaceMap;
  readonly maps: Map<string, RankMap>;
  readonly keeper: RankMapKeeper;
};

/** Where compiled rankings are kept beyond the life of the process; `key` is the content of the ranking. */
export type RankMapKeeper = {
  readonly find: (key: string) => RankMap | undefined;
  readonly keep: (key: string, map: RankMap) => void;
};

const NO_KEEPER: RankMapKeeper = { find: () => undefined, keep: () => undefined };

export function createRankMapCache(placeMap: PlaceMap, keeper: RankMapKeeper = NO_KEEPER): RankMapCache {
  return { placeMap, maps: new Map(), keeper };
}

/** `rankings`: what `snapshot.rankings` were compiled from, by the same index. */
export type CompiledSnapshot = { readonly snapshot: Snapshot; readonly rankings: readonly Ranking[] };

/** `serial` goes into the SOA of every zone. */
export function compileSnapshot(
  configuration: Configuration,
  serial: number,
  cache: RankMapCache,
): Parsed<CompiledSnapshot> {
  const problems: Problem[] = [];
  const zones: BuiltZone[] = [];
  for (const [index, zone] of configuration.zones.entries()) {
    const steered = configuration.services.filter((service) => service.zone === zone.name).map(({ id }) => id);
    const built = buildZone(zone, serial, steered);
    if (built.ok) zones.push(built.value);
    else problems.push(...built.problems.map((problem) => ({ ...problem, path: `/zones/${index}${problem.path}` })));
  }
  if (problems.length > 0) return { ok: false, problems };

  const { services, clusters, endpoints, rankings } = compileServices(configuration);
  const serviceNames = configuration.services.map(({ id }, service) => ({ name: serviceName(id), service }));
  const rankMaps = compileRankings(rankings, cache);
  const snapshot = { ...compileNames(zones, serviceNames), services, clusters, endpoints, rankings: rankMaps };
  return { ok: true, value: { snapshot, rankings } };
}

function serviceName(id: string): Uint8Array {
  const name = parseNameText(`${id}.`);
  if (!(name instanceof Uint8Array)) throw new Error(`service ${id} passed validation as a name`);
  return name;
}

/** Rankings that are no longer used leave the cache. */
function compileRankings(rankings: readonly Ranking[], cache: RankMapCache): RankMap[] {
  const keys = rankings.map((ranking) => JSON.stringify(ranking));
  for (const key of cache.maps.keys()) if (!keys.includes(key)) cache.maps.delete(key);
  return rankings.map((ranking, index) => {
    const key = keys[index] ?? '';
    const known = cache.maps.get(key) ?? cache.keeper.find(key);
    const map = known ?? compileRanking(cache.placeMap, ranking);
    if (known === undefined) cache.keeper.keep(key, map);
    cache.maps.set(key, map);
    return map;
  });
}
