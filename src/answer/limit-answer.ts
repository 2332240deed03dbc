// What the rate limit counts an answer as, and what goes out in place of one that is withheld. Only over UDP: who comes by a
// connection is where they say.

import { NONE } from '../snapshot/snapshot.ts';
import { labelCountOf } from '../snapshot/zone-image.ts';
import { HAS_COOKIE } from '../wire/query-options.ts';
import { RCODE_BADCOOKIE, RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_YXDOMAIN } from '../wire/record-types.ts';
import { beginResponse } from '../wire/response.ts';
import { HAS_EXTENDED_ERROR } from '../wire/response-options.ts';
import { countLimited, LIMITED_BAD_COOKIE, LIMITED_DROPPED, LIMITED_SLIPPED } from './counters.ts';
import type { Desk } from './desk.ts';
import { FOUND_DELEGATION, FOUND_NOTHING, FOUND_WILDCARD } from './find-name.ts';
import { judgeRate, RATE_DROP, RATE_OPEN, RATE_PASS, type RateVerdict } from './rate-limit.ts';

const KIND_POSITIVE = 0;
const KIND_NO_DATA = 1;
const KIND_NO_NAME = 2;
const KIND_REFERRAL = 3;
const KIND_ERROR = 4;

/** Nothing goes out. Otherwise the rcode of what does. */
export const WITHHELD = -1;

/**
 * Notes what the name that was asked for counts as: whatever a wildcard, a DNAME or a delegation stands for is one name, and
 * names that do not exist are their zone, so that an endless supply of names is none. Hashes, so that it stays
 * the same from one snapshot to the next.
 */
export function imputeName(desk: Desk): void {
  const { found, query } = desk;
  const { hashes, image, kind } = found;
  const node = kind === FOUND_DELEGATION ? found.node : found.encloser;
  const labels = node === NONE ? 0 : labelCountOf(image, node);
  desk.imputedName = (hashes[query.name.labelCount - labels] ?? 0) ^ (kind === FOUND_WILDCARD ? 1 : 0);
  desk.imputedZone = hashes[query.name.labelCount - image.labelCount] ?? 0;
}

/** Judges the answer that `desk.response` holds, and changes it where it is withheld. Returns its rcode, or WITHHELD. */
export function limitAnswer(desk: Desk, rcode: number, zone: number): number {
  if (desk.rateVerdict === RATE_OPEN) desk.rateVerdict = judgeAnswer(desk, kindOf(desk, rcode));
  return desk.rateVerdict === RATE_PASS ? rcode : withholdAnswer(desk, desk.rateVerdict, rcode, zone);
}

/**
 * Whether the answer that is being composed will go out as it is. Asked before a signature is made for it, which costs more than the
 * rest of the answer: what is withheld must not cost that. An answer is judged once.
 */
export function willPass(desk: Desk): boolean {
  if (desk.rateVerdict === RATE_OPEN) desk.rateVerdict = judgeAnswer(desk, kindAhead(desk));
  return desk.rateVerdict === RATE_PASS;
}

function judgeAnswer(desk: Desk, kind: number): RateVerdict {
  const { client, limiter } = desk;
  if (desk.hasValidCookie || limiter === undefined) return RATE_PASS;
  // Errors have no name that they are about: whoever makes them, makes them up.
  const name = kind === KIND_ERROR ? 0 : kind === KIND_NO_NAME ? desk.imputedZone : desk.imputedName;
  return judgeRate(limiter, client.family, client.words, kind, name, desk.nowSeconds);
}

/** Before there is an rcode: what is signed is no error. */
function kindAhead({ negative, found }: Desk): number {
  if (negative) return found.kind === FOUND_NOTHING ? KIND_NO_NAME : KIND_NO_DATA;
  return found.kind === FOUND_DELEGATION ? KIND_REFERRAL : KIND_POSITIVE;
}

function kindOf({ negative, authoritative, response, found }: Desk, rcode: number): number {
  if (rcode === RCODE_NXDOMAIN) return KIND_NO_NAME;
  if (rcode !== RCODE_NOERROR && rcode !== RCODE_YXDOMAIN) return KIND_ERROR;
  // A name that is denied compactly does not say by its rcode that it is not there (RFC 9824 section 5).
  if (negative) return found.kind === FOUND_NOTHING ? KIND_NO_NAME : KIND_NO_DATA;
  return response.answers === 0 && !authoritative ? KIND_REFERRAL : KIND_POSITIVE;
}

/**
 * Puts what goes out instead into the response: nothing; or something without records, by which a real client finds another
 * way: TC, for TCP, or to one that sends cookies one of ours, with BADCOOKIE (RFC 7873 section 5.2.3). An error is as short
 * as can be.
 */
function withholdAnswer(desk: Desk, verdict: RateVerdict, rcode: number, zone: number): number {
  const { counters, response, query, conduct } = desk;
  if (verdict === RATE_DROP) {
    countLimited(counters, zone, LIMITED_DROPPED);
    return WITHHELD;
  }
  const isError = kindOf(desk, rcode) === KIND_ERROR;
  response.options &= ~HAS_EXTENDED_ERROR;
  beginResponse(response, query, response.bytes, response.start, response.end - response.start);
  desk.authoritative = false;
  desk.scope = 0;
  if ((response.options & HAS_COOKIE) !== 0 && conduct.cookies.required !== 'never') {
    countLimited(counters, zone, LIMITED_BAD_COOKIE);
    return RCODE_BADCOOKIE;
  }
  countLimited(counters, zone, LIMITED_SLIPPED);
  if (isError) return rcode;
  response.truncated = true;
  return RCODE_NOERROR;
}
