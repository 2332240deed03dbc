// Files of a cache: a header in JSON and one image of typed arrays, so that what took long to make need not be made again at
// the next start. A cache: whatever is missing, damaged or from another version counts as not there.
//
//   ┌──────────┬───────────────┬───────────────┬──────────────┬─────────┬──────────────────────────────┐
//   │ AZCACHE2 │ header length │ CRC-32 of the │ header, JSON │ padding │ image: the arrays' memory, │
//   │ 8 bytes  │ uint32        │ two, uint32   │              │ to 8    │ one after the other        │
//   └──────────┴───────────────┴───────────────┴──────────────┴─────────┴──────────────────────────────┘
//
// The image is in the byte order of the machine; one of the other order fails the check of the header's length.

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { makeDirectory } from '../native/make-directory.ts';

export type CachedImage<Header> = { readonly header: Header; readonly memory: SharedArrayBuffer };

/** How to understand the header of one kind of file. */
export type HeaderReader<Header> = {
  readonly isHeader: (value: unknown) => value is Header;
  /** Bytes of the image that belongs to it. */
  readonly imageBytes: (header: Header) => number;
};

const MAGIC = Buffer.from('AZCACHE2');
const FIXED_BYTES = MAGIC.length + 8;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
/** A file that nobody has written to for so long has nobody who will. */
const ABANDONED_MS = 60_000;

/** What the file holds, or undefined when there is none that is whole. Never throws. */
export function readCacheFile<Header>(path: string, reader: HeaderReader<Header>): CachedImage<Header> | undefined {
  const reading = readInChunks(path, reader);
  for (;;) {
    const step = reading.next();
    if (step.done === true) return step.value;
  }
}

/** The same, for a thread that has other things to do meanwhile: it gets to them after each chunk. Never rejects. */
export async function readCacheFileInTurns<Header>(
  path: string,
  reader: HeaderReader<Header>,
): Promise<CachedImage<Header> | undefined> {
  const reading = readInChunks(path, reader);
  for (;;) {
    const step = reading.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}

/** Stops after each chunk. */
function* readInChunks<Header>(
  path: string,
  reader: HeaderReader<Header>,
): Generator<undefined, CachedImage<Header> | undefined> {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const image = yield* readImage(descriptor, reader);
      if (image !== undefined) noteUse(path);
      return image;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** The order in which files were used is the order in which they go. */
function noteUse(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // It is another user's, or on a disk for reading only, where none goes.
  }
}

/** Whether there is a file of the right size, without reading it whole. Never throws. */
export function isWholeCacheFile<Header>(path: string, reader: HeaderReader<Header>): boolean {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const isWhole = readHeader(descriptor, reader) !== undefined;
      if (isWhole) noteUse(path);
      return isWhole;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

/**
 * Writes a file, whole or not at all. Whoever waits for it does not wait for the disk: what a loss of power leaves of it is
 * known by its sum. @throws Error when the disk refuses.
 */
export function writeCacheFile(directory: string, name: string, header: unknown, image: readonly Uint8Array[]): void {
  makeDirectory(directory);
  const path = join(directory, name);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeWhole(temporary, header, image);
    renameSync(temporary, path);
  } catch (error) {
    // A part of a file would keep a full disk full.
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeWhole(path: string, header: unknown, image: readonly Uint8Array[]): void {
  const descriptor = openSync(path, 'w');
  try {
    writeAll(descriptor, encodeHeader(header, image));
    for (const part of image) {
      for (let at = 0; at < part.length; at += CHUNK_BYTES) writeAll(descriptor, part.slice(at, at + CHUNK_BYTES));
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Keeps the `kept` files of this kind that were used last. Also drops what a writer that was killed has left behind, but not
 * what another node with the same directory is writing.
 */
export function dropOldFiles(directory: string, prefix: string, kept: number): void {
  const names = readdirSync(directory).filter((name) => name.startsWith(prefix));
  const files = names.map((name) => ({ name, mtimeMs: writtenMs(join(directory, name)) }));
  const abandoned = files.filter(({ name, mtimeMs }) => name.endsWith('.tmp') && mtimeMs < Date.now() - ABANDONED_MS);
  const old = files
    .filter(({ name }) => name.endsWith('.bin'))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .slice(kept);
  for (const { name } of [...abandoned, ...old]) rmSync(join(directory, name), { force: true });
}

/** 0 for a file that is gone: another node with the same directory drops files too. */
function writtenMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function encodeHeader(header: unknown, image: readonly Uint8Array[]): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const encoded = Buffer.alloc(imageOffset(text.length));
  MAGIC.copy(encoded);
  new Uint32Array(encoded.buffer, encoded.byteOffset + MAGIC.length, 2).set([text.length, checksum([text, ...image])]);
  text.copy(encoded, FIXED_BYTES);
  return encoded;
}

function imageOffset(headerLength: number): number {
  return Math.ceil((FIXED_BYTES + headerLength) / 8) * 8;
}

/** A file as its header tells it: where the image begins, its bytes, and the checksum of all with that of the header. */
type OpenedImage<Header> = {
  readonly header: Header;
  readonly start: number;
  readonly size: number;
  readonly expected: number;
  readonly headerSum: number;
};

function readHeader<Header>(descriptor: number, reader: HeaderReader<Header>): OpenedImage<Header> | undefined {
  const fixed = Buffer.alloc(FIXED_BYTES);
  if (readAt(descriptor, fixed, 0) !== FIXED_BYTES || !fixed.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const [headerLength = 0, expected = 0] = new Uint32Array(fixed.buffer.slice(fixed.byteOffset + MAGIC.length), 0, 2);
  if (headerLength > MAX_HEADER_BYTES) return undefined;
  const text = Buffer.alloc(headerLength);
  if (readAt(descriptor, text, FIXED_BYTES) !== headerLength) return undefined;
  const header: unknown = JSON.parse(text.toString('utf8'));
  if (!reader.isHeader(header)) return undefined;
  const start = imageOffset(headerLength);
  const size = reader.imageBytes(header);
  if (fstatSync(descriptor).size !== start + size) return undefined;
  return { header, start, size, expected, headerSum: crc32(text) };
}

function* readImage<Header>(
  descriptor: number,
  reader: HeaderReader<Header>,
): Generator<undefined, CachedImage<Header> | undefined> {
  const opened = readHeader(descriptor, reader);
  if (opened === undefined) return undefined;
  const { header, start, size, expected, headerSum } = opened;
  const memory = new SharedArrayBuffer(size);
  const image = new Uint8Array(memory);
  // By way of one small piece of memory: what was read is summed up while it is still in the processor's cache.
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size));
  let sum = headerSum;
  for (let at = 0; at < size; ) {
    const read = readSync(descriptor, chunk, 0, Math.min(chunk.length, size - at), start + at);
    if (read === 0) return undefined;
    const part = chunk.subarray(0, read);
    sum = crc32(part, sum);
    image.set(part, at);
    at += read;
    yield undefined;
  }
  return sum === expected ? { header, memory } : undefined;
}

function readAt(descriptor: number, into: Buffer, position: number): number {
  return readSync(descriptor, into, 0, into.length, position);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at);
}

/** In copies of a chunk: shared memory itself is not taken. */
function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK_BYTES) sum = crc32(part.slice(at, at + CHUNK_BYTES), sum);
  }
  return sum;
}
