// Signatures and digests of DNSSEC, by node:crypto: ECDSA P-256 with SHA-256 (RFC 6605), Ed25519 (RFC 8080).

import { createHash, KeyObject, sign } from 'node:crypto';
import { DIGEST_SHA384, type Digest } from '../dnssec/dnskey.ts';
import { ED25519, SIGNATURE_BYTES, type Sign } from '../dnssec/zone-keys.ts';

export const digestKey: Digest = (type, octets) =>
  createHash(type === DIGEST_SHA384 ? 'sha384' : 'sha256')
    .update(octets)
    .digest();

/** The handle of the key is the KeyObject of its private key. RFC 6605 section 4: r and s, 32 octets each. */
export const signWithKey: Sign = ({ algorithm, handle }, data) => {
  if (!(handle instanceof KeyObject)) throw new Error('a key that was read by other means cannot sign here');
  return algorithm === ED25519 ? sign(null, data, handle) : flatten(sign('sha256', data, handle));
};

const HALF_BYTES = SIGNATURE_BYTES / 2;

/**
 * Of the DER form (RFC 3279 section 2.2.3) the two numbers, in 32 octets each. node:crypto could do that (`dsaEncoding`), but then
 * takes three times as long for a signature, and a zone has a million of them.
 *
 *   0x30 | length | 0x02 | length | r: 33 octets where its first bit is set, fewer where it is small | 0x02 | length | s
 */
function flatten(der: Uint8Array): Uint8Array {
  const flat = new Uint8Array(SIGNATURE_BYTES);
  let at = 2;
  for (let end = HALF_BYTES; end <= SIGNATURE_BYTES; end += HALF_BYTES) {
    const stop = at + 2 + (der[at + 1] ?? 0);
    const number = der.subarray(Math.max(at + 2, stop - HALF_BYTES), stop);
    flat.set(number, end - number.length);
    at = stop;
  }
  return flat;
}
