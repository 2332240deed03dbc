// Writes what zones hold: RRsets, the addresses that go with them, referrals, and the SOA of negative answers. RRsets and
// nodes are those of `desk.found.image`.

import { originalTtlOf } from '../dnssec/rrsig.ts';
import { NONE } from '../snapshot/snapshot.ts';
import {
  APEX_NODE,
  cutOf,
  dataStartOf,
  findRrset,
  labelCountOf,
  recordCountOf,
  targetsOf,
  ttlOf,
  typeOf,
  type ZoneImage,
} from '../snapshot/zone-image.ts';
import { SOA_NUMBER_BYTES } from '../transfer/serial.ts';
import { createFlatName, MAX_NAME_BYTES, readFlatName } from '../wire/flat-name.ts';
import {
  TYPE_A,
  TYPE_AAAA,
  TYPE_DS,
  TYPE_HTTPS,
  TYPE_NAPTR,
  TYPE_NS,
  TYPE_RRSIG,
  TYPE_SOA,
  TYPE_SRV,
  TYPE_SVCB,
} from '../wire/record-types.ts';
import { countRecords, type Response, type Section, writeForeignRecord, writeRecord } from '../wire/response.ts';
import { findBlock, keepBlock, writeBlock } from './denial-blocks.ts';
import type { Desk } from './desk.ts';
import { createFound, findName } from './find-name.ts';
import { noteInsecure, noteNothing, writeProofs } from './prove-absence.ts';
import { isExpanded, isSigned, NO_ROOM, signAtNeed, writeSignatures } from './sign-answer.ts';
import { PROOF_WORDS } from './signer.ts';
import { suffixOffset } from './suffix-offset.ts';
import { takeBack } from './take-back.ts';

/**
 * Writes the RRset of `node` whole, with its signatures where these are asked for; when it does not fit, takes back what was
 * begun, sets TC, and returns false.
 */
export function writeRrset(desk: Desk, node: number, rrset: number, section: Section, ownerOffset: number): boolean {
  return writeRecords(desk, node, rrset, section, ownerOffset, ttlOf(desk.found.image, rrset));
}

function writeRecords(
  desk: Desk,
  node: number,
  rrset: number,
  section: Section,
  ownerOffset: number,
  ttlSeconds: number,
): boolean {
  const { response, snapshot } = desk;
  const { image } = desk.found;
  const { bytes } = image;
  const before = response.at;
  const type = typeOf(image, rrset);
  const count = recordCountOf(image, rrset);
  let at = dataStartOf(image, rrset);
  for (let record = 0; record < count; record++) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const ttl = type === TYPE_RRSIG ? originalTtlOf(bytes, at + 2) : ttlSeconds;
    if (!writeRecord(response, ownerOffset, type, ttl, bytes, at + 2, length)) return takeBack(response, before);
    at += 2 + length;
  }
  const isOfRevision = type === TYPE_SOA && !image.hasOwnSerial;
  if (isOfRevision) putSerial(response, snapshot.serial);
  let signatures = 0;
  // RFC 4035 section 2.2: "An RRSIG RR itself MUST NOT be signed".
  if (isSigned(desk, image) && type !== TYPE_RRSIG) {
    // Where the serial is the revision's, an SOA cannot be signed with its image, as all else is.
    signatures =
      isOfRevision || isExpanded(desk, image, node)
        ? signAtNeed(desk, image, node, type, ttlOf(image, rrset), before, ttlSeconds, ownerOffset)
        : writeSignatures(desk, image, node, type, ttlSeconds, ownerOffset);
    if (signatures === NO_ROOM) return takeBack(response, before);
  }
  countRecords(response, section, count + signatures);
  return true;
}

/** Into the SOA that was written last: an image knows of no revision. */
function putSerial({ bytes, at }: Response, serial: number): void {
  const start = at - SOA_NUMBER_BYTES;
  for (let index = 0; index < 4; index++) bytes[start + index] = serial >>> (24 - 8 * index);
}

/**
 * Adds the addresses of the hosts that the RRset names, and what else goes with it, as far as it fits. They are a courtesy, but for those of a
 * referral's servers below its own cut, given as `cut` (otherwise NONE), without which nobody gets any further:
 * RFC 9471 section 2.1, "MUST set the TC (Truncated) flag" where they do not fit.
 */
export function writeTargets(desk: Desk, rrset: number, cut: number): void {
  const { snapshot, found } = desk;
  const { words, bytes } = found.image;
  const targets = targetsOf(found.image, rrset);
  const count = targets === 0 ? 0 : (words[targets] ?? 0);
  const beside = typeBeside(typeOf(found.image, rrset));
  for (let index = 1; index <= count; index++) {
    const start = words[targets + index] ?? 0;
    readFlatName(target, bytes, start, start + MAX_NAME_BYTES);
    // RFC 9460 section 2.5.2: the root stands for the owner.
    if (target.labelCount === 0) readFlatName(target, desk.owner.bytes, 0, desk.owner.length);
    findName(snapshot.zones, target, targetFound);
    const { image, encloser, zone } = targetFound;
    if (encloser === NONE || labelCountOf(image, encloser) !== target.labelCount || image.isWithheld) continue;
    const fits =
      writeForeignRrset(desk, image, findRrset(image, encloser, TYPE_A)) &&
      writeForeignRrset(desk, image, findRrset(image, encloser, TYPE_AAAA));
    const more = beside === 0 || cutOf(image, encloser) !== NONE ? NONE : findRrset(image, encloser, beside);
    // The answer itself is not said twice.
    const isAnswer = more === rrset && image === found.image;
    if (fits && !isAnswer) writeForeignRrset(desk, image, more);
    const isGlue = cut !== NONE && zone === found.zone && cutOf(image, encloser) === cut;
    if (!fits && isGlue) desk.response.truncated = true;
  }
}

/** What goes with an RRset beside addresses: RFC 9460 section 4.1 and RFC 3403 section 4.1. */
function typeBeside(type: number): number {
  if (type === TYPE_SVCB || type === TYPE_HTTPS) return type;
  return type === TYPE_NAPTR ? TYPE_SRV : 0;
}

/** The host whose addresses are looked for: memory of this thread, reused. */
const target = createFlatName();
const targetFound = createFound();

/** An RRset of `target`, from the zone that holds it. False when it did not fit. */
function writeForeignRrset({ response }: Desk, image: ZoneImage, rrset: number): boolean {
  if (rrset === NONE) return true;
  const { bytes } = image;
  const before = response.at;
  const count = recordCountOf(image, rrset);
  const type = typeOf(image, rrset);
  const ttl = ttlOf(image, rrset);
  let at = dataStartOf(image, rrset);
  for (let record = 0; record < count; record++) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (!writeForeignRecord(response, target.bytes, 0, target.length, type, ttl, bytes, at + 2, length)) {
      response.at = before;
      return false;
    }
    at += 2 + length;
  }
  response.additionals += count;
  return true;
}

/**
 * The delegation at `desk.found.node`: its NS in the authority section, what says whether the child is signed, its glue beside
 * it (RFC 1034 section 4.3.2 step 3b, RFC 4035 section 3.1.4).
 */
export function writeReferral(desk: Desk): void {
  const { image, node: cut } = desk.found;
  const ns = findRrset(image, cut, TYPE_NS);
  const ownerOffset = suffixOffset(desk, labelCountOf(image, cut));
  // The image holds no signature of it: what the child says is not for the zone to sign (RFC 4035 section 2.2).
  if (!writeRrset(desk, cut, ns, 'authorities', ownerOffset)) return;
  if (isSigned(desk, image)) {
    const ds = findRrset(image, cut, TYPE_DS);
    if (ds === NONE) noteInsecure(desk);
    else writeRrset(desk, cut, ds, 'authorities', ownerOffset);
  }
  // Aliases on the way here may have noted some, too.
  writeProofs(desk);
  writeTargets(desk, ns, cut);
}

/**
 * The SOA of the zone that was searched last, with the TTL for which resolvers may remember that there is nothing
 * (RFC 2308 section 3), and what proves it.
 */
export function writeNegative(desk: Desk): void {
  const { response, found } = desk;
  const { labelCount, soaRrset, negativeTtlSeconds } = found.image;
  const zoneOffset = suffixOffset(desk, labelCount);
  noteNothing(desk);
  const slot = blockOfDenial(desk);
  if (slot !== NONE && writeBlock(desk.denials, slot, response, zoneOffset)) return;
  const { at: start, authorities } = response;
  writeRecords(desk, APEX_NODE, soaRrset, 'authorities', zoneOffset, negativeTtlSeconds);
  writeProofs(desk);
  if (slot === NONE || response.truncated) return;
  keepBlock(desk.denials, slot, response, start, response.authorities - authorities);
}

/** Where such a denial is kept, or NONE: of one zone, as it is without aliases, by its chain, and with nothing left out for this client. */
function blockOfDenial(desk: Desk): number {
  const { signer, found, snapshot, denials, chainLength } = desk;
  const { proofs, proofCount } = signer;
  if (proofCount === 0 || proofCount > 2 || chainLength > 0 || found.image.signing?.isCompact === true) return NONE;
  const isPlain = proofs[3] === 0 && (proofCount === 1 || proofs[PROOF_WORDS + 3] === 0);
  const second = proofCount === 1 ? NONE : (proofs[PROOF_WORDS + 1] ?? NONE);
  return isPlain ? findBlock(denials, snapshot, found.zone, proofs[1] ?? NONE, second) : NONE;
}
