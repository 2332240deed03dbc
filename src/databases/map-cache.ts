// Finished place maps on disk, so that the next start need not walk the databases again.

import { join } from 'node:path';
import type { PlaceMap } from '../geo/place-map.ts';
import { imageBytes, isPlaceMapShape, shapeOf, viewPlaceMap } from '../geo/place-map-image.ts';
import { dropOldFiles, isWholeCacheFile, readCacheFile, readCacheFileInTurns, writeCacheFile } from './cache-file.ts';

/** Part of every fingerprint: changes with the format and with whatever changes the content of a map. */
export const CACHE_VERSION = 'place-map-4';

const PREFIX = 'place-map-';
/** Maps kept: the one in use, and the one before for the way back. */
const KEPT_MAPS = 2;
const READER = { isHeader: isPlaceMapShape, imageBytes };

/** The cached map, or undefined when there is none that is whole. Never throws. */
export function readCachedMap(directory: string, fingerprint: string): PlaceMap | undefined {
  const found = readCacheFile(join(directory, nameOf(fingerprint)), READER);
  return found && viewPlaceMap(found.memory, found.header);
}

/** The same, for a thread that has other things to do meanwhile. Never rejects. */
export async function readCachedMapInTurns(directory: string, fingerprint: string): Promise<PlaceMap | undefined> {
  const found = await readCacheFileInTurns(join(directory, nameOf(fingerprint)), READER);
  return found && viewPlaceMap(found.memory, found.header);
}

/** Whether the cached map is there, by the size of its file: whether it is sound is found out when it is read. Never throws. */
export function isMapKept(directory: string, fingerprint: string): boolean {
  return isWholeCacheFile(join(directory, nameOf(fingerprint)), READER);
}

/** Writes a map, whole or not at all, and drops the oldest. @throws Error when the disk refuses. */
export function writeCachedMap(directory: string, fingerprint: string, map: PlaceMap): void {
  writeCacheFile(directory, nameOf(fingerprint), shapeOf(map), [new Uint8Array(map.v4.words.buffer)]);
  dropOldFiles(directory, PREFIX, KEPT_MAPS);
}

function nameOf(fingerprint: string): string {
  return `${PREFIX}${fingerprint}.bin`;
}
