// What every driver asks of a commit before it touches anything. These are bugs of the caller, so they throw RangeErrors.

import { compareRevisionIds, formatRevisionId, type Manifest } from '../model/revision.ts';
import { hashObject } from './hash-object.ts';

/** Revision numbers have at most ten digits: see parseRevisionId. */
const REVISION_NUMBER_LIMIT = 9_999_999_999;

/** The objects to store: those among `objects` that the manifest names, each checked to have the hash that it is under. */
export function checkCommit(manifest: Manifest, objects: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const { id, parent } = manifest;
  if (Math.max(id.generation, id.number) > REVISION_NUMBER_LIMIT) {
    throw new RangeError(`revision ${formatRevisionId(id)} has a number of more than ten digits`);
  }
  if (parent && compareRevisionIds(id, parent) <= 0) {
    throw new RangeError(`revision ${formatRevisionId(id)} is not newer than its parent ${formatRevisionId(parent)}`);
  }
  const named = new Map<string, string>();
  for (const hash of new Set(Object.values(manifest.objects))) {
    const text = objects.get(hash);
    if (text === undefined) continue;
    if (hashObject(text) !== hash) throw new RangeError(`the text given as object ${hash} has another hash`);
    named.set(hash, text);
  }
  return named;
}
