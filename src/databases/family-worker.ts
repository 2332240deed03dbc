// The thread that builds one family of addresses while another builds the other. Takes a task, sends what came of it, and ends.

import { parentPort } from 'node:worker_threads';
import { type BuiltFamilyFile, buildFamilyFile, type FamilyTask } from './build-family-file.ts';

export type FamilyMessage =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'built'; readonly built: BuiltFamilyFile };

parentPort?.once('message', (task: FamilyTask) => {
  const built = buildFamilyFile(task, (message) => send({ kind: 'progress', message }, []));
  send({ kind: 'built', built }, built.ok ? buffersOf(built) : []);
});

/** What is handed over rather than copied. */
function buffersOf({ map }: BuiltFamilyFile & { ok: true }): ArrayBuffer[] {
  const { latitude, longitude, country, subdivision, continent } = map.table;
  const columns = [map.words, latitude, longitude, country, subdivision, continent];
  return columns.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}

function send(message: FamilyMessage, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}
