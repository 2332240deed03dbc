// The hot path: a query's bytes in, an answer's bytes out. It never waits, never allocates, never asks anyone; all that it
// needs is on the desk: the snapshot, the state beside it, and the memory in which this thread works.
//
//   parse → find zone → find name → rank → pick → compose
//
// Serves RFC 1034 section 4.3.2, RFC 2308 (negative answers), RFC 7871 (client subnet).

import { NONE } from '../snapshot/snapshot.ts';
import { PARSED, parseQuery, SILENCE } from '../wire/query.ts';
import { CLASS_ANY, CLASS_IN, RCODE_NOERROR, RCODE_REFUSED } from '../wire/record-types.ts';
import { beginResponse, finishResponse, MAX_UDP_PAYLOAD, QUESTION_OFFSET } from '../wire/response.ts';
import { answerName } from './answer-name.ts';
import { writeNegative, writeReferral } from './answer-zone.ts';
import { countDropped, countRequest, countResponse, DROPPED_MALFORMED } from './counters.ts';
import type { Desk } from './desk.ts';
import { FOUND_DELEGATION, FOUND_OUTSIDE, findName } from './find-name.ts';

export const UDP = 0;
export const TCP = 1;

/**
 * Answers the message in `bytes[start .. start + length)` into `out` from `outStart` on, where at least `outSize` bytes
 * are free (what TCP may take; over UDP the client's and our own limits apply too). `desk.client` must hold where the
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
  const { query, response, counters, snapshot, found } = desk;
  const outcome = parseQuery(query, bytes, start, length);
  if (outcome === SILENCE) {
    countDropped(counters, DROPPED_MALFORMED);
    return 0;
  }
  const size = protocol === TCP ? outSize : Math.min(outSize, query.udpPayloadSize, MAX_UDP_PAYLOAD);
  beginResponse(response, query, out, outStart, size);
  beginAnswer(desk);
  const rcode = outcome === PARSED ? answerQuestion(desk) : outcome;
  const zone = outcome === PARSED && found.zone !== NONE ? found.zone : snapshot.zones.names.length;
  countRequest(counters, zone, protocol, desk.client.family === 6 ? 1 : 0, query.type);
  countResponse(counters, zone, rcode);
  return finishResponse(response, query, rcode, desk.authoritative, desk.scope);
}

function beginAnswer(desk: Desk): void {
  desk.owner = desk.query.name;
  desk.ownerOffset = QUESTION_OFFSET;
  desk.scope = 0;
  desk.negative = false;
  desk.authoritative = false;
}

/** Fills the response's sections; returns the rcode. */
function answerQuestion(desk: Desk): number {
  const { query, found } = desk;
  findName(desk.snapshot.names, query.name, found);
  if (found.kind === FOUND_OUTSIDE || (query.class !== CLASS_IN && query.class !== CLASS_ANY)) return RCODE_REFUSED;
  desk.trace?.push({ step: 'zone', zone: found.zone });
  if (found.kind === FOUND_DELEGATION) {
    writeReferral(desk);
    return RCODE_NOERROR;
  }
  const rcode = answerName(desk);
  desk.authoritative = rcode !== RCODE_REFUSED;
  if (desk.negative) writeNegative(desk);
  return rcode;
}
