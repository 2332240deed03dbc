// What the process that builds a place map says to the node, over one pipe: lines of JSON, and behind the line `map` the
// memory of the map as it is. The node believes nothing that it cannot check: whatever does not read is nonsense, with its
// beginning.
//
//   {"kind":"progress","message":"IPv6 of city.mmdb: …"}⏎
//   {"kind":"kept"}⏎                                                     the map is in the cache
//
//   {"kind":"not-kept","message":"…"}⏎                                   or it is not, and follows:
//   {"kind":"map","shape":{…}}⏎ ▒▒▒ image, imageBytes(shape) bytes ▒▒▒ {"kind":"whole","crc32":…}⏎
//
//   {"kind":"fault","message":"…"}⏎                                      or there is none

import { crc32 } from 'node:zlib';
import type { PlaceMap } from '../geo/place-map.ts';
import { imageBytes, isPlaceMapShape, type PlaceMapShape, viewPlaceMap } from '../geo/place-map-image.ts';

export type BuildLine =
  | { readonly kind: 'progress'; readonly message: string }
  /** Why there will be no map. */
  | { readonly kind: 'fault'; readonly message: string }
  /** The map is in the cache. */
  | { readonly kind: 'kept' }
  /** Why the map could not be written. */
  | { readonly kind: 'not-kept'; readonly message: string }
  /** The image follows. */
  | { readonly kind: 'map'; readonly shape: PlaceMapShape }
  /** The image has ended, and this was the sum of it. */
  | { readonly kind: 'whole'; readonly crc32: number };

export type BuildNews =
  /** The map has come whole. */
  | { readonly kind: 'map'; readonly map: PlaceMap }
  /** What makes no sense, in a sentence; after it there is nothing more. */
  | { readonly kind: 'nonsense'; readonly message: string }
  | Extract<BuildLine, { readonly kind: 'progress' | 'fault' | 'kept' | 'not-kept' }>;

export type BuildStreamReader = {
  /** What became known with these bytes, in order. Never throws. */
  read(chunk: Uint8Array): readonly BuildNews[];
};

/** A map names each country and subdivision once: far below. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** More than a map with all its 2^24 places and a hundred million stretches of addresses. */
const MAX_IMAGE_BYTES = 2 ** 30;
const SHOWN_CHARACTERS = 80;
const NEWLINE = 10;

export function encodeLine(line: BuildLine): string {
  return `${JSON.stringify(line)}\n`;
}

export function createBuildStreamReader(): BuildStreamReader {
  let line: Uint8Array[] = [];
  let lineBytes = 0;
  let image: Image | undefined;
  let isOver = false;

  /** Returns where in `chunk` it ends, or the end of `chunk`. */
  function readLine(chunk: Uint8Array, at: number, news: BuildNews[]): number {
    const end = chunk.indexOf(NEWLINE, at);
    const part = chunk.subarray(at, end < 0 ? chunk.length : end);
    line.push(part);
    lineBytes += part.length;
    if (end < 0 && lineBytes <= MAX_LINE_BYTES) return chunk.length;
    const told = takeLine(Buffer.concat(line).toString('utf8'));
    line = [];
    lineBytes = 0;
    if (told !== undefined) news.push(told);
    isOver = told?.kind === 'nonsense';
    return end < 0 ? chunk.length : end + 1;
  }

  function takeLine(text: string): BuildNews | undefined {
    const said = parseLine(text);
    if (said?.kind === 'map' && image === undefined) {
      image = beginImage(said.shape);
      return image === undefined ? { kind: 'nonsense', message: 'there is no memory for such a map' } : undefined;
    }
    if (said?.kind === 'whole' && image !== undefined) {
      const { sum, memory, shape } = image;
      if (said.crc32 !== sum) return { kind: 'nonsense', message: 'the map has come damaged' };
      return { kind: 'map', map: viewPlaceMap(memory, shape) };
    }
    if (said === undefined || said.kind === 'map' || said.kind === 'whole') {
      return { kind: 'nonsense', message: `it said ${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}` };
    }
    return said;
  }

  return {
    read(chunk) {
      const news: BuildNews[] = [];
      for (let at = 0; at < chunk.length && !isOver; ) {
        const isImage = image !== undefined && image.at < image.memory.byteLength;
        at = image !== undefined && isImage ? readImage(image, chunk, at) : readLine(chunk, at, news);
      }
      return news;
    },
  };
}

type Image = {
  readonly shape: PlaceMapShape;
  readonly memory: SharedArrayBuffer;
  /** How much of it has come, and the CRC-32 of that. */
  at: number;
  sum: number;
};

function beginImage(shape: PlaceMapShape): Image | undefined {
  try {
    return { shape, memory: new SharedArrayBuffer(imageBytes(shape)), at: 0, sum: 0 };
  } catch {
    return undefined;
  }
}

/** Returns where in `chunk` it ends, or the end of `chunk`. */
function readImage(image: Image, chunk: Uint8Array, start: number): number {
  const part = chunk.subarray(start, start + image.memory.byteLength - image.at);
  new Uint8Array(image.memory).set(part, image.at);
  image.sum = crc32(part, image.sum);
  image.at += part.length;
  return start + part.length;
}

function parseLine(text: string): BuildLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const field = (name: string): unknown => Reflect.get(value, name);
  const [kind, message, shape, sum] = ['kind', 'message', 'shape', 'crc32'].map(field);
  switch (kind) {
    case 'progress':
    case 'fault':
    case 'not-kept':
      return typeof message === 'string' ? { kind, message } : undefined;
    case 'kept':
      return { kind };
    case 'map':
      return isPlaceMapShape(shape) && imageBytes(shape) <= MAX_IMAGE_BYTES ? { kind, shape } : undefined;
    case 'whole':
      return typeof sum === 'number' ? { kind, crc32: sum } : undefined;
    default:
      return undefined;
  }
}
