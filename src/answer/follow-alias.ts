// Follows aliases: a CNAME at a name (RFC 1034 section 3.6.2), a DNAME above it (RFC 6672), for as long as the chain stays
// within our zones and does not bite its tail.

import { dataStartOf, findRrset, labelCountOf, ttlOf } from '../snapshot/zone-image.ts';
import { MAX_NAME_BYTES, readFlatName } from '../wire/flat-name.ts';
import { RCODE_NOERROR, RCODE_YXDOMAIN, TYPE_ANY, TYPE_CNAME, TYPE_DNAME } from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import { writeRrset } from './answer-zone.ts';
import { CHAIN_WORDS, type Desk, MAX_ALIAS_STEPS } from './desk.ts';
import { findQuestion } from './find-name.ts';
import { RECORD_HEAD_BYTES } from './signer.ts';
import { suffixOffset } from './suffix-offset.ts';

/** What became of an alias: it was followed; or the answer ends here, with this rcode. */
export type AliasOutcome = number;
export const FOLLOWED: AliasOutcome = -1;

/** Writes the CNAME and finds its target. */
export function followCname(desk: Desk, cname: number): AliasOutcome {
  const { image } = desk.found;
  const recordStart = desk.response.at;
  if (!addToChain(desk, cname) || !writeRrset(desk, desk.found.node, cname, 'answers', desk.ownerOffset))
    return RCODE_NOERROR;
  const start = dataStartOf(image, cname);
  const length = ((image.bytes[start] ?? 0) << 8) | (image.bytes[start + 1] ?? 0);
  takeTarget(desk, recordStart, image.bytes, start + 2, length);
  return FOLLOWED;
}

/** The DNAME at the closest encloser of a name that does not exist itself, or NONE. */
export function findDname({ found }: Desk): number {
  return findRrset(found.image, found.encloser, TYPE_DNAME);
}

/** Writes the DNAME and the CNAME that it makes of the name (RFC 6672 section 3.1), and finds that one's target. */
export function followDname(desk: Desk, dname: number): AliasOutcome {
  const { query, found, owner, ownerOffset, response, synthesized } = desk;
  const { image } = found;
  const { bytes } = image;
  const labels = labelCountOf(image, found.encloser);
  // A chain may come through it twice, under two names: the DNAME itself is said once (RFC 2181 section 5).
  const isKnown = isInChain(desk, dname);
  if (!addToChain(desk, dname)) return RCODE_NOERROR;
  const labelsOffset = suffixOffset(desk, labels);
  if (!isKnown && !writeRrset(desk, found.encloser, dname, 'answers', labelsOffset)) return RCODE_NOERROR;
  const start = dataStartOf(image, dname);
  const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  const prefixLength = owner.labelStarts[owner.labelCount - labels] ?? 0;
  if (prefixLength + length > MAX_NAME_BYTES) return RCODE_YXDOMAIN;
  for (let at = 0; at < prefixLength; at++) synthesized[at] = owner.bytes[at] ?? 0;
  for (let at = 0; at < length; at++) synthesized[prefixLength + at] = bytes[start + 2 + at] ?? 0;
  const size = prefixLength + length;
  const recordStart = response.at;
  if (!writeRecord(response, ownerOffset, TYPE_CNAME, ttlOf(image, dname), synthesized, 0, size)) {
    response.truncated = true;
    return RCODE_NOERROR;
  }
  response.answers++;
  // Who asks for a CNAME has it now; a question for anything is answered with one (RFC 8482 section 4.2).
  if (query.type === TYPE_CNAME || query.type === TYPE_ANY) return RCODE_NOERROR;
  takeTarget(desk, recordStart, synthesized, 0, size);
  return FOLLOWED;
}

/**
 * From here on, the name in `data` is answered. It stands in full in the record that was written from `recordStart` on, behind
 * which there may be signatures.
 */
export function takeTarget(desk: Desk, recordStart: number, data: Uint8Array, start: number, length: number): void {
  const { query, response, snapshot, target, found } = desk;
  readFlatName(target, data, start, start + length);
  desk.owner = target;
  desk.ownerOffset = recordStart + RECORD_HEAD_BYTES - response.start;
  findQuestion(snapshot.zones, target, query.type, found);
}

/**
 * Notes an alias; false when it has been followed already, or enough have been. A wildcard or a DNAME may serve several names
 * of one chain: the name counts too, by its hash, of which two that are alike end the chain early and do no other harm.
 */
export function addToChain(desk: Desk, rrset: number): boolean {
  const { chain, chainLength } = desk;
  const { zone, hashes } = desk.found;
  const hash = hashes[0] ?? 0;
  const end = CHAIN_WORDS * chainLength;
  for (let at = 0; at < end; at += CHAIN_WORDS) {
    if (chain[at] === rrset && chain[at + 1] === zone && chain[at + 2] === hash) return false;
  }
  if (chainLength === MAX_ALIAS_STEPS) return false;
  chain[end] = rrset;
  chain[end + 1] = zone;
  chain[end + 2] = hash;
  desk.chainLength = chainLength + 1;
  desk.trace?.push({ step: 'alias' });
  return true;
}

/** Whether an alias with this RRset, under whichever name, has been followed. */
function isInChain({ chain, chainLength, found }: Desk, rrset: number): boolean {
  const end = CHAIN_WORDS * chainLength;
  for (let at = 0; at < end; at += CHAIN_WORDS) {
    if (chain[at] === rrset && chain[at + 1] === found.zone) return true;
  }
  return false;
}
