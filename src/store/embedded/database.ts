// Opens the file of the embedded store: SQLite in WAL mode, every commit on the disk before it counts, and locked for as
// long as the process lives, since two processes with slots in memory of their own would not hear of each other.

import { closeSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from '../../native/make-directory.ts';
import { createStoreError, describeCause, isStoreError, type StoreError } from '../store-error.ts';

export const DATABASE_FILE = 'configuration.sqlite';

const SCHEMA_VERSION = 1;

/** Files up to this size are read through at the start; in larger ones the hashes of the objects tell damage. */
const FULL_CHECK_LIMIT_BYTES = 64 * 2 ** 20;

/** Result codes of SQLite, https://www.sqlite.org/rescode.html */
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

const UNWRITABLE_RESULTS: readonly number[] = [SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN];
/** What making the directory or the file fails with: no right to, a read-only file system, a file in the way. */
const UNWRITABLE_CODES: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'];

const SCHEMA = `
  CREATE TABLE objects (hash TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE manifests (
    generation INTEGER, number INTEGER, text TEXT NOT NULL, PRIMARY KEY (generation, number)
  ) WITHOUT ROWID;
  CREATE TABLE named (
    generation INTEGER, number INTEGER, hash TEXT, PRIMARY KEY (generation, number, hash)
  ) WITHOUT ROWID;
  CREATE INDEX named_hash ON named (hash);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** @throws StoreError STORE_LOCKED, STORE_DAMAGED, STORE_UNWRITABLE, or STORE_UNAVAILABLE for whatever else goes wrong. */
export function openDatabase(directory: string): DatabaseSync {
  const file = join(directory, DATABASE_FILE);
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(directory);
    createFile(file);
    database = new DatabaseSync(file);
    // The exclusive lock is taken by the first write below and held until the process ends, however it ends.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec('BEGIN IMMEDIATE');
    prepareSchema(database, file);
    database.exec('COMMIT');
    if (statSync(file).size <= FULL_CHECK_LIMIT_BYTES) checkIntegrity(database, file);
    return database;
  } catch (cause) {
    database?.close();
    throw mapDatabaseError(cause, file);
  }
}

/** Maps what SQLite throws; StoreErrors pass unchanged. */
export function mapDatabaseError(cause: unknown, file: string): StoreError {
  if (isStoreError(cause)) return cause;
  const resultCode = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0;
  if (resultCode === SQLITE_BUSY)
    return createStoreError('STORE_LOCKED', `${file} is in use by another process`, cause);
  if (resultCode === SQLITE_CORRUPT || resultCode === SQLITE_NOTADB)
    return describeDamage(file, describeCause(cause), cause);
  if (UNWRITABLE_RESULTS.includes(resultCode) || (cause instanceof Error && isUnwritable(cause)))
    return createStoreError('STORE_UNWRITABLE', `${dirname(file)} cannot be written: ${describeCause(cause)}`, cause);
  return createStoreError('STORE_UNAVAILABLE', `${file} cannot be used: ${describeCause(cause)}`, cause);
}

function isUnwritable(error: Error): boolean {
  return 'code' in error && UNWRITABLE_CODES.includes(error.code);
}

/**
 * SQLite would make a file that others may read, and gives those beside it the permissions of this one. One that is there
 * is not opened: closing it again would release the locks that this process may hold on it.
 */
function createFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function prepareSchema(database: DatabaseSync, file: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) throw describeDamage(file, `its schema is version ${version}, not ${SCHEMA_VERSION}`);
  database.exec(SCHEMA);
}

function checkIntegrity(database: DatabaseSync, file: string): void {
  const finding = String(database.prepare('PRAGMA quick_check(1)').get()?.quick_check);
  if (finding !== 'ok') throw describeDamage(file, finding);
}

function describeDamage(file: string, finding: string, cause?: unknown): StoreError {
  return createStoreError('STORE_DAMAGED', `${file} is no usable database: ${finding}`, cause);
}
