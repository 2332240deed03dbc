// A key as it is kept, from a private key that was made or given.

import { randomBytes } from 'node:crypto';
import { createKeyRecord, type KeyRecord, type KeyRole } from '../dnssec/keyring.ts';
import { type KeyAlgorithm, makePrivateKey, type PrivateKey } from './private-key.ts';
import { type KeySecret, sealKey } from './seal-key.ts';

export type NewKey = { readonly zone: string; readonly role: KeyRole; readonly createdAtMs: number };

const ID_BYTES = 6;

export function makeKeyRecord(secret: KeySecret, algorithm: KeyAlgorithm, words: NewKey): KeyRecord {
  return keepPrivateKey(secret, makePrivateKey(algorithm), words, false);
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
