// Opens the file of the embedded store: SQLite in WAL mode, every commit on the disk before it counts, and locked for as
// long as the process lives, since two processes with slots in memory of their own would not hear of each other.

import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createStoreError, describeCause, isStoreError, type StoreError } from '../store-error.ts';

export const DATABASE_FILE = 'configuration.sqlite';

const SCHEMA_VERSION = 1;

/** Files up to this size are read through at the start; in larger ones the hashes of the objects tell damage. */
const FULL_CHECK_LIMIT_BYTES = 64 * 2 ** 20;

/** Result codes of SQLite, https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

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

/** @throws StoreError STORE_LOCKED, STORE_DAMAGED, or STORE_UNAVAILABLE when the directory cannot be written. */
export function openDatabase(directory: string): DatabaseSync {
  const file = join(directory, DATABASE_FILE);
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
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
  return createStoreError('STORE_UNAVAILABLE', `${file} cannot be used: ${describeCause(cause)}`, cause);
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
