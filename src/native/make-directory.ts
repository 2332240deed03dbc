// Makes the directory of what is to be kept.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The directory and those above it, each for its owner only. Not with Node's `recursive`, which goes round for ever where a
 * directory that is there says of a new one that it is not (as /proc does). @throws errors of the file system.
 */
export function makeDirectory(path: string): void {
  if (tryMake(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** False when what it should stand in is not there, and might be made. */
function tryMake(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
}
