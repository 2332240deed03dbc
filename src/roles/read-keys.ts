// The keys of every signed zone of a revision, for whoever compiles it. What was read is kept while the object of a zone's keys
// stays the same: decrypting thousands of keys takes a while, and of them a change touches one.

import { nameKeyring } from '../dnssec/keyring.ts';
import type { ZoneKeys } from '../dnssec/zone-keys.ts';
import { type ReadZoneKeys, readZoneKeys } from '../keys/read-zone-keys.ts';
import type { KeySecret } from '../keys/seal-key.ts';
import { joinPointer } from '../model/pointer.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { Revision } from '../model/revision.ts';
import type { ZoneHead } from '../model/zone.ts';

/**
 * By the full name of the zone; zones without keys are left out, and served unsigned. Every problem otherwise: the revision
 * must then not be served. Keys of a zone are the same object as before while nothing of them changes.
 */
export type KeyReader = (
  revision: Revision,
  zones: readonly Pick<ZoneHead, 'name' | 'dnssec'>[],
) => Parsed<ReadonlyMap<string, ZoneKeys>>;

export function openKeyReader(secret: KeySecret | undefined): KeyReader {
  let kept: ReadonlyMap<string, ReadZoneKeys> = new Map();
  return ({ manifest, objects }, zones) => {
    const read = new Map<string, ReadZoneKeys>();
    const keys = new Map<string, ZoneKeys>();
    const problems: Problem[] = [];
    for (const { name, dnssec } of zones) {
      const hash = dnssec && manifest.objects[nameKeyring(name)];
      if (hash === undefined) continue;
      const result = kept.get(hash) ?? readZoneKeys(name, objects.get(hash) ?? '', secret);
      read.set(hash, result);
      if (!result.ok) problems.push({ path: joinPointer('', nameKeyring(name)), message: result.problem });
      else if (result.keys !== undefined) keys.set(name, result.keys);
    }
    kept = read;
    return problems.length > 0 ? { ok: false, problems } : { ok: true, value: keys };
  };
}
