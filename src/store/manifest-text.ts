// A manifest as the text that stores and files keep. What comes back may be damaged or foreign, so reading checks all of
// it and yields undefined rather than something that looks like a manifest.

import type { Manifest, RevisionId } from '../model/revision.ts';

/** How many objects a manifest may name. */
export const MANIFEST_OBJECT_LIMIT = 100_000;

const HASH = /^[0-9a-f]{64}$/;

/** One line of JSON, the same for the same manifest whatever the order in which its keys were set. */
export function composeManifest(manifest: Manifest): string {
  const names = Object.keys(manifest.objects).sort();
  return JSON.stringify({
    id: { generation: manifest.id.generation, number: manifest.id.number },
    parent: manifest.parent && { generation: manifest.parent.generation, number: manifest.parent.number },
    author: manifest.author,
    message: manifest.message,
    createdAtMs: manifest.createdAtMs,
    objects: Object.fromEntries(names.map((name) => [name, manifest.objects[name]])),
  });
}

/** Inverse of `composeManifest`; undefined for anything else. */
export function parseManifest(text: string): Manifest | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { author, message, createdAtMs } = value;
  const id = readRevisionId(value.id);
  const parent = value.parent === null ? null : readRevisionId(value.parent);
  const objects = readObjectHashes(value.objects);
  if (!id || parent === undefined || !objects) return undefined;
  if (typeof author !== 'string' || typeof message !== 'string') return undefined;
  if (typeof createdAtMs !== 'number') return undefined;
  return { id, parent, author, message, createdAtMs, objects };
}

function readRevisionId(value: unknown): RevisionId | undefined {
  if (!isRecord(value)) return undefined;
  const { generation, number } = value;
  return isCount(generation) && isCount(number) ? { generation, number } : undefined;
}

function readObjectHashes(value: unknown): Record<string, string> | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length > MANIFEST_OBJECT_LIMIT) return undefined;
  const objects: [string, string][] = [];
  for (const [name, hash] of entries) {
    if (typeof hash !== 'string' || !HASH.test(hash)) return undefined;
    objects.push([name, hash]);
  }
  return Object.fromEntries(objects);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
