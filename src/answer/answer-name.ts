// Answers a name that one of our zones holds: with its records, with what its service decides, or along its CNAME, for as
// long as the chain stays within our zones.

import { findRrset } from '../snapshot/find-rrset.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { NONE } from '../snapshot/snapshot.ts';
import { readFlatName } from '../wire/flat-name.ts';
import { RCODE_NOERROR, RCODE_NXDOMAIN, TYPE_ANY, TYPE_CNAME, TYPE_HINFO } from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import { answerService, isSteered } from './answer-service.ts';
import { writeRrset, writeTargets } from './answer-zone.ts';
import type { Desk } from './desk.ts';
import { FOUND_DELEGATION, FOUND_NOTHING, FOUND_OUTSIDE, findName } from './find-name.ts';

/** CNAMEs that are followed for one question; a loop ends here, with what has been found. */
const MAX_CNAME_STEPS = 8;

/** Answers `desk.query` at `desk.found`; returns the rcode. */
export function answerName(desk: Desk): number {
  const { query, found, snapshot } = desk;
  for (let steps = 0; steps <= MAX_CNAME_STEPS; steps++) {
    if (found.kind === FOUND_NOTHING) {
      // RFC 6604 section 3: the rcode is that of the last name of the chain.
      desk.negative = true;
      return RCODE_NXDOMAIN;
    }
    // The chain has left what we may speak for: the resolver goes on from here.
    if (found.kind === FOUND_OUTSIDE || found.kind === FOUND_DELEGATION) return RCODE_NOERROR;
    if (query.type === TYPE_ANY) return answerAny(desk);

    const service = snapshot.names.services[found.node] ?? NONE;
    if (service !== NONE && isSteered(snapshot, service, query.type)) return answerService(desk, service);

    const rrset = findRrset(snapshot.names, snapshot.rrsets, found.node, query.type);
    if (rrset !== NONE) {
      if (writeRrset(desk, rrset, 'answers', desk.ownerOffset)) writeTargets(desk, rrset);
      return RCODE_NOERROR;
    }
    const cname = findRrset(snapshot.names, snapshot.rrsets, found.node, TYPE_CNAME);
    if (cname === NONE) {
      desk.negative = true;
      return RCODE_NOERROR;
    }
    if (!followCname(desk, cname)) return RCODE_NOERROR;
  }
  return RCODE_NOERROR;
}

/** Writes the CNAME and finds its target; false when it did not fit. */
function followCname(desk: Desk, cname: number): boolean {
  const { response, snapshot, target, found } = desk;
  if (!writeRrset(desk, cname, 'answers', desk.ownerOffset)) return false;
  const dataStart = snapshot.rrsets.dataStarts[cname] ?? 0;
  const dataLength = dataLengthAt(snapshot, dataStart);
  readFlatName(target, snapshot.rrsets.data, dataStart + 2, dataStart + 2 + dataLength);
  desk.owner = target;
  // The target is the data that was written last, and written out in full.
  desk.ownerOffset = response.at - dataLength - response.start;
  findName(snapshot.names, target, found);
  return true;
}

function dataLengthAt({ rrsets }: Snapshot, dataStart: number): number {
  return ((rrsets.data[dataStart] ?? 0) << 8) | (rrsets.data[dataStart + 1] ?? 0);
}

/** RFC 8482 section 4.2: one small record instead of everything, so that nothing is gained by asking with a forged source. */
function answerAny({ response, ownerOffset }: Desk): number {
  if (writeRecord(response, ownerOffset, TYPE_HINFO, ANY_TTL_SECONDS, ANY_DATA, 0, ANY_DATA.length)) response.answers++;
  return RCODE_NOERROR;
}

const ANY_TTL_SECONDS = 3600;
/** CPU "RFC8482", OS "". */
const ANY_DATA = Uint8Array.from([7, 0x52, 0x46, 0x43, 0x38, 0x34, 0x38, 0x32, 0]);
