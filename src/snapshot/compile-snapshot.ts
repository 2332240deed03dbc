// Compiles a configuration into a snapshot, or says everything that is wrong with it. Rankings, the dear part, are looked
// up by their content in `rankMaps` first: a change that moves no region and no rule compiles none of them again.

import type { PlaceMap } from '../geo/place-map.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { Zone } from '../model/zone.ts';
import { compileRanking } from '../steering/rank.ts';
import type { Ranking } from '../steering/ranking.ts';
import type { RankMap } from '../steering/run-map.ts';
import { compileServices } from './compile-services.ts';
import { compileZone, readZonePart } from './compile-zone.ts';
import { compileZones } from './compile-zones.ts';
import type { Snapshot } from './snapshot.ts';
import type { ZoneImage } from './zone-image.ts';

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
  const { zones, services } = configuration;
  const steered = Map.groupBy(services.keys(), (service) => services[service]?.zone ?? '');
  const steeredOf = ({ name }: Zone) => steered.get(name) ?? [];
  const images: ZoneImage[] = [];
  const problems: Problem[] = [];
  for (const [index, zone] of zones.entries()) {
    const part = readZonePart(zone.name, zone.records);
    const steeredNames = steeredOf(zone).map((service) => services[service]?.id ?? '');
    const compiled = compileZone(zone, [part], steeredNames);
    if (compiled.ok) images.push(compiled.value);
    else problems.push(...compiled.problems.map((problem) => ({ ...problem, path: `/zones/${index}${problem.path}` })));
  }
  if (problems.length > 0) return { ok: false, problems };

  const { rankings, ...tables } = compileServices(configuration);
  const names = zones.map(({ name }) => name);
  const snapshot = {
    zones: compileZones(names, images, zones.map(steeredOf)),
    serial,
    ...tables,
    rankings: compileRankings(rankings, cache),
  };
  return { ok: true, value: { snapshot, rankings } };
}

/** Rankings that are no longer used leave the cache. */
function compileRankings(rankings: readonly Ranking[], cache: RankMapCache): RankMap[] {
  const keys = rankings.map((ranking) => JSON.stringify(ranking));
  const used = new Set(keys);
  for (const key of cache.maps.keys()) if (!used.has(key)) cache.maps.delete(key);
  return rankings.map((ranking, index) => {
    const key = keys[index] ?? '';
    const known = cache.maps.get(key) ?? cache.keeper.find(key);
    const map = known ?? compileRanking(cache.placeMap, ranking);
    if (known === undefined) cache.keeper.keep(key, map);
    cache.maps.set(key, map);
    return map;
  });
}
