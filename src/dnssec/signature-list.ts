// Signatures of an earlier life of the node, in flat memory, as they stood on its disk: each with all that it is over, so that
// one is taken over only where owner, type, TTL, data, signer and key are octet for octet the same.
//
//   key         0 (4) | octets of the DNSKEY's data (4) | the data             made all signatures up to the next key
//   signature   length of what is signed (4) | hash of it (4) | what is signed (see rrsig.ts) | the signature (64)
//
// Numbers in network order. The hash leaves out the times, which are no part of the question; a wrong one only means that its
// signature is not found. Whatever stands here was read from a file: nothing in it may lead astray.

import { composeRrsig, composeSigned, type SignableSet } from './rrsig.ts';
import type { KeptSignatures } from './sign-draft.ts';
import { dueTime, isGood, readTime } from './signature-times.ts';
import { SIGNATURE_BYTES, type SigningKey } from './zone-keys.ts';

export type SignatureList = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly count: number;
  /** Where entries begin, plus 1, by their hash: open addressing; 0: empty. */
  readonly slots: Int32Array;
  /** By the octets of a DNSKEY's data: where its signatures begin and end. */
  readonly ranges: ReadonlyMap<string, KeyRange>;
};

export type KeyRange = { readonly start: number; readonly end: number };

const HEAD_BYTES = 8;
/** Where expiration and inception stand in what is signed. */
const TIMES_START = 8;
const TIMES_END = 16;
/** A hash that is right has few others about it: more than so many are a file that is to hold us up. */
const MAX_PROBES = 64;
/** A quarter of the slots are taken. */
const SLOTS_PER_ENTRY = 4;

/** Undefined where the octets are no such list. */
export function readSignatureList(bytes: Uint8Array): SignatureList | undefined {
  const ranges = new Map<string, KeyRange>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = visitEntries(bytes, view, (dnskey, range) => ranges.set(nameKey(dnskey), range));
  if (count === undefined) return undefined;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, SLOTS_PER_ENTRY * count))));
  for (const { start, end } of ranges.values()) {
    for (let at = start; at < end; at += HEAD_BYTES + view.getUint32(at) + SIGNATURE_BYTES) {
      enterSlot(slots, view.getUint32(at + 4), at);
    }
  }
  return { bytes, view, count, slots, ranges };
}

/** How many signatures there are; undefined when an entry does not end where the octets do. */
function visitEntries(
  bytes: Uint8Array,
  view: DataView,
  noteKey: (dnskey: Uint8Array, range: KeyRange) => void,
): number | undefined {
  let count = 0;
  let key: { readonly dnskey: Uint8Array; readonly start: number } | undefined;
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = view.getUint32(at);
    if (length === 0) {
      if (key !== undefined) noteKey(key.dnskey, { start: key.start, end: at });
      const end = at + HEAD_BYTES + view.getUint32(at + 4);
      key = { dnskey: bytes.subarray(at + HEAD_BYTES, end), start: end };
      at = end;
      continue;
    }
    if (key === undefined || length < TIMES_END) return undefined;
    count++;
    at += HEAD_BYTES + length + SIGNATURE_BYTES;
  }
  if (at !== bytes.length) return undefined;
  if (key !== undefined) noteKey(key.dnskey, { start: key.start, end: at });
  return count;
}

/** Where the signatures of each of these keys stand; none of a key that is not here. */
export function findRanges(list: SignatureList, keys: readonly SigningKey[]): ReadonlyMap<SigningKey, KeyRange> {
  const ranges = new Map<SigningKey, KeyRange>();
  for (const key of keys) {
    const range = list.ranges.get(nameKey(key.dnskey));
    if (range !== undefined) ranges.set(key, range);
  }
  return ranges;
}

/** Signatures of just this set in `zone` by each of `signers`, if all of them are here and good for long enough. */
export function findListed(
  list: SignatureList,
  ranges: ReadonlyMap<SigningKey, KeyRange>,
  set: SignableSet,
  signers: readonly SigningKey[],
  zone: Uint8Array,
  { validitySeconds, nowSeconds }: { readonly validitySeconds: number; readonly nowSeconds: number },
): KeptSignatures | undefined {
  const { bytes, view } = list;
  const rrsigs: Uint8Array[] = [];
  let dueSeconds = Number.POSITIVE_INFINITY;
  for (const key of signers) {
    const range = ranges.get(key);
    const head = { algorithm: key.algorithm, keyTag: key.keyTag, inception: 0, expiration: 0 };
    const rrsig = composeRrsig(set, head, zone);
    const signed = composeSigned(set, rrsig);
    const at = range === undefined ? -1 : findEntry(list, range, signed);
    if (at < 0) return undefined;
    const start = at + HEAD_BYTES;
    const expiration = readTime(view.getUint32(start + TIMES_START), nowSeconds);
    const inception = readTime(view.getUint32(start + TIMES_START + 4), nowSeconds);
    if (!isGood({ inception, expiration }, validitySeconds, nowSeconds)) return undefined;
    rrsig.set(bytes.subarray(start + TIMES_START, start + TIMES_END), TIMES_START);
    const end = start + signed.length;
    rrsig.set(bytes.subarray(end, end + SIGNATURE_BYTES), rrsig.length - SIGNATURE_BYTES);
    rrsigs.push(rrsig);
    dueSeconds = Math.min(dueSeconds, dueTime(expiration, validitySeconds));
  }
  return { rrsigs, dueSeconds };
}

/** Where the entry begins that is over just these octets, their times apart, or -1. */
function findEntry({ bytes, view, slots }: SignatureList, { start, end }: KeyRange, signed: Uint8Array): number {
  const hash = hashSigned(signed);
  const mask = slots.length - 1;
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const at = (slots[(hash + probe) & mask] ?? 0) - 1;
    if (at < 0) return -1;
    if (at < start || at >= end || view.getUint32(at) !== signed.length || view.getUint32(at + 4) !== hash) continue;
    if (isSame(bytes, at + HEAD_BYTES, signed)) return at;
  }
  return -1;
}

function isSame(bytes: Uint8Array, start: number, signed: Uint8Array): boolean {
  for (let index = 0; index < signed.length; index++) {
    if (bytes[start + index] !== signed[index] && (index < TIMES_START || index >= TIMES_END)) return false;
  }
  return true;
}

function enterSlot(slots: Int32Array, hash: number, at: number): void {
  const mask = slots.length - 1;
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const slot = (hash + probe) & mask;
    if (slots[slot] !== 0) continue;
    slots[slot] = at + 1;
    return;
  }
}

/** Behind it stand signatures of this key. */
export function composeListedKey(dnskey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + dnskey.length);
  new DataView(bytes.buffer).setUint32(4, dnskey.length);
  bytes.set(dnskey, HEAD_BYTES);
  return bytes;
}

/** `rrsig`: data of a record that covers the set. */
export function composeListed(set: SignableSet, rrsig: Uint8Array): Uint8Array {
  const signed = composeSigned(set, rrsig);
  const bytes = new Uint8Array(HEAD_BYTES + signed.length + SIGNATURE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signed.length);
  view.setUint32(4, hashSigned(signed));
  bytes.set(signed, HEAD_BYTES);
  bytes.set(rrsig.subarray(rrsig.length - SIGNATURE_BYTES), HEAD_BYTES + signed.length);
  return bytes;
}

/** 32-bit FNV-1a of all but the times, mixed once more at its end. */
function hashSigned(signed: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < TIMES_START; at++) hash = Math.imul(hash ^ (signed[at] ?? 0), 0x01000193);
  for (let at = TIMES_END; at < signed.length; at++) hash = Math.imul(hash ^ (signed[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function nameKey(dnskey: Uint8Array): string {
  return dnskey.join();
}
