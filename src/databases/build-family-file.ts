// One family of addresses from a database file: read, walked, and a second opinion asked for while the file is in memory.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { buildFamily, type FamilyMap } from '../geo/build-place-map.ts';
import { readMetadata } from '../geo/mmdb-metadata.ts';
import { askLibrary, type SecondOpinion } from './verify-map.ts';

export type FamilyTask = {
  readonly family: 4 | 6;
  readonly path: string;
  /** The file, if somebody has read it already. */
  readonly bytes: Uint8Array<SharedArrayBuffer> | undefined;
};

export type BuiltFamilyFile =
  | { readonly ok: true; readonly map: FamilyMap; readonly opinion: SecondOpinion }
  | { readonly ok: false; readonly message: string };

/** @throws Error when the file cannot be read. */
export function buildFamilyFile(
  { family, path, bytes = readShared(path) }: FamilyTask,
  onProgress: (message: string) => void,
): BuiltFamilyFile {
  const tell = (stage: string): void => onProgress(`IPv${family} of ${basename(path)}: ${stage}`);
  tell(`reading its search tree (${Math.round(bytes.length / 1e6)} MB)`);
  const metadata = readMetadata(bytes);
  const map = metadata.ok ? buildFamily({ bytes, ...metadata.value }, family, tell) : metadata;
  if (!map.ok) return { ok: false, message: `${path}: ${map.fault.message}` };
  tell('done');
  return { ok: true, map, opinion: askLibrary(bytes, path, map.words, family) };
}

/** A whole file, in memory that threads share. @throws Error when it cannot be read. */
export function readShared(path: string): Uint8Array<SharedArrayBuffer> {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(new SharedArrayBuffer(fstatSync(descriptor).size));
    let at = 0;
    for (;;) {
      const read = readSync(descriptor, bytes, at, bytes.length - at, at);
      at += read;
      if (read === 0 || at === bytes.length) return bytes.subarray(0, at);
    }
  } finally {
    closeSync(descriptor);
  }
}
