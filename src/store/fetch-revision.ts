// Fetches a revision: its manifest, and of its objects only those that the caller does not hold yet. What the store hands
// out is checked against its hashes, so a damaged or incomplete revision is refused whole, with every fault named.

import type { Parsed, Problem } from '../model/problem.ts';
import {
  compareRevisionIds,
  formatRevisionId,
  type Manifest,
  type Revision,
  type RevisionId,
} from '../model/revision.ts';
import type { ConfigurationStore } from './configuration-store.ts';
import { hashObject } from './hash-object.ts';

/**
 * @param known texts by hash that were verified before: those of the revision that is served now. Only these and what
 *   is fetched are kept, so passing the last revision's objects each time costs no memory.
 * @returns the revision, or every problem found: path `/` for the manifest, `/objects/{name}` for an object.
 * @throws StoreError when the store does not answer.
 */
export async function fetchRevision(
  store: Pick<ConfigurationStore, 'readManifest' | 'readObjects'>,
  id: RevisionId,
  known: ReadonlyMap<string, string>,
): Promise<Parsed<Revision>> {
  const manifest = await store.readManifest(id);
  if (!manifest) return refuse(`Revision ${formatRevisionId(id)} is not in the store; commit the configuration again.`);
  if (compareRevisionIds(manifest.id, id) !== 0) {
    const found = formatRevisionId(manifest.id);
    return refuse(`The store holds ${found} in the place of ${formatRevisionId(id)}; restore it from a backup.`);
  }
  const missing = [...new Set(Object.values(manifest.objects))].filter((hash) => !known.has(hash));
  const fetched = missing.length === 0 ? new Map<string, string>() : await store.readObjects(missing);
  return assembleRevision(manifest, known, fetched);
}

/** Joins a manifest with texts: those in `known` as they are, those in `unverified` if they have the hash they claim. */
export function assembleRevision(
  manifest: Manifest,
  known: ReadonlyMap<string, string>,
  unverified: ReadonlyMap<string, string>,
): Parsed<Revision> {
  const problems: Problem[] = [];
  const objects = new Map<string, string>();
  for (const [name, hash] of Object.entries(manifest.objects)) {
    if (objects.has(hash)) continue;
    const text = known.get(hash) ?? unverified.get(hash);
    const fault =
      text === undefined ? 'is missing' : known.has(hash) || hashObject(text) === hash ? undefined : 'is damaged';
    if (fault) problems.push(describeFault(manifest.id, name, hash, fault));
    else if (text !== undefined) objects.set(hash, text);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { manifest, objects } };
}

function describeFault(id: RevisionId, name: string, hash: string, fault: string): Problem {
  return {
    path: `/objects/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    message: `Object ${hash.slice(0, 12)}… of revision ${formatRevisionId(id)} ${fault}; commit this object again.`,
  };
}

function refuse(message: string): Parsed<Revision> {
  return { ok: false, problems: [{ path: '/', message }] };
}
