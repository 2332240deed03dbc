// The signatures that a node has made, on its own disk: octets that dnssec/signature-list.ts knows how to read, under a checksum,
// replaced whole. Nobody waits for them to be written, nor for much to be read; what is lost is made again.
//
//   azimuth-signatures 1 LF | the list … | SHA-256 of all before it (32 octets)
//
// The checksum tells what an accident did. It keeps nobody from writing a file of his own: but who may write here may as well
// write the revision beside it, and have anything signed.

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './atomic-file.ts';
import type { PersistedRead } from './persisted-revision.ts';
import { describeCause } from './store-error.ts';

export const SIGNATURES_FILE = 'signatures';
/** Those of two million names. */
export const SIGNATURES_LIMIT_BYTES = 640 * 2 ** 20;

const MAGIC = Buffer.from('azimuth-signatures 1\n');
const CHECKSUM_BYTES = 32;

/**
 * `list`: its pieces, which are asked for one by one, with time for other work in between. One write at a time: await it before
 * the next. @throws errors of the file system, and of `list`; the old file then stands, and no part of a new one.
 */
export async function writePersistedSignatures(directory: string, list: Iterable<Uint8Array>): Promise<void> {
  const path = join(directory, SIGNATURES_FILE);
  try {
    await replaceFile(path, composeFile(list));
  } catch (error) {
    // A part of a file would keep a full disk full.
    await rm(`${path}.tmp`, { force: true }).catch(() => undefined);
    throw error;
  }
}

function* composeFile(list: Iterable<Uint8Array>): Generator<Uint8Array> {
  const checksum = createHash('sha256');
  yield MAGIC;
  checksum.update(MAGIC);
  for (const piece of list) {
    checksum.update(piece);
    yield piece;
  }
  yield checksum.digest();
}

/** Whole, at once: whoever compiles has nothing else to do. Errors of the file system count as damage. */
export function readPersistedSignatures(directory: string): PersistedRead<Uint8Array> {
  const path = join(directory, SIGNATURES_FILE);
  try {
    const bytes = readUpTo(path, SIGNATURES_LIMIT_BYTES + MAGIC.length + CHECKSUM_BYTES);
    const end = bytes.length - CHECKSUM_BYTES;
    if (end < MAGIC.length || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it holds no signatures');
    const checksum = createHash('sha256').update(bytes.subarray(0, end)).digest();
    if (!checksum.equals(bytes.subarray(end))) throw new Error('it is torn or was altered');
    return { status: 'read', value: bytes.subarray(MAGIC.length, end) };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return { status: 'absent' };
    const message = `${path} cannot be used: ${describeCause(cause)}. It is written anew.`;
    return { status: 'damaged', problems: [{ path: '/', message }] };
  }
}

/** @throws RangeError beyond `limitBytes`. */
function readUpTo(path: string, limitBytes: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > limitBytes) throw new RangeError(`it has ${size} bytes, more than ${limitBytes}`);
    const bytes = Buffer.allocUnsafeSlow(size);
    let at = 0;
    while (at < size) {
      const read = readSync(descriptor, bytes, at, size - at, at);
      if (read === 0) break;
      at += read;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(descriptor);
  }
}

/** Where nothing is signed any more. @throws errors of the file system. */
export async function removePersistedSignatures(directory: string): Promise<void> {
  await rm(join(directory, SIGNATURES_FILE), { force: true });
}
