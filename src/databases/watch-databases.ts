// Follows the geo directory: when a better or newer database appears and has been left alone for a whole interval, it is
// opened and handed over. By polling, since notifications of file systems get lost in containers and over networks. Anything
// wrong leaves the map in use as it is.

import { statSync } from 'node:fs';
import { findDatabases, listDatabaseFiles } from './find-databases.ts';
import {
  type FoundPlaceMap,
  findDatabaseMap,
  fingerprintDatabase,
  openDatabase,
  type PlaceMapOptions,
} from './open-place-map.ts';

export type WatchOptions = PlaceMapOptions & {
  readonly reloadIntervalMs: number;
  /** The fingerprint of the map in use: FoundPlaceMap.fingerprint. */
  readonly fingerprint: string;
  /** What describeDatabaseFiles said before that one was looked for: what has come since then is new. */
  readonly files: string;
  /** Whether a map that is in the cache is read, and handed over. */
  readonly isMapRead: boolean;
  /** How long after an attempt the next is made though no file has changed; default RETRY_INTERVAL_MS. */
  readonly retryIntervalMs?: number;
};

/** What ended the process that builds, such as memory that was short, may be over by then; a damaged file is built in vain. */
const RETRY_INTERVAL_MS = 600_000;

export type DatabaseWatch = { close(): void };

/**
 * Calls `onChange` with each new map, `onError` once for each state of the directory that cannot be used (what is wrong, and
 * that the old map stays). Neither is called after `close`. Does not keep the process alive.
 */
export function watchDatabases(
  options: WatchOptions,
  onChange: (opened: FoundPlaceMap) => void,
  onError: (message: string) => void,
): DatabaseWatch {
  let isClosed = false;
  let fingerprint = options.fingerprint;
  let previous = options.files;
  let settled = options.files;
  let triedMs = performance.now();
  let told: string | undefined;
  let timer = schedule();

  function schedule(): NodeJS.Timeout {
    return setTimeout(poll, options.reloadIntervalMs).unref();
  }

  /** Polls do not overlap: the next one is timed when this one has ended. */
  async function poll(): Promise<void> {
    const current = describeDatabaseFiles(options.directory);
    const isStable = current === previous;
    previous = current;
    const isChanged = current !== settled;
    const isDue = performance.now() - triedMs >= (options.retryIntervalMs ?? RETRY_INTERVAL_MS);
    if (isStable && (isChanged || isDue)) {
      settled = current;
      if (isChanged) told = undefined;
      await reload();
      triedMs = performance.now();
    }
    if (!isClosed) timer = schedule();
  }

  async function reload(): Promise<void> {
    const opened = await openChanged(options, fingerprint);
    if (isClosed || opened === undefined) return;
    if (typeof opened === 'string') {
      if (opened !== told) onError(`${opened}; the database in use stays`);
      told = opened;
      return;
    }
    fingerprint = opened.fingerprint;
    onChange(opened);
  }

  return {
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** The new map; nothing when the best database is the one in use; or what is wrong. With any file wrong, nothing is opened. */
async function openChanged(options: WatchOptions, fingerprint: string): Promise<FoundPlaceMap | string | undefined> {
  try {
    const { databases, problems } = findDatabases(options);
    if (problems.length > 0) return problems.join('; ');
    const [best] = databases;
    if (best === undefined) return fingerprint === '' ? undefined : `${options.directory} has no database any more`;
    if (fingerprintDatabase(best) === fingerprint) return undefined;
    return await (options.isMapRead ? openDatabase : findDatabaseMap)(best, { ...options, isYielding: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Changes when any file comes, goes, or is written. */
export function describeDatabaseFiles(directory: string): string {
  return listDatabaseFiles(directory)
    .map((path) => `${path}|${describeFile(path)}`)
    .join('\n');
}

function describeFile(path: string): string {
  try {
    const { size, mtimeMs } = statSync(path);
    return `${size}|${mtimeMs}`;
  } catch (error) {
    // Such as a link to nowhere, or to itself: why it cannot be read is said when it is opened.
    return error instanceof Error ? error.message : String(error);
  }
}
