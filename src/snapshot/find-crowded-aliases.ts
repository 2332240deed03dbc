// A service of which any cluster answers with a CNAME may have nothing beside it (RFC 1034 section 3.6.2): no records, and
// no SOA, so it may not stand at an apex. Which records there are is known only when the zones are compiled.

import type { Problem } from '../model/problem.ts';
import { createFlatName, readFlatName } from '../wire/flat-name.ts';
import { parseNameText } from '../wire/name.ts';
import { createSuffixHashes, hashSuffixes } from '../wire/name-hash.ts';
import { TYPE_NSEC, TYPE_RRSIG } from '../wire/record-types.ts';
import { FAMILY_CNAME, NONE, type ServiceTable } from './snapshot.ts';
import { findNode, firstRrsetOf, RRSET_WORDS, rrsetCountOf, typeOf, type ZoneImage } from './zone-image.ts';

/** `steered`: the services of each zone. */
export function findCrowdedAliases(
  { ids, families }: ServiceTable,
  steered: readonly (readonly number[])[],
  images: readonly ZoneImage[],
): readonly Problem[] {
  const name = createFlatName();
  const hashes = createSuffixHashes();
  return images.flatMap((image, zone) =>
    (steered[zone] ?? []).flatMap((service) => {
      const id = ids[service] ?? '';
      const wire = (families[service] ?? 0) & FAMILY_CNAME ? parseNameText(`${id}.`) : undefined;
      if (!(wire instanceof Uint8Array)) return [];
      readFlatName(name, wire, 0, wire.length);
      hashSuffixes(name, hashes);
      const node = findNode(image, name, 0, hashes[0] ?? 0);
      if (node === NONE || !holdsRecords(image, node)) return [];
      const message = `a cluster of the service ${id} answers with a CNAME record, beside which there may be no other data (RFC 1034 section 3.6.2): take its records out.`;
      return [{ path: `/services/${service}/name`, message }];
    }),
  );
}

/** Whether there is anything but what signing puts at every name (RFC 4035 section 2.5). */
function holdsRecords(image: ZoneImage, node: number): boolean {
  let rrset = firstRrsetOf(image, node);
  for (let index = 0; index < rrsetCountOf(image, node); index++, rrset += RRSET_WORDS) {
    const type = typeOf(image, rrset);
    if (type !== TYPE_RRSIG && type !== TYPE_NSEC) return true;
  }
  return false;
}
