// The process that builds a place map from database files. The node starts it (run-build.ts) and reads what it says from its
// standard output (build-stream.ts): that the map is in the cache now, or where the disk does not take it, the map itself. With
// the process goes everything that building took, and whatever is wrong with a file can end nothing but this process.
//
// The two families are built by two threads. The first thread is free meanwhile, and so notices at once when the node is gone:
// the node has the other end of standard input, and the kernel closes that whatever the node died of.

import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { joinFamilies } from '../geo/build-place-map.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import { shapeOf } from '../geo/place-map-image.ts';
import { type BuiltFamilyFile, type FamilyTask, readShared } from './build-family-file.ts';
import { type BuildLine, encodeLine } from './build-stream.ts';
import type { FamilyMessage } from './family-worker.ts';
import { fingerprintFiles } from './fingerprint.ts';
import { CACHE_VERSION, writeCachedMap } from './map-cache.ts';
import { compareMap } from './verify-map.ts';

/** What the process is told, as JSON in its only argument. */
export type BuildTask = {
  readonly pathV4: string | undefined;
  readonly pathV6: string | undefined;
  readonly cacheDirectory: string;
  readonly fingerprint: string;
};

const CHUNK_BYTES = 256 * 1024;

async function buildMap(task: BuildTask): Promise<void> {
  const built = await buildFromFiles(task).catch(messageOf);
  if (typeof built === 'string') return say({ kind: 'fault', message: built });
  try {
    writeCachedMap(task.cacheDirectory, task.fingerprint, built);
  } catch (error) {
    void say({ kind: 'not-kept', message: messageOf(error) });
    return sendMap(built);
  }
  await say({ kind: 'kept' });
}

/** The map, or what is wrong with the files. @throws Error when one cannot be read. */
async function buildFromFiles({ pathV4, pathV6, fingerprint }: BuildTask): Promise<PlaceMap | string> {
  const [v4, v6] = startFamilies(pathV4, pathV6);
  const [builtV4, builtV6] = await Promise.all([v4, v6]);
  if (builtV4?.ok === false) return builtV4.message;
  if (builtV6?.ok === false) return builtV6.message;
  // Who replaced it has the new one noticed soon; under the name of the old one nothing of it may be kept.
  const paths = [pathV4, pathV6].filter((path) => path !== undefined);
  if (fingerprintFiles(paths, CACHE_VERSION) !== fingerprint)
    return `${paths.join(', ')}: it was replaced while it was read`;
  const joined = joinFamilies(builtV4?.map, builtV6?.map);
  if (!joined.ok) return `${pathV4 ?? pathV6}: ${joined.fault.message}`;
  const opinions = [builtV4?.opinion, builtV6?.opinion].filter((opinion) => opinion !== undefined);
  return compareMap(joined.value, opinions) ?? joined.value;
}

/** The threads start while the file that both need is read. */
function startFamilies(pathV4: string | undefined, pathV6: string | undefined) {
  const v4 = pathV4 === undefined ? undefined : startFamily();
  const v6 = pathV6 === undefined ? undefined : startFamily();
  const bytes = pathV4 !== undefined && pathV4 === pathV6 ? readShared(pathV4) : undefined;
  return [
    pathV4 === undefined ? undefined : v4?.({ family: 4, path: pathV4, bytes }),
    pathV6 === undefined ? undefined : v6?.({ family: 6, path: pathV6, bytes }),
  ];
}

function startFamily(): (task: FamilyTask) => Promise<BuiltFamilyFile> {
  const worker = new Worker(new URL('./family-worker.ts', import.meta.url));
  return (task) => {
    worker.postMessage(task);
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FamilyMessage) => {
        if (message.kind === 'progress') void say(message);
        else resolve(message.built);
      });
      worker.on('error', (error) => reject(new Error(`${task.path}: ${messageOf(error)}`)));
      worker.on('exit', () =>
        reject(new Error(`the thread for IPv${task.family} of ${task.path} ended without a map`)),
      );
    });
  };
}

async function sendMap(map: PlaceMap): Promise<void> {
  void say({ kind: 'map', shape: shapeOf(map) });
  const image = new Uint8Array(map.v4.words.buffer);
  let sum = 0;
  for (let at = 0; at < image.length; at += CHUNK_BYTES) {
    // A copy: shared memory itself is not taken.
    const chunk = image.slice(at, at + CHUNK_BYTES);
    sum = crc32(chunk, sum);
    await write(chunk);
  }
  await say({ kind: 'whole', crc32: sum });
}

function say(line: BuildLine): Promise<void> {
  return write(Buffer.from(encodeLine(line)));
}

/** Resolves when it is on its way; never when the node is gone, with which this process ends. */
function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Without a node nobody needs a map. Not `process.exit`, which waits for the threads. */
function endWithNode(): void {
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  process.stdin.on('end', end).on('error', end).resume();
  process.stdout.on('error', end);
}

/** Where memory is short the kernel ends this process, and not the one that answers. */
function offerToBeKilled(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux.
  }
}

endWithNode();
offerToBeKilled();
const [, , task = ''] = process.argv;
await buildMap(JSON.parse(task));
process.exit();
