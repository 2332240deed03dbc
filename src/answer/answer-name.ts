// Answers a name that one of our zones holds: with its records, with what its service decides, or along its alias, for as
// long as the chain stays within our zones.

import { hasBindings } from '../snapshot/bindings.ts';
import { NONE } from '../snapshot/snapshot.ts';
import {
  findRrset,
  firstRrsetOf,
  RRSET_WORDS,
  rrsetCountOf,
  steeredOf,
  typeOf,
  type ZoneImage,
} from '../snapshot/zone-image.ts';
import {
  RCODE_NOERROR,
  RCODE_NXDOMAIN,
  TYPE_ANY,
  TYPE_CNAME,
  TYPE_HINFO,
  TYPE_NSEC,
  TYPE_RRSIG,
} from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import { answerBindings } from './answer-bindings.ts';
import { answerService, isSteered } from './answer-service.ts';
import { writeRrset } from './answer-zone.ts';
import { writeCompactProof } from './compact-denial.ts';
import { type Desk, MAX_ALIAS_STEPS } from './desk.ts';
import { FOUND_DELEGATION, FOUND_NOTHING, FOUND_OUTSIDE, FOUND_WILDCARD, isWithheld } from './find-name.ts';
import { findService } from './find-service.ts';
import { FOLLOWED, findDname, followCname, followDname } from './follow-alias.ts';
import { noteWildcard } from './prove-absence.ts';
import { NO_ROOM, signAtNeed } from './sign-answer.ts';
import { takeBack } from './take-back.ts';
import { isForeignType, withhold } from './withhold.ts';

/** Answers `desk.query` at `desk.found`; returns the rcode. */
export function answerName(desk: Desk): number {
  const { query, found, snapshot } = desk;
  for (let steps = 0; steps <= MAX_ALIAS_STEPS; steps++) {
    // The chain has left what we may speak for: the resolver goes on from here.
    if (found.kind === FOUND_OUTSIDE || found.kind === FOUND_DELEGATION || isWithheld(found, query.type)) {
      return RCODE_NOERROR;
    }
    if (found.kind === FOUND_NOTHING) {
      const dname = findDname(desk);
      // RFC 6604 section 3: the rcode is that of the last name of the chain.
      if (dname === NONE) return isProofAsked(desk) ? answerProof(desk) : answerNothing(desk, RCODE_NXDOMAIN);
      const outcome = followDname(desk, dname);
      if (outcome === FOLLOWED) continue;
      return outcome;
    }
    if (isProofAsked(desk)) return answerProof(desk);
    noteWildcard(desk);
    if (found.kind === FOUND_WILDCARD) desk.trace?.push({ step: 'wildcard' });
    const service = findService(snapshot.zones, found);
    if (service !== NONE && isSteered(snapshot, service, query.type)) {
      const outcome = answerService(desk, service);
      if (outcome === FOLLOWED) continue;
      return outcome;
    }

    if (service !== NONE && hasBindings(snapshot.services.bindings, service, query.type)) {
      return answerBindings(desk, service);
    }
    if (isForeignType(desk)) return withhold(desk);
    const rrset = findRrset(found.image, found.node, query.type);
    if (rrset !== NONE) {
      desk.trace?.push({ step: 'records' });
      if (writeRrset(desk, found.node, rrset, 'answers', desk.ownerOffset)) desk.targets = rrset;
      return RCODE_NOERROR;
    }
    const cname = findRrset(found.image, found.node, TYPE_CNAME);
    if (query.type === TYPE_ANY) return answerAny(desk, cname);
    if (cname === NONE) return answerNothing(desk, RCODE_NOERROR);
    const outcome = followCname(desk, cname);
    if (outcome !== FOLLOWED) return outcome;
  }
  return RCODE_NOERROR;
}

/** Where every name has an NSEC that is made when it is needed, it may also be asked for. */
function isProofAsked({ query, found }: Desk): boolean {
  return query.type === TYPE_NSEC && query.dnssecOk && found.image.signing?.isCompact === true;
}

function answerProof(desk: Desk): number {
  const { response, found } = desk;
  const before = response.at;
  const records = writeCompactProof(desk, found.image, found.node, 0);
  if (records === NO_ROOM) takeBack(response, before);
  else response.answers += records;
  return RCODE_NOERROR;
}

function answerNothing(desk: Desk, rcode: number): number {
  desk.negative = true;
  desk.trace?.push({ step: rcode === RCODE_NXDOMAIN ? 'no-name' : 'no-records' });
  return rcode;
}

/**
 * RFC 8482 section 4.2: one small record instead of everything, so that nothing is gained by asking with a forged source:
 * the CNAME where there is one, otherwise a HINFO; nothing where there is nothing.
 */
function answerAny(desk: Desk, cname: number): number {
  const { response, ownerOffset, found } = desk;
  if (cname !== NONE) {
    writeRrset(desk, found.node, cname, 'answers', ownerOffset);
    return RCODE_NOERROR;
  }
  const isEmpty = rrsetCountOf(found.image, found.node) === 0 && steeredOf(found.image, found.node) === NONE;
  if (isEmpty) return answerNothing(desk, RCODE_NOERROR);
  // RFC 8482 section 4.1: one of the sets that are there, where what we make could not be signed.
  if (found.image.hasOwnSerial && found.image.signing !== undefined) {
    const rrset = findSigned(found.image, found.node);
    if (rrset === NONE) return answerNothing(desk, RCODE_NOERROR);
    writeRrset(desk, found.node, rrset, 'answers', ownerOffset);
    return RCODE_NOERROR;
  }
  const before = response.at;
  if (!writeRecord(response, ownerOffset, TYPE_HINFO, ANY_TTL_SECONDS, ANY_DATA, 0, ANY_DATA.length))
    return RCODE_NOERROR;
  const { image, node } = found;
  const ttl = ANY_TTL_SECONDS;
  const signatures = signAtNeed(desk, image, node, TYPE_HINFO, ttl, before, ttl, ownerOffset);
  if (signatures === NO_ROOM) takeBack(response, before);
  else response.answers += 1 + signatures;
  return RCODE_NOERROR;
}

/** A set at the node that stands for itself, or NONE. */
function findSigned(image: ZoneImage, node: number): number {
  const first = firstRrsetOf(image, node);
  const end = first + RRSET_WORDS * rrsetCountOf(image, node);
  for (let rrset = first; rrset < end; rrset += RRSET_WORDS) {
    const type = typeOf(image, rrset);
    if (type !== TYPE_RRSIG && type !== TYPE_NSEC) return rrset;
  }
  return NONE;
}

const ANY_TTL_SECONDS = 3600;
/** CPU "RFC8482", OS "". */
const ANY_DATA = Uint8Array.from([7, 0x52, 0x46, 0x43, 0x38, 0x34, 0x38, 0x32, 0]);
