// Signatures of an earlier life of the node, in flat memory, as they stood on its disk: each with all that it is over, so that
// one is taken over only where owner, type, TTL, data, signer and key are octet for octet the same.
//
//   key         0 (4) | length (4) | DNSKEY's data              made all signatures up to the next key
//   signature   length (4) | hash (4) | length of the RRSIG's data (4) | RRSIG's data | records, as they are signed
//
// Numbers in network order; the first length of a signature is that of both parts. The hash is over what is signed (rrsig.ts)
// but the times, which are what is asked for; a wrong one only means that its signature is not found. Whatever stands here
// was read from a file: nothing in it may lead astray.

import {
  composeSigned,
  RRSIG_FIXED_BYTES,
  type SignableSet,
  signedBytesOf,
  writeRrsigHead,
  writeSignedRecords,
} from './rrsig.ts';
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

const KEY_HEAD_BYTES = 8;
const ENTRY_HEAD_BYTES = 12;
const MIN_RRSIG_BYTES = RRSIG_FIXED_BYTES + 1 + SIGNATURE_BYTES;
/** Where expiration and inception stand in what is signed. */
const TIMES_START = 8;
const TIMES_END = 16;
/** A hash that is right has few others about it: more than so many are a file that is to hold us up. */
const MAX_PROBES = 64;
/** Two for each of more zones than there are. */
const MAX_KEYS = 262_144;
/** A quarter of the slots are taken. */
const SLOTS_PER_ENTRY = 4;

/** Undefined where the octets are no such list. */
export function readSignatureList(bytes: Uint8Array): SignatureList | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ranges = new Map<string, KeyRange>();
  const count = visitEntries(bytes, view, (dnskey, range) => ranges.set(nameKey(dnskey), range));
  if (count === undefined) return undefined;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, SLOTS_PER_ENTRY * count))));
  for (const { start, end } of ranges.values()) {
    for (let at = start; at < end; at += ENTRY_HEAD_BYTES + view.getUint32(at)) {
      enterSlot(slots, view.getUint32(at + 4), at);
    }
  }
  return { bytes, view, count, slots, ranges };
}

/** How many signatures there are; undefined when something does not end where it should. */
function visitEntries(
  bytes: Uint8Array,
  view: DataView,
  noteKey: (dnskey: Uint8Array, range: KeyRange) => void,
): number | undefined {
  let count = 0;
  let keys = 0;
  let key: { readonly dnskey: Uint8Array; readonly start: number } | undefined;
  let at = 0;
  while (at + ENTRY_HEAD_BYTES <= bytes.length) {
    const length = view.getUint32(at);
    if (length === 0) {
      if (++keys > MAX_KEYS) return undefined;
      if (key !== undefined) noteKey(key.dnskey, { start: key.start, end: at });
      const end = at + KEY_HEAD_BYTES + view.getUint32(at + 4);
      key = { dnskey: bytes.subarray(at + KEY_HEAD_BYTES, end), start: end };
      at = end;
      continue;
    }
    const rrsigBytes = view.getUint32(at + 8);
    if (key === undefined || rrsigBytes < MIN_RRSIG_BYTES || rrsigBytes > length) return undefined;
    count++;
    at += ENTRY_HEAD_BYTES + length;
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

/** What is looked for, as it would be signed, its times apart: composed a million times while a node starts. */
let wanted = new Uint8Array(4096);

/**
 * Signatures of just this set in `zone` by each of `signers`, if all of them are here and good for long enough; where they stand
 * in the list. `ranges`: of these signers, at least.
 */
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
    const at = range === undefined ? -1 : findEntry(list, range, set, key, zone);
    if (at < 0) return undefined;
    const start = at + ENTRY_HEAD_BYTES;
    const expiration = readTime(view.getUint32(start + TIMES_START), nowSeconds);
    const inception = readTime(view.getUint32(start + TIMES_START + 4), nowSeconds);
    if (!isGood({ inception, expiration }, validitySeconds, nowSeconds)) return undefined;
    rrsigs.push(bytes.subarray(start, start + view.getUint32(at + 8)));
    dueSeconds = Math.min(dueSeconds, dueTime(expiration, validitySeconds));
  }
  return { rrsigs, dueSeconds };
}

/** Where the entry begins that is over just these records, by this key, or -1. */
function findEntry(
  { bytes, view, slots }: SignatureList,
  { start, end }: KeyRange,
  set: SignableSet,
  { algorithm, keyTag }: SigningKey,
  zone: Uint8Array,
): number {
  const signedBytes = RRSIG_FIXED_BYTES + zone.length + signedBytesOf(set);
  if (wanted.length < signedBytes) wanted = new Uint8Array(2 * signedBytes);
  const headEnd = writeRrsigHead(wanted, set, { algorithm, keyTag, inception: 0, expiration: 0 }, zone);
  const signedEnd = writeSignedRecords(wanted, headEnd, set);
  const hash = hashSigned(wanted, signedEnd);
  const mask = slots.length - 1;
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const at = (slots[(hash + probe) & mask] ?? 0) - 1;
    if (at < 0) return -1;
    if (at < start || at >= end || view.getUint32(at + 4) !== hash) continue;
    if (view.getUint32(at) !== signedEnd + SIGNATURE_BYTES || view.getUint32(at + 8) !== headEnd + SIGNATURE_BYTES)
      continue;
    const entry = at + ENTRY_HEAD_BYTES;
    if (
      isSame(bytes, entry, 0, TIMES_START) &&
      isSame(bytes, entry, TIMES_END, headEnd) &&
      isSame(bytes, entry + SIGNATURE_BYTES, headEnd, signedEnd)
    ) {
      return at;
    }
  }
  return -1;
}

/** Whether `bytes`, from `offset` on, has what is wanted between `start` and `end`. */
function isSame(bytes: Uint8Array, offset: number, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[offset + at] !== wanted[at]) return false;
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
  const bytes = new Uint8Array(KEY_HEAD_BYTES + dnskey.length);
  new DataView(bytes.buffer).setUint32(4, dnskey.length);
  bytes.set(dnskey, KEY_HEAD_BYTES);
  return bytes;
}

/** `rrsig`: data of a record that covers the set. */
export function composeListed(set: SignableSet, rrsig: Uint8Array): Uint8Array {
  const signed = composeSigned(set, rrsig);
  const bytes = new Uint8Array(ENTRY_HEAD_BYTES + signed.length + SIGNATURE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signed.length + SIGNATURE_BYTES);
  view.setUint32(4, hashSigned(signed, signed.length));
  view.setUint32(8, rrsig.length);
  bytes.set(rrsig, ENTRY_HEAD_BYTES);
  bytes.set(signed.subarray(rrsig.length - SIGNATURE_BYTES), ENTRY_HEAD_BYTES + rrsig.length);
  return bytes;
}

/** 32-bit FNV-1a of all up to `end` but the times, mixed once more. */
function hashSigned(signed: Uint8Array, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < TIMES_START; at++) hash = Math.imul(hash ^ (signed[at] ?? 0), 0x01000193);
  for (let at = TIMES_END; at < end; at++) hash = Math.imul(hash ^ (signed[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function nameKey(dnskey: Uint8Array): string {
  return dnskey.join();
}
