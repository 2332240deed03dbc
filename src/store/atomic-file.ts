// Replaces a file whole or not at all, whenever the power fails: write beside it, flush, rename over it, flush the
// directory that holds the name. And reads it back up to a limit.

import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../native/make-directory.ts';

/**
 * One writer at a time per file: whoever calls awaits the call before. A crash leaves at most `FILE.tmp`, which the next
 * write overwrites.
 *
 * @param chunks what the file holds, piece by piece, so that large ones need not be joined.
 * @throws errors of the file system; the old file then stands unchanged.
 */
export async function replaceFile(path: string, chunks: Iterable<string | Uint8Array>): Promise<void> {
  const directory = dirname(path);
  makeDirectory(directory);
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(chunks);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await flushDirectory(directory);
}

/** Undefined when there is no such file. @throws errors of the file system, and RangeError beyond `limitBytes`. */
export async function readWholeFile(path: string, limitBytes: number): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(path);
    if (size > limitBytes) throw new RangeError(`it has ${size} bytes, more than ${limitBytes}`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
