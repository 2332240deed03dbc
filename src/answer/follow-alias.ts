// Follows aliases: a CNAME at a name (RFC 1034 section 3.6.2), a DNAME above it (RFC 6672), for as long as the chain stays
// within our zones and does not bite its tail.

import { dataStartOf, findRrset, labelCountOf, ttlOf } from '../snapshot/zone-image.ts';
import { MAX_NAME_BYTES, readFlatName } from '../wire/flat-name.ts';
import { RCODE_NOERROR, RCODE_YXDOMAIN, TYPE_CNAME, TYPE_DNAME } from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import { writeRrset } from './answer-zone.ts';
import { type Desk, MAX_ALIAS_STEPS } from './desk.ts';
import { findQuestion } from './find-name.ts';
import { RECORD_HEAD_BYTES } from './signer.ts';
import { suffixOffset } from './suffix-offset.ts';

/** What became of an alias: it was followed; or the answer ends here, with this rcode. */
export type AliasOutcome = number;
export const FOLLOWED: AliasOutcome = -1;

/** Writes the CNAME and finds its target. */
export function followCname(desk: Desk, cname: number): AliasOutcome {
  const { image } = desk.found;
  const start = desk.response.at;
  if (!addToChain(desk, cname) || !writeRrset(desk, desk.found.node, cname, 'answers', desk.ownerOffset))
    return RCODE_NOERROR;
  const dataStart = dataStartOf(image, cname);
  const length = ((image.bytes[dataStart] ?? 0) << 8) | (image.bytes[dataStart + 1] ?? 0);
  takeTarget(desk, start, image.bytes, dataStart + 2, length);
  return FOLLOWED;
}

/** The DNAME at the closest encloser of a name that does not exist itself, or NONE. */
export function findDname({ found }: Desk): number {
  return findRrset(found.image, found.encloser, TYPE_DNAME);
}

/** Writes the DNAME and the CNAME that it makes of the name (RFC 6672 section 3.1), and finds that one's target. */
export function followDname(desk: Desk, dname: number): AliasOutcome {
  const { found, owner, ownerOffset, response, synthesized } = desk;
  const { image } = found;
  const { bytes } = image;
  const labels = labelCountOf(image, found.encloser);
  if (!addToChain(desk, dname) || !writeRrset(desk, found.encloser, dname, 'answers', suffixOffset(desk, labels)))
    return RCODE_NOERROR;
  const start = dataStartOf(image, dname);
  const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  const prefixLength = owner.labelStarts[owner.labelCount - labels] ?? 0;
  if (prefixLength + length > MAX_NAME_BYTES) return RCODE_YXDOMAIN;
  for (let at = 0; at < prefixLength; at++) synthesized[at] = owner.bytes[at] ?? 0;
  for (let at = 0; at < length; at++) synthesized[prefixLength + at] = bytes[start + 2 + at] ?? 0;
  const size = prefixLength + length;
  const cname = response.at;
  if (!writeRecord(response, ownerOffset, TYPE_CNAME, ttlOf(image, dname), synthesized, 0, size)) {
    response.truncated = true;
    return RCODE_NOERROR;
  }
  response.answers++;
  takeTarget(desk, cname, synthesized, 0, size);
  return FOLLOWED;
}

/** From here on, the name in `data` is answered; it stands in full in the CNAME that was written at `cname`. */
function takeTarget(desk: Desk, cname: number, data: Uint8Array, start: number, length: number): void {
  const { query, response, snapshot, target, found } = desk;
  readFlatName(target, data, start, start + length);
  desk.owner = target;
  desk.ownerOffset = cname + RECORD_HEAD_BYTES - response.start;
  findQuestion(snapshot.zones, target, query.type, found);
}

/** Notes an alias; false when it has been followed already, or enough have been. */
function addToChain(desk: Desk, rrset: number): boolean {
  const { chain, chainLength } = desk;
  const { zone } = desk.found;
  for (let step = 0; step < chainLength; step++) {
    if (chain[2 * step] === rrset && chain[2 * step + 1] === zone) return false;
  }
  if (chainLength === MAX_ALIAS_STEPS) return false;
  chain[2 * chainLength] = rrset;
  chain[2 * chainLength + 1] = zone;
  desk.chainLength = chainLength + 1;
  desk.trace?.push({ step: 'alias' });
  return true;
}
