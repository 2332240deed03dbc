// The record data that keys have in the DNS: DNSKEY (RFC 4034 section 2), its key tag (appendix B), the DS that the parent holds
// of it (section 5.1.4), and what the zone says to the parent by CDS and CDNSKEY (RFC 7344, RFC 8078). Digests are an argument,
// for they need a library.
//
//   DNSKEY  flags (2) | protocol 3 (1) | algorithm (1) | public key …
//   DS      key tag (2) | algorithm (1) | digest type (1) | digest …

import { lowerCaseName } from '../wire/name.ts';

/** Digest types of a DS (RFC 4509, RFC 6605). SHA-1 is not made: RFC 8624 section 3.3 forbids it. */
export const DIGEST_SHA256 = 2;
export const DIGEST_SHA384 = 4;
export type DigestType = typeof DIGEST_SHA256 | typeof DIGEST_SHA384;

/** The digest of the octets: 32 of them, or 48. */
export type Digest = (type: DigestType, octets: Uint8Array) => Uint8Array;

/** RFC 4034 section 2.1.2: "The Protocol Field MUST have value 3". */
const PROTOCOL = 3;
const DNSKEY_HEAD_BYTES = 4;
const DS_HEAD_BYTES = 4;

/** Record data of a DNSKEY; `publicKey` as its algorithm wants it (RFC 6605 section 4, RFC 8080 section 3). */
export function composeDnskey(flags: number, algorithm: number, publicKey: Uint8Array): Uint8Array {
  const data = new Uint8Array(DNSKEY_HEAD_BYTES + publicKey.length);
  data.set([flags >> 8, flags & 0xff, PROTOCOL, algorithm]);
  data.set(publicKey, DNSKEY_HEAD_BYTES);
  return data;
}

/** RFC 4034 appendix B: the octets summed as if they were 16-bit words, the carry added once. */
export function keyTagOf(dnskey: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < dnskey.length; at++) sum += at % 2 === 0 ? (dnskey[at] ?? 0) << 8 : (dnskey[at] ?? 0);
  return (sum + ((sum >>> 16) & 0xffff)) & 0xffff;
}

/** Record data of the DS (or CDS) of a key of the zone with this owner name (RFC 4034 section 5.1.4). */
export function composeDs(owner: Uint8Array, dnskey: Uint8Array, digestType: DigestType, digest: Digest): Uint8Array {
  const name = lowerCaseName(owner);
  const octets = new Uint8Array(name.length + dnskey.length);
  octets.set(name);
  octets.set(dnskey, name.length);
  const hash = digest(digestType, octets);
  const tag = keyTagOf(dnskey);
  const data = new Uint8Array(DS_HEAD_BYTES + hash.length);
  data.set([tag >> 8, tag & 0xff, dnskey[3] ?? 0, digestType]);
  data.set(hash, DS_HEAD_BYTES);
  return data;
}

/** Whether a DS, as the parent has it, is one of this key; undefined where we cannot tell, for we do not make its digest. */
export function isDsOf(ds: Uint8Array, owner: Uint8Array, dnskey: Uint8Array, digest: Digest): boolean | undefined {
  const tag = ((ds[0] ?? 0) << 8) | (ds[1] ?? 0);
  if (tag !== keyTagOf(dnskey) || ds[2] !== dnskey[3]) return false;
  const type = ds[3];
  if (type !== DIGEST_SHA256 && type !== DIGEST_SHA384) return undefined;
  return isEqual(ds, composeDs(owner, dnskey, type, digest));
}

/** "Take the DS away" (RFC 8078 section 4): algorithm 0, and nothing that could be a key. */
export const CDS_DELETE: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0);
export const CDNSKEY_DELETE: Uint8Array = Uint8Array.of(0, 0, PROTOCOL, 0, 0);

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}
