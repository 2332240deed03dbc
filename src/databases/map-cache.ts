// Finished place maps on disk, so that the next start needs not walk the databases again. A cache: whatever is missing,
// damaged or from another version is built anew.
//
//   ┌──────────┬───────────────┬───────────────┬──────────────────┬─────────┬───────────────────────────┐
//   │ AZPLACE1 │ header length │ CRC-32 of     │ header, JSON:    │ padding │ image: the shared memory  │
//   │ 8 bytes  │ uint32        │ image, uint32 │ PlaceMapShape    │ to 8    │ of the map as it is       │
//   └──────────┴───────────────┴───────────────┴──────────────────┴─────────┴───────────────────────────┘
//
// The image is in the byte order of the machine; one of the other order fails the check of the header's length.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
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
import { crc32 } from 'node:zlib';
import type { PlaceMap } from '../geo/place-map.ts';
import { imageBytes, type PlaceMapShape, shapeOf, viewPlaceMap } from '../geo/place-map-image.ts';

/** Part of every fingerprint: changes with the format and with whatever changes the content of a map. */
export const CACHE_VERSION = 'place-map-1';

const MAGIC = Buffer.from('AZPLACE1');
const FIXED_BYTES = MAGIC.length + 8;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Maps kept: the one in use, and the one before for the way back. */
const KEPT_MAPS = 2;

/** The cached map, or undefined when there is none that is whole. Never throws. */
export function readCachedMap(directory: string, fingerprint: string): PlaceMap | undefined {
  const path = pathOf(directory, fingerprint);
  try {
    const descriptor = openSync(path, 'r');
    try {
      const map = readMap(descriptor);
      if (map !== undefined) utimesSync(path, new Date(), new Date());
      return map;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Writes a map, whole or not at all, and drops the oldest. @throws Error when the disk refuses. */
export function writeCachedMap(directory: string, fingerprint: string, map: PlaceMap): void {
  mkdirSync(directory, { recursive: true });
  const path = pathOf(directory, fingerprint);
  const temporary = `${path}.${process.pid}.tmp`;
  const image = new Uint8Array(map.v4.starts.buffer);
  const header = encodeHeader(shapeOf(map), image);
  const descriptor = openSync(temporary, 'w');
  try {
    writeAll(descriptor, header);
    for (let at = 0; at < image.length; at += CHUNK_BYTES) writeAll(descriptor, image.slice(at, at + CHUNK_BYTES));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
  dropOldMaps(directory);
}

function encodeHeader(shape: PlaceMapShape, image: Uint8Array): Buffer {
  const text = Buffer.from(JSON.stringify(shape));
  const header = Buffer.alloc(imageOffset(text.length));
  MAGIC.copy(header);
  new Uint32Array(header.buffer, header.byteOffset + MAGIC.length, 2).set([text.length, checksum(image)]);
  text.copy(header, FIXED_BYTES);
  return header;
}

function imageOffset(headerLength: number): number {
  return Math.ceil((FIXED_BYTES + headerLength) / 8) * 8;
}

function readMap(descriptor: number): PlaceMap | undefined {
  const fixed = Buffer.alloc(FIXED_BYTES);
  if (readAt(descriptor, fixed, 0) !== FIXED_BYTES || !fixed.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const [headerLength = 0, expected = 0] = new Uint32Array(fixed.buffer.slice(fixed.byteOffset + MAGIC.length), 0, 2);
  if (headerLength > MAX_HEADER_BYTES) return undefined;
  const text = Buffer.alloc(headerLength);
  if (readAt(descriptor, text, FIXED_BYTES) !== headerLength) return undefined;
  const shape: unknown = JSON.parse(text.toString('utf8'));
  if (!isShape(shape)) return undefined;
  const start = imageOffset(headerLength);
  const size = imageBytes(shape);
  if (fstatSync(descriptor).size !== start + size) return undefined;
  const memory = new SharedArrayBuffer(size);
  const image = new Uint8Array(memory);
  for (let at = 0; at < size; ) {
    const read = readSync(descriptor, image, at, Math.min(CHUNK_BYTES, size - at), start + at);
    if (read === 0) return undefined;
    at += read;
  }
  return checksum(image) === expected ? viewPlaceMap(memory, shape) : undefined;
}

function readAt(descriptor: number, into: Buffer, position: number): number {
  return readSync(descriptor, into, 0, into.length, position);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at);
}

function checksum(image: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < image.length; at += CHUNK_BYTES) sum = crc32(image.slice(at, at + CHUNK_BYTES), sum);
  return sum;
}

function isShape(value: unknown): value is PlaceMapShape {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['intervalsV4', 'intervalsV6', 'places'].every((key) => Number.isSafeInteger(Reflect.get(value, key))) &&
    ['countries', 'subdivisions'].every((key) => Array.isArray(Reflect.get(value, key)))
  );
}

/** Also drops what a writer that was killed has left behind. */
function dropOldMaps(directory: string): void {
  const names = readdirSync(directory);
  const abandoned = names.filter((name) => /^place-map-[0-9a-f]{64}\.bin\.\d+\.tmp$/.test(name));
  const old = names
    .filter((name) => /^place-map-[0-9a-f]{64}\.bin$/.test(name))
    .map((name) => ({ name, mtimeMs: statSync(join(directory, name)).mtimeMs }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .slice(KEPT_MAPS);
  for (const name of [...abandoned, ...old.map((map) => map.name)]) rmSync(join(directory, name), { force: true });
}

function pathOf(directory: string, fingerprint: string): string {
  return join(directory, `place-map-${fingerprint}.bin`);
}
