// Proofs of what there is not, for answers that are to be signed: which NSEC records they need is noted while the name is
// looked for, and written behind the SOA. Serves RFC 4035 section 3.1.3 and 3.1.4, RFC 7129.
//
//   no such name                the NSEC that covers it, and the one that covers the wildcard that could stand in
//   nothing of the type         that of the name; where the name only stands between others, the one that covers it
//   from a wildcard             the one that covers the name itself; with nothing of the type, that of the wildcard too
//   a delegation without DS     that of the delegation
//   given to others             that of the name, without the type: a service has it, but not for this client

import { NONE } from '../snapshot/snapshot.ts';
import { dataStartOf, findRrset, labelCountOf, NODE_WORDS, ttlOf, type ZoneImage } from '../snapshot/zone-image.ts';
import { nameLength } from '../wire/name.ts';
import { TYPE_NSEC } from '../wire/record-types.ts';
import { type Response, writeSuffixedRecord } from '../wire/response.ts';
import { writeCompactProof } from './compact-denial.ts';
import type { Desk } from './desk.ts';
import { findCover } from './find-cover.ts';
import { FOUND_NAME, FOUND_NOTHING, FOUND_WILDCARD } from './find-name.ts';
import { isSigned, NO_ROOM, signWritten, writeSignatures } from './sign-answer.ts';
import { MAX_PROOFS, PROOF_WORDS, RECORD_HEAD_BYTES } from './signer.ts';
import { suffixOffset } from './suffix-offset.ts';

/** A wildcard stands in for the name that is being answered: whatever it says, the name itself must not be there. */
export function noteWildcard(desk: Desk): void {
  const { found } = desk;
  if (found.kind === FOUND_WILDCARD && isSigned(desk, found.image)) noteCover(desk, 0, false);
}

/** There is nothing to be had at what was found. */
export function noteNothing(desk: Desk): void {
  const { found, owner } = desk;
  const { deniedType } = desk.signer;
  if (!isSigned(desk, found.image)) return;
  if (found.image.signing?.isCompact === true) return noteProof(desk, found.node, deniedType);
  if (found.kind === FOUND_NOTHING) {
    noteCover(desk, 0, false);
    noteCover(desk, owner.labelCount - labelCountOf(found.image, found.encloser), true);
    return;
  }
  if (findRrset(found.image, found.node, TYPE_NSEC) !== NONE) noteProof(desk, found.node, deniedType);
  else if (found.kind === FOUND_NAME) noteCover(desk, 0, false);
  else noteCover(desk, owner.labelCount - labelCountOf(found.image, found.encloser), true);
}

/** A delegation without DS, found by `desk.found`. */
export function noteInsecure(desk: Desk): void {
  if (isSigned(desk, desk.found.image)) noteProof(desk, desk.found.node, 0);
}

function noteCover(desk: Desk, label: number, isWildcard: boolean): void {
  const { found, owner } = desk;
  const chain = found.image.signing?.chain;
  if (chain === undefined || chain.length === 0) return;
  noteProof(desk, findCover(found.image, chain, owner, label, isWildcard), 0);
}

/** Once is enough: one NSEC often covers both the name and the wildcard, and without the denied type it covers no less. */
function noteProof(desk: Desk, node: number, deniedType: number): void {
  const { signer, found } = desk;
  const { proofs, proofCount } = signer;
  for (let at = 0; at < PROOF_WORDS * proofCount; at += PROOF_WORDS) {
    if (proofs[at] !== found.zone || proofs[at + 1] !== node) continue;
    if (deniedType !== 0) proofs[at + 3] = deniedType;
    return;
  }
  if (proofCount === MAX_PROOFS) return;
  const at = PROOF_WORDS * proofCount;
  proofs[at] = found.zone;
  proofs[at + 1] = node;
  proofs[at + 2] = suffixOffset(desk, found.image.labelCount);
  proofs[at + 3] = deniedType;
  signer.proofCount = proofCount + 1;
}

/** Writes what has been noted; where it does not fit, the answer is truncated (RFC 4035 section 3.1.1). */
export function writeProofs(desk: Desk): void {
  const { signer, response, snapshot } = desk;
  const { proofs, proofCount } = signer;
  for (let at = 0; at < PROOF_WORDS * proofCount; at += PROOF_WORDS) {
    const image = snapshot.zones.images[proofs[at] ?? 0];
    if (image === undefined) continue;
    const before = response.at;
    const records = writeProof(desk, image, proofs[at + 1] ?? 0, proofs[at + 2] ?? 0, proofs[at + 3] ?? 0);
    if (records === NO_ROOM) {
      response.at = before;
      response.truncated = true;
      return;
    }
    response.authorities += records;
  }
}

/** An NSEC with its signatures: how many records, or NO_ROOM. */
function writeProof(desk: Desk, image: ZoneImage, node: number, zoneOffset: number, deniedType: number): number {
  const { response } = desk;
  if (image.signing?.isCompact === true) return writeCompactProof(desk, image, node, deniedType);
  const rrset = findRrset(image, node, TYPE_NSEC);
  if (rrset === NONE) return 0;
  const { bytes, words } = image;
  const ttlSeconds = ttlOf(image, rrset);
  const start = dataStartOf(image, rrset);
  const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  const textStart = 4 * (node + NODE_WORDS);
  const textLength = (words[node] ?? 0) & 0xff;
  const owner = response.at;
  // The pointer alone, at the apex, is no place that another could point to.
  const ownerOffset = textLength === 0 ? zoneOffset : owner - response.start;
  if (
    !writeSuffixedRecord(
      response,
      bytes,
      textStart,
      textLength,
      zoneOffset,
      TYPE_NSEC,
      ttlSeconds,
      bytes,
      start + 2,
      length,
    )
  ) {
    return NO_ROOM;
  }
  if (deniedType === 0) {
    const signatures = writeSignatures(desk, image, node, TYPE_NSEC, ttlSeconds, ownerOffset);
    return signatures === NO_ROOM ? NO_ROOM : 1 + signatures;
  }
  leaveOut(response, length, deniedType);
  const { written } = desk.signer;
  written.image = image;
  written.node = node;
  written.type = TYPE_NSEC;
  written.originalTtlSeconds = ttlSeconds;
  written.start = owner;
  written.headBytes = textLength + RECORD_HEAD_BYTES;
  written.isAsked = false;
  written.isKept = true;
  const signatures = signWritten(desk, written, ttlSeconds, ownerOffset);
  return signatures === NO_ROOM ? NO_ROOM : 1 + signatures;
}

/**
 * Takes a type out of the bitmaps of the NSEC that was written last, whose data has `length` octets. What is left empty must
 * go too: RFC 4034 section 4.1.2, "Blocks with no types present MUST NOT be included. Trailing zero octets in the bitmap MUST
 * be omitted".
 */
function leaveOut(response: Response, length: number, type: number): void {
  const { bytes } = response;
  const start = response.at - length;
  let at = start + nameLength(bytes.subarray(start, response.at));
  while (at < response.at) {
    const windowBytes = bytes[at + 1] ?? 0;
    if (bytes[at] !== type >>> 8) {
      at += 2 + windowBytes;
      continue;
    }
    const octet = at + 2 + ((type & 255) >>> 3);
    if (octet >= at + 2 + windowBytes) return;
    bytes[octet] = (bytes[octet] ?? 0) & ~(0x80 >>> (type & 7));
    let kept = windowBytes;
    while (kept > 0 && bytes[at + 1 + kept] === 0) kept--;
    const gone = kept === 0 ? 2 + windowBytes : windowBytes - kept;
    if (gone === 0) return;
    const from = at + 2 + windowBytes;
    bytes.copyWithin(from - gone, from, response.at);
    if (kept > 0) bytes[at + 1] = kept;
    response.at -= gone;
    const dataLength = length - gone;
    bytes[start - 2] = dataLength >>> 8;
    bytes[start - 1] = dataLength;
    return;
  }
}
