// Compact denial (RFC 9824): one NSEC at the very name that was asked, made for it and signed when it is asked for. It says that
// the name is there and has nothing of the type; where it is not there at all, that it has the type NXNAME and no other.
//
//   owner: the name        data: \000.the name | types that there are, RRSIG, NSEC  (or RRSIG, NSEC, NXNAME)

import { hasBindings } from '../snapshot/bindings.ts';
import { FAMILY_A, FAMILY_AAAA, FAMILY_CNAME, NONE } from '../snapshot/snapshot.ts';
import {
  cutOf,
  firstRrsetOf,
  labelCountOf,
  NODE_WORDS,
  RRSET_WORDS,
  rrsetCountOf,
  typeOf,
  type ZoneImage,
} from '../snapshot/zone-image.ts';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from '../wire/flat-name.ts';
import {
  RCODE_NOERROR,
  RCODE_NXDOMAIN,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_DS,
  TYPE_HTTPS,
  TYPE_NS,
  TYPE_NSEC,
  TYPE_NXNAME,
  TYPE_RRSIG,
  TYPE_SVCB,
} from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import type { Desk } from './desk.ts';
import { findService } from './find-service.ts';
import { NO_ROOM, signWritten } from './sign-answer.ts';
import { RECORD_HEAD_BYTES } from './signer.ts';
import { suffixOffset } from './suffix-offset.ts';

/** The record data that is composed: memory of this thread, reused. A name, and windows for all types that a node can have. */
const data = new Uint8Array(MAX_NAME_BYTES + 8192);
/** The types at a node; more than these it cannot have, in a message of 64 kB. */
const types = new Int32Array(1024);
let typeCount = 0;

/**
 * Writes the NSEC of the name that is being answered, or of the delegation `node`, with its signatures: how many records, or
 * NO_ROOM. `node` NONE: there is no such name. `deniedType`: one that is given to others, and left out; or 0.
 */
export function writeCompactProof(desk: Desk, image: ZoneImage, node: number, deniedType: number): number {
  const { response, signer } = desk;
  const { written } = signer;
  const isCut = node !== NONE && cutOf(image, node) === node;
  const nameLength = isCut ? takeNodeName(image, node) : takeAskedName(desk);
  const nextLength = composeNext(nameLength);
  // Of 255 octets, the last of its first label the greatest: such a name nobody asks for in earnest.
  if (nextLength === 0) return 0;
  if (node === NONE) listAbsent();
  else listTypes(desk, image, node, isCut, deniedType);
  const length = nextLength + composeBitmap(nextLength);
  const ownerOffset = isCut ? suffixOffset(desk, labelCountOf(image, node)) : desk.ownerOffset;
  const ttlSeconds = image.negativeTtlSeconds;
  written.image = image;
  written.node = node;
  written.type = TYPE_NSEC;
  written.originalTtlSeconds = ttlSeconds;
  written.start = response.at;
  written.headBytes = RECORD_HEAD_BYTES;
  written.isAsked = !isCut;
  // Names that are not there are made up by the million: none of them drives out what is asked for again.
  written.isKept = node !== NONE;
  if (!writeRecord(response, ownerOffset, TYPE_NSEC, ttlSeconds, data, 0, length)) return NO_ROOM;
  const signatures = signWritten(desk, written, ttlSeconds, ownerOffset);
  return signatures === NO_ROOM ? NO_ROOM : 1 + signatures;
}

/**
 * The rcode of an answer. RFC 9824 section 5: a name that is proven to have nothing is not denied by the rcode, but to those who
 * say that they understand both; section 5.1: the answer then says so too.
 */
export function denyCompactly({ query, response, found }: Desk, rcode: number): number {
  if (!query.dnssecOk || found.image.signing?.isCompact !== true) return rcode;
  response.compact = query.compactOk;
  return rcode === RCODE_NXDOMAIN && !query.compactOk ? RCODE_NOERROR : rcode;
}

/** The name stands in `data` behind two octets, which `composeNext` makes a label of. */
const NEXT_LABEL_BYTES = 2;

function takeAskedName({ owner }: Desk): number {
  for (let at = 0; at < owner.length; at++) data[NEXT_LABEL_BYTES + at] = owner.bytes[at] ?? 0;
  return owner.length;
}

function takeNodeName({ words, bytes, name }: ZoneImage, node: number): number {
  const length = (words[node] ?? 0) & 0xff;
  const start = 4 * (node + NODE_WORDS);
  for (let at = 0; at < length; at++) data[NEXT_LABEL_BYTES + at] = bytes[start + at] ?? 0;
  for (let at = 0; at < name.length; at++) data[NEXT_LABEL_BYTES + length + at] = name[at] ?? 0;
  return length + name.length;
}

/**
 * The name right behind the one in `data`, in canonical order: a label of one zero octet before it. Where no octet more fits, a
 * later one of the same zone must do (RFC 4471 section 3.1.2): its first label, longer by a zero octet or with a greater last one.
 * Returns its length; 0 where there is none that is easily found.
 */
function composeNext(nameLength: number): number {
  if (nameLength + NEXT_LABEL_BYTES <= MAX_NAME_BYTES) {
    data[0] = 1;
    data[1] = 0;
    return NEXT_LABEL_BYTES + nameLength;
  }
  data.copyWithin(0, NEXT_LABEL_BYTES, NEXT_LABEL_BYTES + nameLength);
  const labelLength = data[0] ?? 0;
  if (nameLength < MAX_NAME_BYTES && labelLength < MAX_LABEL_BYTES) {
    data.copyWithin(labelLength + 2, labelLength + 1, nameLength);
    data[0] = labelLength + 1;
    data[labelLength + 1] = 0;
    return nameLength + 1;
  }
  const last = data[labelLength] ?? 0;
  // Behind "@" stand the capital letters, which are in lower case here.
  data[labelLength] = last === 0x40 ? 0x5b : last + 1;
  return last === 0xff ? 0 : nameLength;
}

/** RFC 9824 section 2: "the type bitmap […] contains only RRSIG, NSEC, and NXNAME". */
function listAbsent(): void {
  typeCount = 0;
  addType(TYPE_RRSIG);
  addType(TYPE_NSEC);
  addType(TYPE_NXNAME);
}

function listTypes(desk: Desk, image: ZoneImage, node: number, isCut: boolean, deniedType: number): void {
  typeCount = 0;
  addType(TYPE_RRSIG);
  addType(TYPE_NSEC);
  let rrset = firstRrsetOf(image, node);
  for (let index = rrsetCountOf(image, node); index > 0; index--, rrset += RRSET_WORDS) {
    const type = typeOf(image, rrset);
    if (!isCut || type === TYPE_NS || type === TYPE_DS) addType(type);
  }
  if (image !== desk.found.image || isCut) return;
  const { zones, services } = desk.snapshot;
  const service = findService(zones, desk.found);
  if (service === NONE) return;
  const families = services.families[service] ?? 0;
  if ((families & FAMILY_A) !== 0 && deniedType !== TYPE_A) addType(TYPE_A);
  if ((families & FAMILY_AAAA) !== 0 && deniedType !== TYPE_AAAA) addType(TYPE_AAAA);
  if (families === FAMILY_CNAME && deniedType !== TYPE_CNAME) addType(TYPE_CNAME);
  if (hasBindings(services.bindings, service, TYPE_SVCB)) addType(TYPE_SVCB);
  if (hasBindings(services.bindings, service, TYPE_HTTPS)) addType(TYPE_HTTPS);
}

/** Keeps `types` in ascending order, each once: there are few. */
function addType(type: number): void {
  let at = typeCount;
  while (at > 0 && (types[at - 1] ?? 0) > type) at--;
  if ((at > 0 && types[at - 1] === type) || typeCount === types.length) return;
  types.copyWithin(at + 1, at, typeCount);
  types[at] = type;
  typeCount++;
}

/** As dnssec/nsec.ts does, without leaving anything behind: from `start` in `data` on; returns its length. */
function composeBitmap(start: number): number {
  let at = start;
  for (let index = 0; index < typeCount; ) {
    const window = (types[index] ?? 0) >>> 8;
    data[at] = window;
    const bitmap = at + 2;
    let length = 0;
    for (; index < typeCount && (types[index] ?? 0) >>> 8 === window; index++) {
      const bit = (types[index] ?? 0) & 0xff;
      for (; length <= bit >>> 3; length++) data[bitmap + length] = 0;
      data[bitmap + (bit >>> 3)] = (data[bitmap + (bit >>> 3)] ?? 0) | (0x80 >>> (bit & 7));
    }
    data[at + 1] = length;
    at = bitmap + length;
  }
  return at - start;
}
