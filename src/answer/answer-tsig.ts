// Queries that are signed (RFC 8945): verified first, then answered as if they were not, and the answer signed with the same
// key. What cannot be verified gets no answer but what is wrong with its signature (section 5.2).

import { NONE } from '../snapshot/snapshot.ts';
import { HEADER_BYTES } from '../wire/query.ts';
import { RCODE_FORMERR, RCODE_NOTAUTH } from '../wire/record-types.ts';
import { beginResponse, finishResponse } from '../wire/response.ts';
import { appendTsig, composeTime, composeTsig, type Tsig, type TsigKey, tsigBytes } from '../wire/tsig.ts';
import { createTsigSigner, signMessage } from '../wire/tsig-sign.ts';
import {
  TSIG_BADKEY,
  TSIG_BADSIG,
  TSIG_BADTIME,
  type TsigFault,
  type Verified,
  verifyMessage,
} from '../wire/tsig-verify.ts';
import { countRequest, countResponse, countSignature, PROTOCOLS, SIGNATURE_OUTCOMES } from './counters.ts';
import type { Desk } from './desk.ts';
import { limitAnswer, WITHHELD } from './limit-answer.ts';
import { RATE_OPEN, RATE_PASS } from './rate-limit.ts';
import { findTsigKey } from './tsig-desk.ts';

/** `answerQuery`, handed over since files do not import each other. */
export type AnswerQuery = (
  desk: Desk,
  bytes: Uint8Array,
  start: number,
  length: number,
  out: Uint8Array,
  outStart: number,
  outSize: number,
  protocol: number,
) => number;

/** Answers the message that `desk.query` was parsed from, into at most `size` bytes of `out`. Returns the length of the answer. */
export function answerSigned(
  desk: Desk,
  message: Uint8Array,
  out: Uint8Array,
  outStart: number,
  size: number,
  protocol: number,
  answerQuery: AnswerQuery,
): number {
  const { query, tsig: tsigDesk } = desk;
  const nowSeconds = tsigDesk.nowSeconds();
  const verified = verifyMessage(message, query.signatureAt - query.start, {
    hmac: tsigDesk.hmac,
    findKey: (name) => findTsigKey(tsigDesk, name),
    nowSeconds,
  });
  countSignature(desk.counters, SIGNATURE_OUTCOMES.indexOf(verified.ok ? 'verified' : verified.fault));
  if (!verified.ok) return refuseSignature(desk, verified, out, outStart, size, protocol, nowSeconds);
  const { key, tsig, bare } = verified;
  // What is answered is the message as it came, though a forwarder may have given it another id than was signed.
  bare.set(message.subarray(0, 2));
  const signer = createTsigSigner(tsigDesk.hmac, key, tsig.mac);
  desk.tsigSigner = signer;
  const room = size - tsigBytes(key);
  const length = answerQuery(desk, bare, 0, bare.length, out, outStart, room, protocol);
  desk.tsigSigner = undefined;
  // Its messages are signed one by one.
  if (desk.transfer !== undefined) return length;
  if (length <= 0) return length;
  return signMessage(signer, out, outStart, fitSignature(desk, out, outStart, length, room), nowSeconds);
}

/**
 * Where question and options leave no room for the signature, RFC 8945 section 5.3: "This response contains only the question
 * and a TSIG record, has the TC bit set, and has RCODE 0". Returns the length without the signature.
 */
function fitSignature({ query }: Desk, out: Uint8Array, outStart: number, length: number, room: number): number {
  if (length <= room) return length;
  out[outStart + 2] = ((out[outStart + 2] ?? 0) & ~FLAG_AA) | FLAG_TC;
  out[outStart + 3] = (out[outStart + 3] ?? 0) & FLAG_CD;
  out.fill(0, outStart + QUESTION_COUNT_END, outStart + HEADER_BYTES);
  return query.questionEnd - query.start;
}

const FLAG_AA = 0x04;
const FLAG_TC = 0x02;
const FLAG_CD = 0x10;
const QUESTION_COUNT_END = 6;

const UDP = PROTOCOLS.indexOf('udp');

const TSIG_ERRORS: Readonly<Record<TsigFault, number>> = {
  malformed: 0,
  'bad-key': TSIG_BADKEY,
  'bad-signature': TSIG_BADSIG,
  'bad-time': TSIG_BADTIME,
};

/**
 * RFC 8945 section 5.2: FORMERR for what is malformed, otherwise NOTAUTH with the error in a TSIG; unsigned, but for BADTIME: "A
 * response indicating a BADTIME error MUST be signed by the same key as the request. It MUST include the client's current
 * time in the Time Signed field, the server's current time […] in the Other Data field" (5.2.3).
 */
function refuseSignature(
  desk: Desk,
  { fault, tsig, key }: Extract<Verified, { ok: false }>,
  out: Uint8Array,
  outStart: number,
  size: number,
  protocol: number,
  nowSeconds: number,
): number {
  const { query, response, counters, snapshot, client, limiter } = desk;
  const stated = fault === 'malformed' ? RCODE_FORMERR : RCODE_NOTAUTH;
  desk.hasValidCookie = false;
  response.options = 0;
  beginResponse(response, query, out, outStart, size);
  const zone = snapshot.zones.names.length;
  countRequest(counters, zone, protocol, client.family === 6 ? 1 : 0, query.type);
  const isLimited = limiter !== undefined && protocol === UDP;
  desk.rateVerdict = isLimited ? RATE_OPEN : RATE_PASS;
  const rcode = isLimited ? limitAnswer(desk, stated, zone) : stated;
  if (rcode === WITHHELD) return 0;
  const length = finishResponse(response, query, rcode, false, 0);
  countResponse(counters, zone, rcode);
  if (fault === 'malformed' || tsig === undefined) return length;
  if (key !== undefined) return signRefusal(desk, out, outStart, length, size, tsig, key, nowSeconds);
  // No longer than the record that came: it has no MAC, and no other data.
  const { keyName, algorithmName, timeSigned, fudgeSeconds } = tsig;
  const record = composeTsig(
    { keyName, algorithmName, timeSigned, fudgeSeconds, mac: NOTHING, other: NOTHING, error: TSIG_ERRORS[fault] },
    query.id,
  );
  return length + record.length > size ? length : appendTsig(out, outStart, length, record);
}

const NOTHING = new Uint8Array(0);

function signRefusal(
  desk: Desk,
  out: Uint8Array,
  outStart: number,
  length: number,
  size: number,
  tsig: Tsig,
  key: TsigKey,
  nowSeconds: number,
): number {
  const { timeSigned, fudgeSeconds } = tsig;
  const other = composeTime(nowSeconds);
  const stated = { timeSigned, fudgeSeconds, error: TSIG_BADTIME, other };
  const fitting = fitSignature(desk, out, outStart, length, size - tsigBytes(key) - other.length);
  return signMessage(createTsigSigner(desk.tsig.hmac, key, tsig.mac), out, outStart, fitting, nowSeconds, stated);
}

/** What `query.signatureAt` says where there is no signature. */
export const UNSIGNED = NONE;
