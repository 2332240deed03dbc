// Keys for tests that sign, made and used with node:crypto as the edge does.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { composeDnskey, composeDs, DIGEST_SHA256, keyTagOf } from '../../src/dnssec/dnskey.ts';
import {
  ECDSA_P256_SHA256,
  ED25519,
  FLAGS_SECURE_ENTRY_POINT,
  FLAGS_ZONE_KEY,
  type Sign,
  type SigningKey,
  type ZoneKeys,
} from '../../src/dnssec/zone-keys.ts';
import { signWithKey } from '../../src/keys/sign.ts';

export const sign: Sign = signWithKey;

export function makeKey(flags: number, algorithm = ECDSA_P256_SHA256): SigningKey {
  const { publicKey, privateKey } =
    algorithm === ED25519 ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const octets = Buffer.concat([x, y].map((text) => Buffer.from(text, 'base64url')));
  const dnskey = composeDnskey(flags, algorithm, octets);
  return { algorithm, keyTag: keyTagOf(dnskey), dnskey, handle: privateKey };
}

/** A key for the keys and one for the rest; or with `isSingle` one for both. */
export function makeZoneKeys(algorithm = ECDSA_P256_SHA256, isSingle = false): ZoneKeys {
  const ksk = makeKey(FLAGS_SECURE_ENTRY_POINT, algorithm);
  const zsk = isSingle ? ksk : makeKey(FLAGS_ZONE_KEY, algorithm);
  return {
    published: [...new Set([ksk, zsk])].map(({ dnskey }) => dnskey),
    keySigners: [ksk],
    zoneSigners: [zsk],
    cds: [],
    cdnskey: [],
  };
}

/** Record data of the DS of the first key that signs the keys; `zone` in wire form. */
export function dsOf(zone: Uint8Array, { keySigners }: ZoneKeys): Uint8Array {
  const [first] = keySigners;
  if (first === undefined) throw new Error('no key signs the keys');
  return composeDs(zone, first.dnskey, DIGEST_SHA256, (_, octets) => createHash('sha256').update(octets).digest());
}
