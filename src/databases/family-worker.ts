// The thread that builds one family of addresses while the build thread builds the other. Sends it, and ends.

import { parentPort, workerData } from 'node:worker_threads';
import { type BuiltFamilyFile, buildFamilyFile, type FamilyTask } from './build-family-file.ts';
import { yieldProcessor } from './yield-processor.ts';

export type FamilyMessage =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'built'; readonly built: BuiltFamilyFile };

yieldProcessor();
const task: FamilyTask = workerData;
const built = buildFamilyFile(task, (message) => send({ kind: 'progress', message }, []));
send({ kind: 'built', built }, built.ok ? buffersOf(built) : []);

/** What is handed over rather than copied. */
function buffersOf({ map }: BuiltFamilyFile & { ok: true }): ArrayBuffer[] {
  const { latitude, longitude, country, subdivision, continent } = map.table;
  const columns = [map.words, latitude, longitude, country, subdivision, continent];
  return columns.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}

function send(message: FamilyMessage, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}
