// Private keys at rest: encrypted with a secret that stands in a file of this machine and never in the store, so that who reads
// the store or its backups cannot sign. What the key belongs to is bound to it: sealed keys cannot be swapped (AES-256-GCM).
//
//   sealed = version 1 (1) | nonce (12) | tag (16) | encrypted PKCS#8

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { KeyRecord } from '../dnssec/keyring.ts';
import { exportPrivateKey, importPrivateKey, type PrivateKey } from './private-key.ts';

export type KeySecret = {
  /** What keys are sealed with. */
  readonly secret: KeyObject;
  /** What they may have been sealed with before. */
  readonly older?: readonly KeyObject[];
};
/** What a sealed key is bound to. */
export type SealedFor = Pick<KeyRecord, 'id' | 'role' | 'algorithm' | 'publicKey'> & { readonly zone: string };

export const SECRET_BYTES = 32;
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;
const CIPHER = 'aes-256-gcm';

export function makeSecretText(): string {
  return `${randomBytes(SECRET_BYTES).toString('hex')}\n`;
}

/** The one in force, and those that keys are still sealed with while it takes their place. */
const MAX_SECRETS = 3;

/**
 * Reads 32 octets in hexadecimal or base64, or several of these, each in a line, the one in force first; says what is wrong otherwise, and
 * never what was read.
 */
export function parseSecret(text: string): KeySecret | string {
  const lines = text.trim().split(/\s*\n\s*/);
  if (lines.length > MAX_SECRETS) return `it must hold at most ${MAX_SECRETS} secrets, each in a line`;
  const [secret = '', ...older] = lines.map(parseLine);
  const fault = [secret, ...older].find((each) => typeof each === 'string');
  if (typeof fault === 'string' || typeof secret === 'string') return String(fault);
  return older.length === 0 ? { secret } : { secret, older: older.filter((each) => typeof each !== 'string') };
}

function parseLine(word: string): KeyObject | string {
  const isHex = /^[0-9a-fA-F]{64}$/.test(word);
  const octets = Buffer.from(word, isHex ? 'hex' : 'base64');
  if (!isHex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(word)) {
    return `it must hold ${SECRET_BYTES} octets in hexadecimal or base64, such as "openssl rand -hex 32" prints`;
  }
  return createSecretKey(octets);
}

/** Base64. */
export function sealKey({ secret }: KeySecret, bound: SealedFor, key: Pick<PrivateKey, 'key'>): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce);
  cipher.setAAD(describeBound(bound));
  const encrypted = Buffer.concat([cipher.update(exportPrivateKey(key)), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), encrypted]).toString('base64');
}

/** Undefined when it was sealed with none of the secrets, or the key is another's. */
export function unsealKey({ secret, older = [] }: KeySecret, bound: SealedFor, sealed: string): KeyObject | undefined {
  for (const each of [secret, ...older]) {
    const key = unsealWith(each, bound, sealed);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** The same key, sealed with the secret in force; as it is where it is that already. Undefined when it cannot be read. */
export function resealKey(secrets: KeySecret, bound: SealedFor, sealed: string): string | undefined {
  if (unsealWith(secrets.secret, bound, sealed) !== undefined) return sealed;
  const key = unsealKey(secrets, bound, sealed);
  return key && sealKey(secrets, bound, { key });
}

function unsealWith(secret: KeyObject, bound: SealedFor, sealed: string): KeyObject | undefined {
  const octets = Buffer.from(sealed, 'base64');
  if (octets.length <= HEAD_BYTES || octets[0] !== VERSION) return undefined;
  const decipher = createDecipheriv(CIPHER, secret, octets.subarray(1, 1 + NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(describeBound(bound));
  decipher.setAuthTag(octets.subarray(1 + NONCE_BYTES, HEAD_BYTES));
  try {
    return importPrivateKey(Buffer.concat([decipher.update(octets.subarray(HEAD_BYTES)), decipher.final()]));
  } catch {
    return undefined;
  }
}

function describeBound({ zone, id, role, algorithm, publicKey }: SealedFor): Buffer {
  return Buffer.from(JSON.stringify(['azimuth key', zone, id, role, algorithm, publicKey]), 'utf8');
}
