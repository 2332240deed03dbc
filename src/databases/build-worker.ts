// The thread that makes a place map: from the cache if it is there, else from the databases. It sends the map's shared memory
// as soon as it is ready, then writes the cache, and ends.

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { addV4, addV6, createPlaceMapBuilder, finishPlaceMap } from '../geo/build-place-map.ts';
import { readMetadata } from '../geo/mmdb-metadata.ts';
import type { MmdbFault, MmdbTree } from '../geo/mmdb-tree.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import { type PlaceMapShape, shapeOf } from '../geo/place-map-image.ts';
import { readCachedMap, writeCachedMap } from './map-cache.ts';
import { verifyMap } from './verify-map.ts';

export type BuildTask = {
  readonly pathV4: string | undefined;
  readonly pathV6: string | undefined;
  readonly cacheDirectory: string;
  readonly fingerprint: string;
};

export type BuildMessage =
  | {
      readonly kind: 'map';
      readonly memory: SharedArrayBuffer;
      readonly shape: PlaceMapShape;
      readonly isCached: boolean;
    }
  | { readonly kind: 'fault'; readonly message: string }
  /** The map serves, but it could not be written. */
  | { readonly kind: 'cache-failed'; readonly message: string };

function makeMap({ pathV4, pathV6, cacheDirectory, fingerprint }: BuildTask): void {
  const cached = readCachedMap(cacheDirectory, fingerprint);
  if (cached !== undefined) return sendMap(cached, true);
  const built = buildFromFiles(pathV4, pathV6);
  if (typeof built === 'string') return send({ kind: 'fault', message: built });
  const fault = verifyMap(built, pathV4, pathV6);
  if (fault !== undefined) return send({ kind: 'fault', message: fault });
  sendMap(built, false);
  try {
    writeCachedMap(cacheDirectory, fingerprint, built);
  } catch (error) {
    send({ kind: 'cache-failed', message: error instanceof Error ? error.message : String(error) });
  }
}

/** One file after the other, so that only one is in memory. */
function buildFromFiles(pathV4: string | undefined, pathV6: string | undefined): PlaceMap | string {
  const builder = createPlaceMapBuilder();
  const isOneFile = pathV4 !== undefined && pathV4 === pathV6;
  const message = isOneFile
    ? addFile(pathV4, (tree) => addV4(builder, tree) ?? addV6(builder, tree))
    : ((pathV4 && addFile(pathV4, (tree) => addV4(builder, tree))) ??
      (pathV6 && addFile(pathV6, (tree) => addV6(builder, tree))));
  if (message) return message;
  const built = finishPlaceMap(builder);
  return built.ok ? built.value : `${pathV4 ?? pathV6}: ${built.fault.message}`;
}

function addFile(path: string, add: (tree: MmdbTree) => MmdbFault | undefined): string | undefined {
  const bytes = readFileSync(path);
  const metadata = readMetadata(bytes);
  const fault = metadata.ok ? add({ bytes, ...metadata.value }) : metadata.fault;
  return fault === undefined ? undefined : `${path}: ${fault.message}`;
}

function sendMap(map: PlaceMap, isCached: boolean): void {
  const memory = map.v4.starts.buffer;
  if (!(memory instanceof SharedArrayBuffer)) throw new TypeError('a place map lies in shared memory');
  send({ kind: 'map', memory, shape: shapeOf(map), isCached });
}

function send(message: BuildMessage): void {
  parentPort?.postMessage(message);
}

const task: BuildTask = workerData;
makeMap(task);
