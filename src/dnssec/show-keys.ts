// What of a keyring the zone serves: the step from phases to record data. Which library signs is not known here.

import { parseBase64 } from '../wire/record-data/encodings.ts';
import { CDNSKEY_DELETE, CDS_DELETE, composeDnskey, composeDs, DIGEST_SHA256, type Digest, isDsOf } from './dnskey.ts';
import type { ParentSight } from './key-goals.ts';
import { isShown, isSigningKeys, type KeyRecord, type Keyring } from './keyring.ts';
import { FLAGS_SECURE_ENTRY_POINT, FLAGS_ZONE_KEY, type ZoneKeys } from './zone-keys.ts';

/** As ZoneKeys has it, with the records of the keys in place of what signs. */
export type ShownKeys = Pick<ZoneKeys, 'published' | 'cds' | 'cdnskey'> & {
  readonly keySigners: readonly KeyRecord[];
  readonly zoneSigners: readonly KeyRecord[];
};

/** Record data of its DNSKEY. */
export function dnskeyOf({
  role,
  algorithm,
  publicKey,
}: Pick<KeyRecord, 'role' | 'algorithm' | 'publicKey'>): Uint8Array {
  const flags = role === 'zsk' ? FLAGS_ZONE_KEY : FLAGS_SECURE_ENTRY_POINT;
  return composeDnskey(flags, algorithm, Uint8Array.from(parseBase64(publicKey) ?? []));
}

/** Undefined while the zone is not signed. `owner` is its name in wire form. */
export function showKeys({ keys, isWithdrawing }: Keyring, owner: Uint8Array, digest: Digest): ShownKeys | undefined {
  const shown = keys.filter(({ dnskey }) => isShown(dnskey));
  const keySigners = shown.filter(isSigningKeys);
  const zoneSigners = keys.filter(({ signatures }) => isShown(signatures));
  if (keySigners.length === 0 || zoneSigners.length === 0) return undefined;
  const asked = keys.filter(({ ds }) => isShown(ds)).map(dnskeyOf);
  return {
    published: shown.map(dnskeyOf),
    keySigners,
    zoneSigners,
    cds: isWithdrawing ? [CDS_DELETE] : asked.map((dnskey) => composeDs(owner, dnskey, DIGEST_SHA256, digest)),
    // RFC 7344 section 3.2: the data of the DNSKEY.
    cdnskey: isWithdrawing ? [CDNSKEY_DELETE] : asked,
  };
}

/** Which of our keys the DS at the parent are of. One with a digest that we do not make counts for the key with its tag. */
export function readParent(
  ds: readonly Uint8Array[],
  ttlSeconds: number,
  { keys }: Pick<Keyring, 'keys'>,
  owner: Uint8Array,
  digest: Digest,
): ParentSight {
  const owners = ds.map((each) =>
    keys.filter((key) => isSigningKeys(key) && isDsOf(each, owner, dnskeyOf(key), digest) !== false),
  );
  const keyIds = new Set(owners.flat().map(({ id }) => id));
  return { keyIds, foreign: owners.filter(({ length }) => length === 0).length, ttlSeconds };
}
