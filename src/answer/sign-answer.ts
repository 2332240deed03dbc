// Signatures beside the records of an answer: those that stand in the zone's image, and for what depends on more than the
// zone (the SOA's serial, what a steered name is answered with, denials of what others are given) those that were made ahead
// with the snapshot, or by this thread before, or are made now: a fraction of a millisecond, once for each set of records.

import { canonicalData } from '../dnssec/canonical-form.ts';
import { composeRrsig, composeSigned, RRSIG_FIXED_BYTES } from '../dnssec/rrsig.ts';
import { addRecord, beginDigest } from '../dnssec/set-digest.ts';
import { findSignatures, type SignatureTable, sparePlaceOf, takePlace } from '../dnssec/signature-table.ts';
import { SIGNATURE_BYTES } from '../dnssec/zone-keys.ts';
import { NONE } from '../snapshot/snapshot.ts';
import {
  dataStartOf,
  findRrset,
  NODE_WORDS,
  recordCountOf,
  wireNameOf,
  type ZoneImage,
} from '../snapshot/zone-image.ts';
import type { ZoneSigning } from '../snapshot/zone-signing.ts';
import { MAX_NAME_BYTES } from '../wire/flat-name.ts';
import { TYPE_RRSIG, TYPE_SOA } from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import type { Desk } from './desk.ts';
import { FOUND_WILDCARD } from './find-name.ts';
import { willPass } from './limit-answer.ts';
import { RECORD_HEAD_BYTES, type WrittenSet } from './signer.ts';

/** Instead of a number of signatures: there was no room for one, or the answer is withheld and needs none. */
export const NO_ROOM = -1;

/** Whether the answer is to carry signatures of this zone. */
export function isSigned(desk: Desk, image: ZoneImage): boolean {
  return desk.query.dnssecOk && image.signing !== undefined;
}

/**
 * Whether what `node`, a wildcard, says is signed under the name that was asked. RFC 9824 section 3.3: a server that signs at need
 * answers as if the name were there itself, with as many labels in the RRSIG as it has, and has nothing closer to deny.
 */
export function isExpanded({ found }: Desk, image: ZoneImage, node: number): boolean {
  return found.kind === FOUND_WILDCARD && node === found.node && image.signing?.isCompact === true;
}

/** Writes the RRSIGs of the image that cover `type` at `node`: how many, or NO_ROOM. */
export function writeSignatures(
  desk: Desk,
  image: ZoneImage,
  node: number,
  type: number,
  ttlSeconds: number,
  ownerOffset: number,
): number {
  const rrset = findRrset(image, node, TYPE_RRSIG);
  if (rrset === NONE) return 0;
  const { bytes } = image;
  const count = recordCountOf(image, rrset);
  let written = 0;
  let at = dataStartOf(image, rrset);
  for (let record = 0; record < count; record++) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if ((((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) === type) {
      if (!writeRecord(desk.response, ownerOffset, TYPE_RRSIG, ttlSeconds, bytes, at + 2, length)) return NO_ROOM;
      written++;
    }
    at += 2 + length;
  }
  return written;
}

/**
 * Writes signatures of the set that stands in the response from `start` on, each record behind a pointer to its
 * owner, if the answer is to have any: how many, or NO_ROOM.
 */
export function signAtNeed(
  desk: Desk,
  image: ZoneImage,
  node: number,
  type: number,
  originalTtlSeconds: number,
  start: number,
  ttlSeconds: number,
  ownerOffset: number,
): number {
  if (!isSigned(desk, image)) return 0;
  const { written } = desk.signer;
  written.image = image;
  written.node = node;
  written.type = type;
  written.originalTtlSeconds = originalTtlSeconds;
  written.start = start;
  written.headBytes = RECORD_HEAD_BYTES;
  written.isAsked = isExpanded(desk, image, node);
  written.isKept = true;
  return signWritten(desk, written, ttlSeconds, ownerOffset);
}

/** Writes signatures of the set that was written last: how many, or NO_ROOM. The zone must be signed. */
export function signWritten(desk: Desk, set: WrittenSet, ttlSeconds: number, ownerOffset: number): number {
  const { signing } = set.image;
  if (signing === undefined) return 0;
  let table: SignatureTable = desk.snapshot.ahead;
  let place = set.type === TYPE_SOA ? findSoa(desk, set, signing) : findAhead(desk, set, signing);
  if (place < 0) {
    table = desk.signer.signatures;
    place = findSignatures(table, desk.signer.digest);
    if (place < 0) {
      if (!willPass(desk)) return NO_ROOM;
      place = makeSignatures(desk, set, signing);
    }
  }
  const { signers } = signing;
  const labels = labelsOf(desk, set);
  for (let index = 0; index < signers.length; index++) {
    const length = composeData(set, labels, signing, index, table.signatures, place);
    if (!writeRecord(desk.response, ownerOffset, TYPE_RRSIG, ttlSeconds, rrsig, 0, length)) return NO_ROOM;
  }
  return signers.length;
}

/** Where among the signatures that were made ahead those of the set are, or -1. */
function findAhead(desk: Desk, set: WrittenSet, signing: ZoneSigning): number {
  digestWritten(desk, set, signing);
  return findSignatures(desk.snapshot.ahead, desk.signer.digest);
}

/** The same for the SOA of `image`, which need not be looked at again while it is that of the answer before. */
function findSoa(desk: Desk, set: WrittenSet, signing: ZoneSigning): number {
  const { soa } = desk.signer;
  const { ahead } = desk.snapshot;
  if (soa.image === set.image && soa.table === ahead) return soa.place;
  const place = findAhead(desk, set, signing);
  if (place < 0) return place;
  soa.image = set.image;
  soa.table = ahead;
  soa.place = place;
  return place;
}

function digestWritten(
  { response, owner, signer: { digest } }: Desk,
  set: WrittenSet,
  { identity }: ZoneSigning,
): void {
  const { words } = set.image;
  if (set.isAsked) {
    beginDigest(digest, identity, words, 0, 0, set.type, set.originalTtlSeconds);
    addRecord(digest, owner.bytes, 0, owner.length);
  } else {
    const nameWords = (((words[set.node] ?? 0) & 0xff) + 3) >>> 2;
    beginDigest(digest, identity, words, set.node + NODE_WORDS, nameWords, set.type, set.originalTtlSeconds);
  }
  const { bytes } = response;
  const { headBytes } = set;
  for (let at = set.start; at < response.at; ) {
    const length = ((bytes[at + headBytes - 2] ?? 0) << 8) | (bytes[at + headBytes - 1] ?? 0);
    addRecord(digest, bytes, at + headBytes, length);
    at += headBytes + length;
  }
}

/** The data of the RRSIG that is written next: memory of this thread, reused. */
const rrsig = new Uint8Array(RRSIG_FIXED_BYTES + MAX_NAME_BYTES + SIGNATURE_BYTES);

/** Puts it together as in dnssec/rrsig.ts, without leaving anything behind; returns its length. */
function composeData(
  set: WrittenSet,
  labels: number,
  signing: ZoneSigning,
  index: number,
  from: Uint8Array,
  place: number,
): number {
  const { image, type, originalTtlSeconds } = set;
  const { signers, times } = signing;
  const signer = signers[index];
  const keyTag = signer?.keyTag ?? 0;
  rrsig[0] = type >>> 8;
  rrsig[1] = type;
  rrsig[2] = signer?.algorithm ?? 0;
  rrsig[3] = labels;
  write32(4, originalTtlSeconds);
  write32(8, times.expiration);
  write32(12, times.inception);
  rrsig[16] = keyTag >>> 8;
  rrsig[17] = keyTag;
  let at = RRSIG_FIXED_BYTES;
  for (let octet = 0; octet < image.name.length; octet++) rrsig[at++] = image.name[octet] ?? 0;
  const start = place + index * SIGNATURE_BYTES;
  for (let octet = 0; octet < SIGNATURE_BYTES; octet++) rrsig[at++] = from[start + octet] ?? 0;
  return at;
}

function write32(at: number, value: number): void {
  rrsig[at] = value >>> 24;
  rrsig[at + 1] = value >>> 16;
  rrsig[at + 2] = value >>> 8;
  rrsig[at + 3] = value;
}

/** RFC 4034 section 3.1.3: of the owner, the label of a wildcard not among them. */
function labelsOf({ owner }: Desk, { image, node, isAsked }: WrittenSet): number {
  if (isAsked) return owner.labelCount - (owner.bytes[0] === 1 && owner.bytes[1] === 0x2a ? 1 : 0);
  return image.labelCount + (((image.words[node] ?? 0) >>> 8) & 0xff) - (isWildcardNode(image, node) ? 1 : 0);
}

function isWildcardNode({ words, bytes }: ZoneImage, node: number): boolean {
  const start = 4 * (node + NODE_WORDS);
  return ((words[node] ?? 0) & 0xff) > 0 && bytes[start] === 1 && bytes[start + 1] === 0x2a;
}

/** Signs what stands in the response, and keeps the signatures: where in the desk's table they are. */
function makeSignatures(desk: Desk, written: WrittenSet, { signers, times }: ZoneSigning): number {
  const { response, signer } = desk;
  const { signatures, digest, sign } = signer;
  const { image, node, type, originalTtlSeconds } = written;
  const set = {
    owner: written.isAsked ? desk.owner.bytes.slice(0, desk.owner.length) : wireNameOf(image, node),
    type,
    ttlSeconds: originalTtlSeconds,
    data: listData(response.bytes, written, response.at),
  };
  const made = signers.map((key) => {
    const { algorithm, keyTag } = key;
    return sign(key, composeSigned(set, composeRrsig(set, { algorithm, keyTag, ...times }, image.name)));
  });
  const place = written.isKept ? takePlace(signatures, digest) : sparePlaceOf(signatures);
  for (const [index, signature] of made.entries())
    signatures.signatures.set(signature, place + index * SIGNATURE_BYTES);
  return place;
}

function listData(bytes: Uint8Array, { start, headBytes, type }: WrittenSet, end: number): readonly Uint8Array[] {
  const data: Uint8Array[] = [];
  for (let at = start; at < end; ) {
    const length = ((bytes[at + headBytes - 2] ?? 0) << 8) | (bytes[at + headBytes - 1] ?? 0);
    at += headBytes;
    data.push(canonicalData(type, bytes.slice(at, at + length)));
    at += length;
  }
  return data;
}
