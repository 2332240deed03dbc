// A revision as texts by the names of their objects: how a writer sees it. Hashes and manifests are what the store sees.

import type { Manifest, Revision } from '../model/revision.ts';
import { hashObject } from '../store/hash-object.ts';

/** Hashes the texts and names them in a manifest. */
export function composeRevision(words: Omit<Manifest, 'objects'>, texts: ReadonlyMap<string, string>): Revision {
  const hashed = Array.from(texts, ([name, text]) => ({ name, text, hash: hashObject(text) }));
  const objects = Object.fromEntries(hashed.map(({ name, hash }) => [name, hash]));
  return { manifest: { ...words, objects }, objects: new Map(hashed.map(({ hash, text }) => [hash, text])) };
}

/** Undefined when the revision has no such object. */
export function textOf({ manifest, objects }: Revision, name: string): string | undefined {
  return objects.get(manifest.objects[name] ?? '');
}

/** A map of its own, which the caller may change; empty for no revision. */
export function textsOf(revision: Revision | undefined): Map<string, string> {
  const names = Object.entries(revision?.manifest.objects ?? {});
  return new Map(names.map(([name, hash]) => [name, revision?.objects.get(hash) ?? '']));
}

/** Whether both name the same objects with the same content. */
export function hasSameObjects({ manifest: a }: Revision, { manifest: b }: Revision): boolean {
  const names = new Set([...Object.keys(a.objects), ...Object.keys(b.objects)]);
  return [...names].every((name) => a.objects[name] === b.objects[name]);
}
