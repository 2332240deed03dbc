// Signatures and digests of DNSSEC, by node:crypto: ECDSA P-256 with SHA-256 (RFC 6605), Ed25519 (RFC 8080).

import { createHash, KeyObject, sign } from 'node:crypto';
import { DIGEST_SHA384, type Digest } from '../dnssec/dnskey.ts';
import { ED25519, type Sign } from '../dnssec/zone-keys.ts';

export const digestKey: Digest = (type, octets) =>
  createHash(type === DIGEST_SHA384 ? 'sha384' : 'sha256')
    .update(octets)
    .digest();

/** The handle of the key is the KeyObject of its private key. RFC 6605 section 4: r and s, 32 octets each. */
export const signWithKey: Sign = ({ algorithm, handle }, data) => {
  if (!(handle instanceof KeyObject)) throw new Error('a key that was read by other means cannot sign here');
  return algorithm === ED25519 ? sign(null, data, handle) : fixLengths(sign('sha256', data, handle));
};

const NUMBER_BYTES = 32;

/**
 * From the DER of an ECDSA signature (RFC 3279 section 2.2.3) to its two numbers, 32 octets each. Node's own way to these
 * (`dsaEncoding: 'ieee-p1363'`) takes twice as long as the signature: 45 µs become 115 to 135, for every set of a zone.
 *
 *   30 length | 02 length r … | 02 length s …      positive numbers without leading zeros, but where the first bit is set
 */
function fixLengths(der: Uint8Array): Uint8Array {
  const numbers = new Uint8Array(2 * NUMBER_BYTES);
  let at = 2;
  for (let end = NUMBER_BYTES; end <= numbers.length; end += NUMBER_BYTES) {
    const length = der[at + 1] ?? 0;
    const first = at + 2 + Math.max(0, length - NUMBER_BYTES);
    at += 2 + length;
    numbers.set(der.subarray(first, at), end - (at - first));
  }
  return numbers;
}
