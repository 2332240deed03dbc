// The keys of a revision as whoever changes them sees them, and what a change of the configuration may not do to them.

import { isInsecure } from '../dnssec/key-goals.ts';
import { composeKeyring, isKeyringObject, type Keyring, nameKeyring, parseKeyring } from '../dnssec/keyring.ts';
import type { ConfigurationDocument } from '../model/configuration.ts';
import { normalizeKey } from '../model/edit-document.ts';
import type { Problem } from '../model/problem.ts';

/** By zone. What this version cannot read is left out: it is carried over as it is, and nodes refuse to serve without it. */
export function readKeyrings(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Keyring> {
  const keyrings = new Map<string, Keyring>();
  for (const [name, text] of texts) {
    const keyring = isKeyringObject(name) ? parseKeyring(text) : undefined;
    if (keyring !== undefined && typeof keyring !== 'string') keyrings.set(keyring.zone, keyring);
  }
  return keyrings;
}

/** Puts these keyrings in the place of those that were there; one without keys is taken away. Returns all of them. */
export function putKeyrings(
  texts: Map<string, string>,
  keyrings: ReadonlyMap<string, Keyring>,
  fresh: readonly Keyring[],
): ReadonlyMap<string, Keyring> {
  const all = new Map(keyrings);
  for (const keyring of fresh) {
    if (keyring.keys.length === 0) {
      texts.delete(nameKeyring(keyring.zone));
      all.delete(keyring.zone);
    } else {
      texts.set(nameKeyring(keyring.zone), composeKeyring(keyring));
      all.set(keyring.zone, keyring);
    }
  }
  return all;
}

/** Zones that would be served unsigned although their parent may have a DS: validators would take them for forged. */
export function findUnsigned(
  { zones }: ConfigurationDocument,
  keyrings: ReadonlyMap<string, Keyring>,
): readonly Problem[] {
  return zones.flatMap(({ name, dnssec }, index) => {
    const keyring = keyrings.get(normalizeKey('zones', name));
    if (dnssec?.enabled === true || keyring === undefined || isInsecure(keyring)) return [];
    const advice = `set dnssec.withdraw to true first, and wait until "azimuth zone insecure ${name}" says yes`;
    const message = `the parent of ${name} may have a DS of its keys, and validators would refuse all of an unsigned zone: ${advice}.`;
    return [{ path: dnssec === undefined ? `/zones/${index}` : `/zones/${index}/dnssec/enabled`, message }];
  });
}
