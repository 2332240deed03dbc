// Compiles a configuration into a snapshot, or says everything that is wrong with it. Rankings, the dear part, are looked
// up by their content in `rankMaps` first: a change that moves no region and no rule compiles none of them again. Nor is a
// zone built again of which nothing changed, nor the table of services.

import type { PlaceMap } from '../geo/place-map.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Parsed } from '../model/problem.ts';
import { compileRanking, isSameForAll, rankAlike } from '../steering/rank.ts';
import type { Ranking } from '../steering/ranking.ts';
import type { RankMap } from '../steering/run-map.ts';
import type { ReadPart } from './compile-zone.ts';
import { compileZones } from './compile-zones.ts';
import { findCrowdedAliases } from './find-crowded-aliases.ts';
import { createKeptTables, type KeptTables, renewImages, renewServices } from './kept-tables.ts';
import type { Signing } from './plan-signing.ts';
import { signAhead } from './sign-ahead.ts';
import type { Snapshot } from './snapshot.ts';

/** Compiled rankings of one place map, by the content of the ranking. */
export type RankMapCache = {
  /** Asked for only where a ranking has to be compiled. */
  readonly readPlaceMap: () => PlaceMap;
  readonly maps: Map<string, RankMap>;
  readonly keeper: RankMapKeeper;
};

/** Where compiled rankings are kept beyond the life of the process; `key` is the content of the ranking. */
export type RankMapKeeper = {
  readonly find: (key: string) => RankMap | undefined;
  readonly keep: (key: string, map: RankMap) => void;
};

const NO_KEEPER: RankMapKeeper = { find: () => undefined, keep: () => undefined };

export function createRankMapCache(readPlaceMap: () => PlaceMap, keeper: RankMapKeeper = NO_KEEPER): RankMapCache {
  return { readPlaceMap, maps: new Map(), keeper };
}

export type SnapshotInput = {
  readonly configuration: Configuration;
  /** The records of each zone of the configuration, in their order. */
  readonly records: readonly (readonly ReadPart[])[];
  /** Goes into the SOA of every zone. */
  readonly serial: number;
  /** Undefined: no zone is signed. */
  readonly signing?: Signing | undefined;
};

/** `rankings`: what `snapshot.rankings` were compiled from, by the same index. */
export type CompiledSnapshot = { readonly snapshot: Snapshot; readonly rankings: readonly Ranking[] };

/** `kept`: what was compiled last, and what is compiled now for the next time. */
export function compileSnapshot(
  { configuration, records, serial, signing }: SnapshotInput,
  cache: RankMapCache,
  kept: KeptTables = createKeptTables(),
): Parsed<CompiledSnapshot> {
  const services = renewServices(kept, configuration);
  const { compiled, steered } = services;
  const images = renewImages(kept, configuration, services, records, signing);
  if (!images.ok) return images;
  const crowded = findCrowdedAliases(compiled.services, steered, images.value);
  if (crowded.length > 0) return { ok: false, problems: crowded };

  const { rankings, ...tables } = compiled;
  const names = configuration.zones.map(({ name }) => name);
  const transfers = configuration.zones.map((zone) => zone.transfers);
  const primaries = configuration.zones.map((zone) => zone.primaries);
  const unsigned = {
    zones: compileZones(names, images.value, steered, transfers, primaries),
    serial,
    ...tables,
    rankings: compileRankings(rankings, cache),
  };
  if (signing !== undefined) kept.ahead = signAhead(unsigned, signing.sign, kept.ahead);
  const snapshot = { ...unsigned, ahead: kept.ahead };
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
    const map = known ?? (isSameForAll(ranking) ? rankAlike(ranking) : compileRanking(cache.readPlaceMap(), ranking));
    if (known === undefined) cache.keeper.keep(key, map);
    cache.maps.set(key, map);
    return map;
  });
}
