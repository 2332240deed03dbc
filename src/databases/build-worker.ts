// The thread that makes a place map: from the cache if it is there, else from the databases. It sends the map's shared memory
// as soon as it is ready, then writes the cache, and ends: with it goes everything that building took.
//
// IPv6 is built by another thread at the same time. Where there is only one processor that costs nothing.

import { parentPort, Worker, workerData } from 'node:worker_threads';
import { joinFamilies } from '../geo/build-place-map.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import { type PlaceMapShape, shapeOf } from '../geo/place-map-image.ts';
import type { BuiltFamilyFile, FamilyTask } from './build-family-file.ts';
import type { FamilyMessage } from './family-worker.ts';
import { readCachedMap, writeCachedMap } from './map-cache.ts';
import { yieldProcessor } from './yield-processor.ts';

export type BuildTask = {
  readonly pathV4: string | undefined;
  readonly pathV6: string | undefined;
  readonly cacheDirectory: string;
  readonly fingerprint: string;
};

export type BuildMessage =
  | { readonly kind: 'progress'; readonly message: string }
  | {
      readonly kind: 'map';
      readonly memory: SharedArrayBuffer;
      readonly shape: PlaceMapShape;
      readonly isCached: boolean;
    }
  | { readonly kind: 'fault'; readonly message: string }
  /** The map serves, but it could not be written. */
  | { readonly kind: 'cache-failed'; readonly message: string };

async function makeMap({ pathV4, pathV6, cacheDirectory, fingerprint }: BuildTask): Promise<void> {
  const cached = readCachedMap(cacheDirectory, fingerprint);
  if (cached !== undefined) return sendMap(cached, true);
  yieldProcessor();
  const built = await buildFromFiles(pathV4, pathV6);
  if (typeof built === 'string') return send({ kind: 'fault', message: built });
  sendMap(built, false);
  try {
    writeCachedMap(cacheDirectory, fingerprint, built);
  } catch (error) {
    send({ kind: 'cache-failed', message: error instanceof Error ? error.message : String(error) });
  }
}

/** The map, or what is wrong with the files. @throws Error when one cannot be read. */
async function buildFromFiles(pathV4: string | undefined, pathV6: string | undefined): Promise<PlaceMap | string> {
  // Read only now: who starts from the cache needs none of this code.
  const { buildFamilyFile, readShared } = await import('./build-family-file.ts');
  const { compareMap } = await import('./verify-map.ts');
  const bytes = pathV4 !== undefined && pathV4 === pathV6 ? readShared(pathV4) : undefined;
  const aside = pathV6 === undefined ? undefined : buildAside({ family: 6, path: pathV6, bytes });
  const v4 = pathV4 === undefined ? undefined : buildFamilyFile({ family: 4, path: pathV4, bytes }, tellProgress);
  if (v4?.ok === false) return v4.message;
  const v6 = await aside;
  if (v6?.ok === false) return v6.message;
  const joined = joinFamilies(v4?.map, v6?.map);
  if (!joined.ok) return `${pathV4 ?? pathV6}: ${joined.fault.message}`;
  const opinions = [v4?.opinion, v6?.opinion].filter((opinion) => opinion !== undefined);
  return compareMap(joined.value, opinions) ?? joined.value;
}

function buildAside(workerData: FamilyTask): Promise<BuiltFamilyFile> {
  const worker = new Worker(new URL('./family-worker.ts', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FamilyMessage) => {
      if (message.kind === 'progress') tellProgress(message.message);
      else resolve(message.built);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error(`the thread for ${workerData.path} ended without a map`)));
  });
}

function tellProgress(message: string): void {
  send({ kind: 'progress', message });
}

function sendMap(map: PlaceMap, isCached: boolean): void {
  const memory = map.v4.words.buffer;
  if (!(memory instanceof SharedArrayBuffer)) throw new TypeError('a place map lies in shared memory');
  send({ kind: 'map', memory, shape: shapeOf(map), isCached });
}

function send(message: BuildMessage): void {
  parentPort?.postMessage(message);
}

const task: BuildTask = workerData;
await makeMap(task);
