// Parses one DNS query, or a NOTIFY, from the wire into a Query that the caller owns and reuses: no allocation, no exception, whatever
// the bytes. Anything that is not exactly one well-formed question gets the rcode that it deserves, or silence.
//
// Serves RFC 1035 section 4.1, RFC 1996 section 3.7 (NOTIFY), RFC 6891 (EDNS; its options: query-options.ts), RFC 8945 (where TSIG stands), RFC 9619 (one
// question only), and the query without a question of RFC 7873 section 5.4.
//
//   0           12                  questionEnd                    end
//   | header 12 | qname, type, class | OPT and others, any order   |

import { createFlatName, type FlatName, MAX_LABEL_BYTES, MAX_LABELS, readFlatName } from './flat-name.ts';
import { createSubnet, HAS_COOKIE, parseOptions, type QueryOptions } from './query-options.ts';
import {
  OPCODE_NOTIFY,
  RCODE_BADVERS,
  RCODE_FORMERR,
  RCODE_NOTIMP,
  TYPE_IXFR,
  TYPE_OPT,
  TYPE_SOA,
  TYPE_TSIG,
} from './record-types.ts';

/** A query as parsed. One per thread, filled anew for each message; byte offsets count from the start of `bytes`. */
export type Query = QueryOptions & {
  bytes: Uint8Array;
  start: number;
  id: number;
  /** Opcode, and the two flags that a response repeats. */
  opcode: number;
  recursionDesired: boolean;
  checkingDisabled: boolean;
  /** Offset behind the question; equals `start + 12` where there is none that could be parsed. */
  questionEnd: number;
  /** 0 while no question could be parsed. */
  type: number;
  class: number;
  /** In lower case; the case that was asked in stays in `bytes`. */
  readonly name: FlatName;
  hasEdns: boolean;
  ednsVersion: number;
  /** As the client states it; 512 without EDNS. */
  udpPayloadSize: number;
  dnssecOk: boolean;
  /** Where the TSIG record begins, the last of the message; -1: it has none. */
  signatureAt: number;
  /** IXFR: the serial that whoever asks has already (RFC 1995 section 3). */
  heldSerial: number;
  /** RFC 9824 section 5.1: NXDOMAIN is understood beside a compact denial. */
  compactOk: boolean;
};

/** What to do with a message: 0 answer it; -1 say nothing; -2 it is a NOTIFY of an SOA; otherwise the rcode of an answer without content. */
export type ParseOutcome = number;
export const PARSED: ParseOutcome = 0;
export const SILENCE: ParseOutcome = -1;
export const PARSED_NOTIFY: ParseOutcome = -2;

export const HEADER_BYTES = 12;
/** Records that a query may carry beside its question: OPT, TSIG, SIG(0) and a little room. */
const MAX_ADDITIONAL_RECORDS = 8;
/** A NOTIFY has one at most, the SOA; whatever else there is is passed over. */
const MAX_PASSED_RECORDS = 8;
const MIN_UDP_PAYLOAD = 512;

export function createQuery(): Query {
  return {
    bytes: new Uint8Array(0),
    start: 0,
    id: 0,
    opcode: 0,
    recursionDesired: false,
    checkingDisabled: false,
    questionEnd: 0,
    type: 0,
    class: 0,
    name: createFlatName(),
    hasEdns: false,
    ednsVersion: 0,
    udpPayloadSize: MIN_UDP_PAYLOAD,
    dnssecOk: false,
    signatureAt: -1,
    heldSerial: 0,
    compactOk: false,
    options: 0,
    cookieStart: 0,
    cookieBytes: 0,
    subnet: createSubnet(),
  };
}

/** Parses `length` bytes of `bytes` from `start` on into `query`. */
export function parseQuery(query: Query, bytes: Uint8Array, start: number, length: number): ParseOutcome {
  if (length < HEADER_BYTES) return SILENCE;
  const flags = read16(bytes, start + 2);
  // A response must never be answered: two servers would talk to each other for ever.
  if (flags & 0x8000) return SILENCE;
  resetQuery(query, bytes, start, flags);
  const end = start + length;
  if (query.opcode !== 0) return query.opcode === OPCODE_NOTIFY ? parseNotify(query, end) : RCODE_NOTIMP;
  const questions = read16(bytes, start + 4);
  // RFC 9619 section 4: "a DNS message with OPCODE = 0 MUST NOT include a QDCOUNT parameter whose value is greater than 1".
  const authorities = read16(bytes, start + 8);
  if (questions > 1 || read16(bytes, start + 6) !== 0 || authorities > 1) return RCODE_FORMERR;
  if (questions === 1 && !parseQuestion(query, end)) return RCODE_FORMERR;
  let at = query.questionEnd;
  // IXFR is the one type whose questions have an authority section, and they always have it.
  if (query.type === TYPE_IXFR) at = authorities === 1 ? parseHeldSoa(query, end) : -1;
  else if (authorities === 1) return RCODE_FORMERR;
  if (at < 0 || !parseAdditional(query, at, read16(bytes, start + 10), end)) return RCODE_FORMERR;
  // Without a question there is one thing to ask for, a server cookie (RFC 7873 section 5.4).
  if (questions === 0 && (query.options & HAS_COOKIE) === 0) return RCODE_FORMERR;
  return query.hasEdns && query.ednsVersion !== 0 ? RCODE_BADVERS : PARSED;
}

/**
 * RFC 1996 section 3.7: "A NOTIFY request has QDCOUNT>0, ANCOUNT>=0, AUCOUNT>=0, ADCOUNT>=0." More than one question is left
 * undefined; what answers there are need not be looked at. Section 1.2: "only allows slaves to be notified of SOA RR changes".
 */
function parseNotify(query: Query, end: number): ParseOutcome {
  const { bytes, start } = query;
  if (read16(bytes, start + 4) !== 1 || !parseQuestion(query, end)) return RCODE_FORMERR;
  const at = passRecords(bytes, query.questionEnd, read16(bytes, start + 6) + read16(bytes, start + 8), end);
  if (at < 0 || !parseAdditional(query, at, read16(bytes, start + 10), end)) return RCODE_FORMERR;
  if (query.hasEdns && query.ednsVersion !== 0) return RCODE_BADVERS;
  return query.type === TYPE_SOA ? PARSED_NOTIFY : RCODE_NOTIMP;
}

/** Offset behind `count` records, or -1; that the data of the last ends within the message is for the next step to see. */
function passRecords(bytes: Uint8Array, at: number, count: number, end: number): number {
  if (count > MAX_PASSED_RECORDS) return -1;
  for (; count > 0; count--) {
    at = skipName(bytes, at, end);
    if (at < 0 || at + 10 > end) return -1;
    at += 10 + read16(bytes, at + 8);
  }
  return at;
}

function resetQuery(query: Query, bytes: Uint8Array, start: number, flags: number): void {
  query.bytes = bytes;
  query.start = start;
  query.id = read16(bytes, start);
  query.opcode = (flags >>> 11) & 15;
  query.recursionDesired = (flags & 0x0100) !== 0;
  query.checkingDisabled = (flags & 0x0010) !== 0;
  query.questionEnd = start + HEADER_BYTES;
  query.type = 0;
  query.class = 0;
  query.hasEdns = false;
  query.ednsVersion = 0;
  query.udpPayloadSize = MIN_UDP_PAYLOAD;
  query.dnssecOk = false;
  query.signatureAt = -1;
  query.compactOk = false;
  // What these do not name is not looked at, so that it need not be cleared.
  query.options = 0;
  query.subnet.present = false;
}

/** A compression pointer in the question has nothing to point at: readFlatName refuses it. */
function parseQuestion(query: Query, end: number): boolean {
  const at = readFlatName(query.name, query.bytes, query.start + HEADER_BYTES, end);
  if (at < 0 || at + 4 > end) return false;
  query.type = read16(query.bytes, at);
  query.class = read16(query.bytes, at + 2);
  query.questionEnd = at + 4;
  return true;
}

/** RFC 1995 section 3: "the authority section containing the SOA record of client's version of the zone". Returns the offset behind it, or -1. */
function parseHeldSoa(query: Query, end: number): number {
  const { bytes } = query;
  const at = skipName(bytes, query.questionEnd, end);
  if (at < 0 || at + 10 > end || read16(bytes, at) !== TYPE_SOA) return -1;
  const length = read16(bytes, at + 8);
  const dataEnd = at + 10 + length;
  if (dataEnd > end || length < SOA_NUMBERS_BYTES + 2) return -1;
  const serialAt = dataEnd - SOA_NUMBERS_BYTES;
  query.heldSerial = read16(bytes, serialAt) * 0x10000 + read16(bytes, serialAt + 2);
  return dataEnd;
}

/** An SOA ends with five numbers of four bytes, of which the serial is the first (RFC 1035 section 3.3.13). */
const SOA_NUMBERS_BYTES = 20;

/** Finds the one OPT among the additional records; everything must end exactly where the message does. */
function parseAdditional(query: Query, at: number, count: number, end: number): boolean {
  if (count > MAX_ADDITIONAL_RECORDS) return false;
  const { bytes } = query;
  for (let record = 0; record < count; record++) {
    const ownerStart = at;
    at = skipName(bytes, at, end);
    if (at < 0 || at + 10 > end) return false;
    const type = read16(bytes, at);
    const dataStart = at + 10;
    const dataEnd = dataStart + read16(bytes, at + 8);
    if (dataEnd > end) return false;
    if (type === TYPE_OPT) {
      // RFC 6891 section 6.1.1: more than one OPT, or an OPT whose name is not the root, is FORMERR.
      if (query.hasEdns || bytes[ownerStart] !== 0) return false;
      query.hasEdns = true;
      query.udpPayloadSize = Math.max(MIN_UDP_PAYLOAD, read16(bytes, at + 2));
      query.ednsVersion = bytes[at + 5] ?? 0;
      query.dnssecOk = ((bytes[at + 6] ?? 0) & 0x80) !== 0;
      query.compactOk = ((bytes[at + 6] ?? 0) & 0x40) !== 0;
      // What the options of an unknown version mean is unknown too.
      if (query.ednsVersion === 0 && !parseOptions(query, bytes, dataStart, dataEnd)) return false;
    }
    if (type === TYPE_TSIG) {
      // RFC 8945 section 5.1: one that is not the last record is FORMERR.
      if (record !== count - 1) return false;
      query.signatureAt = ownerStart;
    }
    at = dataEnd;
  }
  return at === end;
}

/** Offset behind the name at `at`, which may end in a compression pointer (not followed); -1 when it runs out of the message. */
function skipName(bytes: Uint8Array, at: number, end: number): number {
  for (let labels = 0; labels <= MAX_LABELS; labels++) {
    if (at >= end) return -1;
    const length = bytes[at] ?? 0;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2 <= end ? at + 2 : -1;
    if (length > MAX_LABEL_BYTES) return -1;
    at += 1 + length;
  }
  return -1;
}

function read16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
