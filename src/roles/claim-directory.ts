// Tells whether another process uses the same state directory. What is kept there is one process's own: two that write the same
// files fail each other's writes, and two api nodes with one journal are one copy where two were meant. A lock of SQLite
// tells it, for the kernel lets go of that when its holder ends, however it ends.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from '../native/make-directory.ts';

const LOCK_FILE = 'lock';
/** https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

export type Claim = {
  /** Whether another process has claimed it and is still there. */
  readonly isShared: boolean;
  release(): void;
};

/** Held until it is released. Where the directory cannot be written nothing is claimed: that is found, and told, by whoever writes. */
export function claimDirectory(directory: string): Claim {
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(directory);
    database = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const isShared = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
    return { isShared, release: () => undefined };
  }
  const held = database;
  return { isShared: false, release: () => held.close() };
}
