// Private keys: made, and read from what other servers keep them in: PKCS#8 in PEM, or BIND's K*.private.

import { createECDH, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ECDSA_P256_SHA256, ED25519 } from '../dnssec/zone-keys.ts';

export type KeyAlgorithm = 13 | 15;

export type PrivateKey = {
  readonly algorithm: KeyAlgorithm;
  readonly key: KeyObject;
  /** As in a DNSKEY (RFC 6605 section 4: x and y; RFC 8080 section 3). */
  readonly publicKey: Uint8Array;
};

/** Longer texts hold no key of ours. */
export const MAX_KEY_TEXT_LENGTH = 16_384;
const CURVE = 'prime256v1';
const SCALAR_BYTES = 32;

export function makePrivateKey(algorithm: KeyAlgorithm): PrivateKey {
  const { privateKey: key } =
    algorithm === ED25519 ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: CURVE });
  return { algorithm, key, publicKey: publicKeyOf(key) };
}

/** The private key in a text, or what is wrong with it: never a word of the text itself. */
export function readPrivateKey(text: string): PrivateKey | string {
  if (text.length > MAX_KEY_TEXT_LENGTH) return `the text of a key has at most ${MAX_KEY_TEXT_LENGTH} characters`;
  try {
    if (text.includes('-----BEGIN')) return ofKeyObject(createPrivateKey(text));
    if (/^Private-key-format:\s*v1\./m.test(text)) return readBindKey(text);
  } catch {
    return 'the private key cannot be read: is it whole, and not encrypted?';
  }
  return 'write a private key as PKCS#8 in PEM (BEGIN PRIVATE KEY), or the text of a K*.private file of BIND';
}

/** PKCS#8, DER: what is encrypted and kept. */
export function exportPrivateKey({ key }: Pick<PrivateKey, 'key'>): Buffer {
  return key.export({ format: 'der', type: 'pkcs8' });
}

/** @throws when it is no PKCS#8. */
export function importPrivateKey(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function ofKeyObject(key: KeyObject): PrivateKey | string {
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: ED25519, key, publicKey: publicKeyOf(key) };
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVE) {
    return { algorithm: ECDSA_P256_SHA256, key, publicKey: publicKeyOf(key) };
  }
  return 'its algorithm is none that we sign with: ECDSA P-256 (13) or Ed25519 (15)';
}

function publicKeyOf(key: KeyObject): Uint8Array {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

/** `Private-key-format: v1.3`, `Algorithm: 13 (ECDSAP256SHA256)`, `PrivateKey:` and the scalar or seed in base64. */
function readBindKey(text: string): PrivateKey | string {
  const algorithm = Number(/^Algorithm:\s*(\d{1,3})\b/m.exec(text)?.[1]);
  const secret = Buffer.from(/^PrivateKey:\s*([A-Za-z0-9+/=]+)\s*$/m.exec(text)?.[1] ?? '', 'base64');
  if (algorithm !== ECDSA_P256_SHA256 && algorithm !== ED25519) {
    return 'its algorithm is none that we sign with: ECDSA P-256 (13) or Ed25519 (15)';
  }
  if (secret.length !== SCALAR_BYTES) return `the file has no line PrivateKey with ${SCALAR_BYTES} octets in base64`;
  return ofKeyObject(algorithm === ED25519 ? readSeed(secret) : readScalar(secret));
}

/** RFC 8410 section 7: all that stands before the seed in a PKCS#8 of Ed25519. */
const SEED_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

function readSeed(seed: Buffer): KeyObject {
  return importPrivateKey(Buffer.concat([SEED_HEAD, seed]));
}

function readScalar(scalar: Buffer): KeyObject {
  const curve = createECDH(CURVE);
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + SCALAR_BYTES), point.subarray(1 + SCALAR_BYTES)];
  const text = (octets: Buffer) => octets.toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: text(scalar), x: text(x), y: text(y) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}
