// The signatures that a signed zone's image lacks, since they depend on the revision or on services: of the SOA with its
// serial, and of steered sets. Made when they are transferred.

import { composeRrsig, composeSigned } from '../dnssec/rrsig.ts';
import { SIGNATURE_BYTES, type Sign } from '../dnssec/zone-keys.ts';
import type { ZoneImage } from '../snapshot/zone-image.ts';
import { TYPE_RRSIG } from '../wire/record-types.ts';
import { packData, type TransferSet } from './transfer-set.ts';

/** The RRSIGs of the set, whose owner has this name in front of the zone's own; none where the zone is not signed. */
export function signSet({ name, signing }: ZoneImage, owner: Uint8Array, set: TransferSet, sign: Sign): TransferSet[] {
  if (signing === undefined) return [];
  const whole = new Uint8Array(owner.length + name.length);
  whole.set(owner);
  whole.set(name, owner.length);
  const signable = { owner: whole, type: set.type, ttlSeconds: set.ttlSeconds, data: listData(set) };
  const records = signing.signers.map((key) => {
    const { algorithm, keyTag } = key;
    const rrsig = composeRrsig(signable, { algorithm, keyTag, ...signing.times }, name);
    rrsig.set(sign(key, composeSigned(signable, rrsig)), rrsig.length - SIGNATURE_BYTES);
    return rrsig;
  });
  return [packData(TYPE_RRSIG, set.ttlSeconds, records)];
}

function listData({ data, start, count }: TransferSet): Uint8Array[] {
  const list: Uint8Array[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const end = at + 2 + (((data[at] ?? 0) << 8) | (data[at + 1] ?? 0));
    list.push(data.slice(at + 2, end));
    at = end;
  }
  return list;
}
