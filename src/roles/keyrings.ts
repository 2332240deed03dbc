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

/**
 * Zones that would be served unsigned, or no more, although their parent may have a DS: validators would take them for forged.
 * @param base what is served now; of zones that it has not, nothing can be taken away.
 */
export function findUnsigned(
  { zones }: ConfigurationDocument,
  { document, keyrings }: SignedBase | undefined = NOTHING,
): readonly Problem[] {
  const mayHaveDs = (zone: string) => {
    const keyring = keyrings.get(zone);
    return keyring !== undefined && (!isInsecure(keyring) || isBroughtAlong(keyring));
  };
  const stated = new Set(zones.map(({ name }) => normalizeKey('zones', name)));
  const unsigned = zones.flatMap(({ name, dnssec }, index) =>
    dnssec?.enabled === true || !mayHaveDs(normalizeKey('zones', name))
      ? []
      : [
          {
            path: dnssec === undefined ? `/zones/${index}` : `/zones/${index}/dnssec/enabled`,
            message: describeUnsigned(name, 'validators would refuse all of an unsigned zone'),
          },
        ],
  );
  const removed = document.zones
    .map(({ name }) => normalizeKey('zones', name))
    .filter((zone) => !stated.has(zone) && mayHaveDs(zone));
  return [
    ...unsigned,
    ...removed.map((zone) => ({
      path: '/zones',
      message: describeUnsigned(zone, 'without the zone validators would refuse all that is said of it'),
    })),
  ];
}

/** Keys that signed the zone elsewhere have a DS, as far as anybody knows: until it was withdrawn, or somebody says that there is none. */
function isBroughtAlong({ keys, isWithdrawing, confirmed }: Keyring): boolean {
  return keys.some(({ isImported }) => isImported) && isWithdrawing !== true && confirmed?.length !== 0;
}

export type SignedBase = {
  readonly document: Pick<ConfigurationDocument, 'zones'>;
  readonly keyrings: ReadonlyMap<string, Keyring>;
};

const NOTHING: SignedBase = { document: { zones: [] }, keyrings: new Map() };

function describeUnsigned(zone: string, harm: string): string {
  const advice = `set dnssec.withdraw to true first, and wait until "azimuth zone insecure ${zone}" says yes`;
  return `the parent of ${zone} may have a DS of its keys, and ${harm}: ${advice}.`;
}
