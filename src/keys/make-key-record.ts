// A key as it is kept, from a private key that was made or given.

import { randomBytes } from 'node:crypto';
import { keyTagOf } from '../dnssec/dnskey.ts';
import { createKeyRecord, type KeyRecord, type KeyRole, type Keyring } from '../dnssec/keyring.ts';
import { dnskeyOf } from '../dnssec/show-keys.ts';
import { type KeyAlgorithm, makePrivateKey, type PrivateKey } from './private-key.ts';
import { type KeySecret, sealKey } from './seal-key.ts';

export type NewKey = { readonly zone: string; readonly role: KeyRole; readonly createdAtMs: number };

const ID_BYTES = 6;
/** Of 65,536 key tags a zone has a few: that so many tries all meet one of them does not happen. */
const MAX_TRIES = 8;

/** A new key for the zone of the keyring. Its tag is none that the zone has: validators would try both keys each time. */
export function makeKeyRecord(
  secret: KeySecret,
  algorithm: KeyAlgorithm,
  words: Omit<NewKey, 'zone'>,
  { zone, keys }: Pick<Keyring, 'zone' | 'keys'>,
): KeyRecord {
  const tags = new Set(keys.map((key) => keyTagOf(dnskeyOf(key))));
  for (let tries = 1; ; tries++) {
    const record = keepPrivateKey(secret, makePrivateKey(algorithm), { ...words, zone }, false);
    if (tries >= MAX_TRIES || !tags.has(keyTagOf(dnskeyOf(record)))) return record;
  }
}

export function keepPrivateKey(
  secret: KeySecret,
  privateKey: PrivateKey,
  { zone, role, createdAtMs }: NewKey,
  isImported: boolean,
): KeyRecord {
  const { algorithm } = privateKey;
  const id = `${role}-${randomBytes(ID_BYTES).toString('hex')}`;
  const publicKey = Buffer.from(privateKey.publicKey).toString('base64');
  const sealed = sealKey(secret, { zone, id, role, algorithm, publicKey }, privateKey);
  return createKeyRecord({ id, role, algorithm, publicKey, sealed, isImported, createdAtMs });
}
