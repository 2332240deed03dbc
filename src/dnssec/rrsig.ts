// The RRSIG record (RFC 4034 section 3) and what its signature is over (section 3.1.8.1).
//
//   0        2           3        4              8            12          16        18
//   | covers | algorithm | labels | original TTL | expiration | inception | key tag | signer's name … | signature |
//
//   signed:  all of that but the signature, then of each record in canonical order
//            owner | type | class | original TTL | length | data

import { CLASS_IN } from '../wire/record-types.ts';
import { compareData } from './canonical-form.ts';
import { SIGNATURE_BYTES } from './zone-keys.ts';

/** Before the signer's name. */
export const RRSIG_FIXED_BYTES = 18;

export type SignatureTimes = {
  /** Seconds since 1970; on the wire their lower 32 bits (RFC 4034 section 3.1.5). */
  readonly inception: number;
  readonly expiration: number;
};

/** A set of records that is to be signed. */
export type SignableSet = {
  /** In wire form, lower case: that of the wildcard where one stands in for others. */
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Canonical data of the records, in any order, no two the same. */
  readonly data: readonly Uint8Array[];
};

export type SignatureHead = SignatureTimes & { readonly algorithm: number; readonly keyTag: number };

/** An RRSIG's data with room for the signature at its end. `signer`: name of the zone in wire form, lower case. */
export function composeRrsig(set: Omit<SignableSet, 'data'>, head: SignatureHead, signer: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RRSIG_FIXED_BYTES + signer.length + SIGNATURE_BYTES);
  writeRrsigHead(bytes, set, head, signer);
  return bytes;
}

/** All of it before the signature, to the beginning of `bytes`; returns where that ends. */
export function writeRrsigHead(
  bytes: Uint8Array,
  { owner, type, ttlSeconds }: Omit<SignableSet, 'data'>,
  { algorithm, keyTag, inception, expiration }: SignatureHead,
  signer: Uint8Array,
): number {
  writeUint16(bytes, 0, type);
  bytes[2] = algorithm;
  bytes[3] = countLabels(owner);
  writeUint32(bytes, 4, ttlSeconds);
  writeUint32(bytes, 8, expiration);
  writeUint32(bytes, 12, inception);
  writeUint16(bytes, 16, keyTag);
  bytes.set(signer, RRSIG_FIXED_BYTES);
  return RRSIG_FIXED_BYTES + signer.length;
}

/** Section 3.1.3: "MUST NOT count either the null (root) label that terminates the owner name or the wildcard label". */
function countLabels(owner: Uint8Array): number {
  let count = owner[0] === 1 && owner[1] === 0x2a ? -1 : 0;
  for (let at = 0; (owner[at] ?? 0) !== 0; at += 1 + (owner[at] ?? 0)) count++;
  return count;
}

/**
 * The original TTL in an RRSIG's data at `start`: its own TTL, where it does not stand beside what it covers. RFC 4034 section 3:
 * "The TTL value of an RRSIG RR MUST match the TTL value of the RRset it covers", and signatures of one name cover several.
 */
export function originalTtlOf(data: Uint8Array, start: number): number {
  const at = start + 4;
  const low = ((data[at + 1] ?? 0) << 16) | ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0);
  return (data[at] ?? 0) * 0x1000000 + low;
}

/** What the signature of `rrsig`, composed as above, is over. */
export function composeSigned(set: SignableSet, rrsig: Uint8Array): Uint8Array {
  const headBytes = rrsig.length - SIGNATURE_BYTES;
  const bytes = new Uint8Array(headBytes + signedBytesOf(set));
  bytes.set(rrsig.subarray(0, headBytes));
  writeSignedRecords(bytes, headBytes, set);
  return bytes;
}

/** How many octets the records of the set take in what is signed. */
export function signedBytesOf({ owner, data }: Pick<SignableSet, 'owner' | 'data'>): number {
  let bytes = 0;
  for (const { length } of data) bytes += owner.length + 10 + length;
  return bytes;
}

/** The records of the set as they are signed; returns where they end. */
export function writeSignedRecords(
  bytes: Uint8Array,
  start: number,
  { owner, type, ttlSeconds, data }: SignableSet,
): number {
  let at = start;
  for (const record of data.length > 1 ? [...data].sort(compareData) : data) {
    bytes.set(owner, at);
    at += owner.length;
    writeUint16(bytes, at, type);
    writeUint16(bytes, at + 2, CLASS_IN);
    writeUint32(bytes, at + 4, ttlSeconds);
    writeUint16(bytes, at + 8, record.length);
    bytes.set(record, at + 10);
    at += 10 + record.length;
  }
  return at;
}

// A view of each record's memory would cost more than all else that is done with it.

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
