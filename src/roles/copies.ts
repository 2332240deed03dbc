// The objects of copies in the next revision: those of zones that have primaries stay, or are replaced; others go.

import type { ConfigurationDocument } from '../model/configuration.ts';
import { type Copy, splitCopy, zoneOfCopyObject } from '../model/copies.ts';
import { normalizeKey } from '../model/edit-document.ts';
import { formatCanonicalJson } from '../model/objects.ts';

type Copies = ReadonlyMap<string, Copy>;
type Texts = ReadonlyMap<string, string>;

/** Takes over from the texts `before` those of the copies that the document still has a use for; returns these copies. */
export function keepCopies(
  before: Texts,
  texts: Map<string, string>,
  copies: Copies,
  document: ConfigurationDocument,
): Copies {
  const fed = listFedZones(document);
  for (const [name, text] of before) {
    const zone = zoneOfCopyObject(name);
    if (zone !== undefined && fed.has(zone)) texts.set(name, text);
  }
  return new Map([...copies].filter(([zone]) => fed.has(zone)));
}

/** Puts these copies in the place of those that were there; returns all copies. */
export function putCopies(
  texts: Map<string, string>,
  copies: Copies,
  fresh: readonly Copy[],
  document: ConfigurationDocument,
): Copies {
  const fed = listFedZones(document);
  const wanted = fresh.filter(({ head }) => fed.has(head.zone));
  const replaced = new Set(wanted.map(({ head }) => head.zone));
  for (const name of [...texts.keys()]) {
    const zone = zoneOfCopyObject(name);
    if (zone !== undefined && replaced.has(zone)) texts.delete(name);
  }
  for (const copy of wanted) {
    for (const [name, text] of splitCopy(copy, formatCanonicalJson)) texts.set(name, text);
  }
  return new Map([...copies, ...wanted.map((copy) => [copy.head.zone, copy] as const)]);
}

/** Names of the zones that have primaries. */
function listFedZones({ zones }: ConfigurationDocument): ReadonlySet<string> {
  const fed = zones.filter(({ primaries }) => primaries !== undefined);
  return new Set(fed.map(({ name }) => normalizeKey('zones', name)));
}
