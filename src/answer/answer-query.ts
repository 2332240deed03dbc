// The hot path: a query's bytes in, an answer's bytes out. It never waits, never asks anyone, and leaves no
// garbage to speak of (a test counts it); all that it needs is on the desk: the snapshot, the state beside it, and the
// memory in which this thread works.
//
//   parse → find zone → find name → rank → pick → compose
//
// Serves RFC 1034 section 4.3.2, RFC 2308 (negative answers), RFC 7871 (client subnet), RFC 7873 section 5.2 (cookies).

import { NONE } from '../snapshot/snapshot.ts';
import { INVALID_QUERY_TYPE, NOT_AUTHORITATIVE, NOT_SUPPORTED } from '../wire/extended-error.ts';
import { HEADER_BYTES, PARSED, PARSED_NOTIFY, parseQuery, SILENCE } from '../wire/query.ts';
import { CLIENT_COOKIE_BYTES, HAS_COOKIE } from '../wire/query-options.ts';
import {
  CLASS_ANY,
  CLASS_CH,
  CLASS_IN,
  isMetaType,
  RCODE_BADCOOKIE,
  RCODE_FORMERR,
  RCODE_NOERROR,
  RCODE_NOTIMP,
  RCODE_REFUSED,
  TYPE_ANY,
  TYPE_AXFR,
  TYPE_IXFR,
  TYPE_NXNAME,
} from '../wire/record-types.ts';
import { beginResponse, finishResponse, MAX_UDP_PAYLOAD, QUESTION_OFFSET } from '../wire/response.ts';
import { noteExtendedError } from '../wire/response-options.ts';
import { answerChaos } from './answer-chaos.ts';
import { answerName } from './answer-name.ts';
import { answerNotify } from './answer-notify.ts';
import { answerTransfer } from './answer-transfer.ts';
import { answerSigned, UNSIGNED } from './answer-tsig.ts';
import { writeNegative, writeReferral, writeTargets } from './answer-zone.ts';
import { chooseOptions } from './choose-options.ts';
import { denyCompactly } from './compact-denial.ts';
import { countRequest, countResponse } from './counters.ts';
import type { Desk } from './desk.ts';
import { FOUND_DELEGATION, FOUND_OUTSIDE, findQuestion, isWithheld } from './find-name.ts';
import { imputeName, limitAnswer, WITHHELD } from './limit-answer.ts';
import { writeProofs } from './prove-absence.ts';
import { RATE_OPEN, RATE_PASS } from './rate-limit.ts';
import { keepSilence } from './silence.ts';
import { withhold } from './withhold.ts';

/** How a message came: index of PROTOCOLS in counters.ts. */
export const UDP = 0;
export const TCP = 1;
export const TLS = 2;
export const HTTPS = 3;

/**
 * Answers the message in `bytes[start .. start + length)` into `out` from `outStart` on, where at least `outSize` bytes
 * are free (what a stream may take; over UDP the client's and our own limits apply too). `desk.client` must hold where the
 * message came from. Returns the length of the answer, 0 for a message that deserves none.
 */
export function answerQuery(
  desk: Desk,
  bytes: Uint8Array,
  start: number,
  length: number,
  out: Uint8Array,
  outStart: number,
  outSize: number,
  protocol: number,
): number {
  const { query, response, counters, snapshot } = desk;
  const outcome = parseQuery(query, bytes, start, length);
  if (outcome === SILENCE) {
    keepSilence(desk, bytes, start, length);
    return 0;
  }
  const size = protocol === UDP ? Math.min(outSize, query.udpPayloadSize, MAX_UDP_PAYLOAD) : outSize;
  if (query.signatureAt !== UNSIGNED && outcome !== RCODE_FORMERR) {
    return answerSigned(desk, bytes.subarray(start, start + length), out, outStart, size, protocol, answerQuery);
  }
  beginAnswer(desk);
  // A client that has signed its query is where it says.
  const isLimited = desk.limiter !== undefined && protocol === UDP && desk.tsigSigner === undefined;
  desk.rateVerdict = isLimited ? RATE_OPEN : RATE_PASS;
  response.options = query.options === 0 ? 0 : optionsFor(desk, protocol);
  beginResponse(response, query, out, outStart, size);
  let rcode = outcome;
  if (outcome === PARSED) {
    rcode = query.options === 0 ? answerQuestion(desk, protocol) : answerWithOptions(desk, protocol);
  } else if (outcome === PARSED_NOTIFY) rcode = receiveNotify(desk, protocol);
  const zone = desk.zone !== NONE ? desk.zone : snapshot.zones.names.length;
  countRequest(counters, zone, protocol, desk.client.family === 6 ? 1 : 0, query.type);
  if (isLimited) {
    rcode = limitAnswer(desk, rcode, zone);
    if (rcode === WITHHELD) return 0;
  }
  countResponse(counters, zone, rcode);
  return finishResponse(response, query, rcode, desk.authoritative, desk.scope);
}

function beginAnswer(desk: Desk): void {
  desk.owner = desk.query.name;
  desk.ownerOffset = QUESTION_OFFSET;
  desk.chainLength = 0;
  desk.zone = NONE;
  desk.scope = 0;
  desk.negative = false;
  desk.signer.deniedType = 0;
  desk.targets = NONE;
  desk.signer.proofCount = 0;
  desk.authoritative = false;
  desk.transfer = undefined;
  desk.hasValidCookie = false;
}

function optionsFor(desk: Desk, protocol: number): number {
  return chooseOptions(desk, isConnection(protocol), protocol === TLS || protocol === HTTPS);
}

/** Of the DNS alone: HTTP keeps connections of its own (RFC 8484). */
function isConnection(protocol: number): boolean {
  return protocol === TCP || protocol === TLS;
}

/** A query that has options; those about which there is more to decide are cookies. */
function answerWithOptions(desk: Desk, protocol: number): number {
  const { query } = desk;
  if ((query.options & HAS_COOKIE) === 0) return answerQuestion(desk, protocol);
  if (query.questionEnd === query.start + HEADER_BYTES) return answerCookieQuestion(desk);
  return lacksCookie(desk, protocol) ? RCODE_BADCOOKIE : answerQuestion(desk, protocol);
}

/** Primaries ask by what the DNS itself speaks: nobody sends a NOTIFY by HTTP. */
function receiveNotify(desk: Desk, protocol: number): number {
  if (protocol === HTTPS) return RCODE_NOTIMP;
  return lacksCookie(desk, protocol) ? RCODE_BADCOOKIE : answerNotify(desk);
}

/** Whether the client must come again with the cookie that it gets. */
function lacksCookie(desk: Desk, protocol: number): boolean {
  const isRequired = protocol === UDP && desk.conduct.cookies.required === 'always';
  return isRequired && isCookieAnswered(desk) && !desk.hasValidCookie;
}

/** RFC 7873 section 5.4: a query with no question but for a server cookie, which the response has in any case. */
function answerCookieQuestion(desk: Desk): number {
  desk.imputedName = 0;
  if (!isCookieAnswered(desk)) return RCODE_FORMERR;
  return desk.hasValidCookie || desk.query.cookieBytes === CLIENT_COOKIE_BYTES ? RCODE_NOERROR : RCODE_BADCOOKIE;
}

function isCookieAnswered({ response }: Desk): boolean {
  return (response.options & HAS_COOKIE) !== 0;
}

/** Fills the response's sections; returns the rcode. */
function answerQuestion(desk: Desk, protocol: number): number {
  const { query, found } = desk;
  findQuestion(desk.snapshot.zones, query.name, query.type, found);
  desk.zone = found.zone;
  if (desk.limiter !== undefined) imputeName(desk);
  const isTransfer = query.type === TYPE_AXFR || query.type === TYPE_IXFR;
  if (isTransfer && query.class === CLASS_IN) return answerTransfer(desk, isConnection(protocol));
  const isOurClass = query.class === CLASS_IN || query.class === CLASS_ANY;
  if (found.kind === FOUND_OUTSIDE || !isOurClass) return answerOutside(desk, isOurClass);
  desk.trace?.push({ step: 'zone', zone: found.zone });
  if (isMetaType(query.type) && query.type !== TYPE_ANY) return refuseMetaType(desk);
  if (isWithheld(found, query.type)) return withhold(desk);
  if (found.kind === FOUND_DELEGATION) return refer(desk);
  const rcode = answerName(desk);
  // RFC 1035 section 6.2: with class * nobody can be sure to know everything.
  desk.authoritative = rcode !== RCODE_REFUSED && query.class === CLASS_IN;
  // The name at which its aliases end: step 3b of the algorithm comes after each of them.
  if (found.kind === FOUND_DELEGATION) return refer(desk);
  if (desk.negative) writeNegative(desk);
  else if (desk.signer.proofCount > 0) writeProofs(desk);
  if (desk.targets !== NONE) writeTargets(desk, desk.targets, NONE);
  return denyCompactly(desk, rcode);
}

function refer(desk: Desk): number {
  desk.trace?.push({ step: 'delegation' });
  writeReferral(desk);
  return RCODE_NOERROR;
}

function answerOutside(desk: Desk, isOurClass: boolean): number {
  desk.trace?.push({ step: 'outside' });
  if (desk.query.class === CLASS_CH) return answerChaos(desk);
  noteExtendedError(desk.response, isOurClass ? NOT_AUTHORITATIVE : NOT_SUPPORTED);
  return RCODE_REFUSED;
}

/** No questions that a zone could answer. */
function refuseMetaType({ query, response }: Desk): number {
  const isAbsence = query.type === TYPE_NXNAME;
  noteExtendedError(response, isAbsence ? INVALID_QUERY_TYPE : NOT_SUPPORTED);
  // RFC 9824 section 3.5: "the DNS server MUST return a Format Error".
  return isAbsence ? RCODE_FORMERR : RCODE_NOTIMP;
}
