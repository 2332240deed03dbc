// Ed25519 (RFC 8032) for the slots of probe workers: the key of this worker, and the check of what others signed.
//
// A public key is written as OpenSSL writes it between the lines of its PEM (`openssl pkey -pubout`): SubjectPublicKeyInfo
// in base64, 60 characters, of which all but the last 32 octets are the same for every key of this kind (RFC 8410 section 4).

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { Seal } from '../health/slot.ts';

export type SlotKey = {
  /** As it stands in a configuration. */
  readonly publicKey: string;
  seal(message: Uint8Array): Seal;
};

/** PKCS#8 in PEM. */
export function makeSlotKeyText(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Undefined: the text holds no private key of Ed25519. */
export function readSlotKey(text: string): SlotKey | undefined {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType !== 'ed25519') return undefined;
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
    return { publicKey, seal: (message) => ({ publicKey, signature: sign(null, message, key) }) };
  } catch {
    return undefined;
  }
}

/** Key objects that are kept: more than an installation has workers. */
const KEPT_KEYS = 1_024;
const kept = new Map<string, KeyObject>();

/** Whether `seal` is that of its key on `message`. False for whatever is wrong with it. */
export function verifySeal(message: Uint8Array, seal: Seal): boolean {
  try {
    return verify(null, message, keyObject(seal.publicKey), seal.signature);
  } catch {
    return false;
  }
}

function keyObject(publicKey: string): KeyObject {
  const known = kept.get(publicKey);
  if (known !== undefined) return known;
  const made = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  if (kept.size >= KEPT_KEYS) kept.clear();
  kept.set(publicKey, made);
  return made;
}
