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
  return algorithm === ED25519
    ? sign(null, data, handle)
    : sign('sha256', data, { key: handle, dsaEncoding: 'ieee-p1363' });
};
