// Composes one DNS response into memory that the caller owns: header and question first, records as they come, the
// EDNS part last, for which room is kept from the beginning. An RRset goes in whole or not at all (RFC 2181 section 9).
//
//   start        +12                                                      limit
//   | header 12 | question as asked | records … | room for OPT and its options |

import type { Query } from './query.ts';
import { HEADER_BYTES } from './query.ts';
import { CLASS_IN, TYPE_OPT } from './record-types.ts';
import {
  COOKIES_BYTES,
  chosenOptionBytes,
  extendedErrorBytes,
  hasExtendedError,
  isPadded,
  OPT_BYTES,
  type ResponseOptions,
  subnetOptionBytes,
  writeChosenOptions,
  writeExtendedError,
  writePadding,
  writeSubnet,
} from './response-options.ts';
import { copyBytes, write16, write32 } from './write-bytes.ts';

/** One per thread, begun anew for each response. */
export type Response = ResponseOptions & {
  bytes: Uint8Array;
  start: number;
  at: number;
  /** Records must end here; the room for OPT lies behind, up to `end`. */
  limit: number;
  end: number;
  answers: number;
  authorities: number;
  additionals: number;
  truncated: boolean;
  /** What is not there was denied compactly, to a client that understands it. */
  compact: boolean;
};

export type Section = 'answers' | 'authorities' | 'additionals';

/** Compression pointer to the question's name, which always stands right behind the header. */
export const QUESTION_OFFSET = HEADER_BYTES;
/** What an EDNS-aware server can take and gives at most over UDP, so that nothing is fragmented (RFC 9715). */
export const MAX_UDP_PAYLOAD = 1232;

/** How far from the start of a message a compression pointer reaches (RFC 1035 section 4.1.4). */
const MAX_POINTER = 0x3fff;

export function createResponse(): Response {
  return {
    bytes: new Uint8Array(0),
    start: 0,
    at: 0,
    limit: 0,
    end: 0,
    answers: 0,
    authorities: 0,
    additionals: 0,
    truncated: false,
    compact: false,
    options: 0,
    nsid: new Uint8Array(0),
    cookies: new Uint8Array(COOKIES_BYTES),
    keepaliveUnits: 0,
    extendedError: 0,
  };
}

/**
 * Starts a response of at most `size` bytes at `start`, with the question byte for byte as it was asked. Its options must have
 * been chosen.
 */
export function beginResponse(response: Response, query: Query, bytes: Uint8Array, start: number, size: number): void {
  const questionBytes = query.questionEnd - query.start;
  for (let index = HEADER_BYTES; index < questionBytes; index++) {
    bytes[start + index] = query.bytes[query.start + index] ?? 0;
  }
  response.bytes = bytes;
  response.start = start;
  response.at = start + questionBytes;
  response.end = start + size;
  response.limit = response.end - optBytes(response, query);
  response.answers = 0;
  response.authorities = 0;
  response.additionals = 0;
  response.truncated = false;
  response.compact = false;
}

/** Named one by one: a property whose name V8 does not know beforehand costs as much as the record. */
export function countRecords(response: Response, section: Section, count: number): void {
  if (section === 'answers') response.answers += count;
  else if (section === 'authorities') response.authorities += count;
  else response.additionals += count;
}

/**
 * Writes a record's owner, type, class and TTL and its data from `data[dataStart .. dataStart + dataLength)`. The owner
 * is `ownerOffset`, counted from the start of the message, as a compression pointer, or written once more where a pointer
 * does not reach. False when there is no room; the caller then takes back what belongs to the same RRset.
 */
export function writeRecord(
  response: Response,
  ownerOffset: number,
  type: number,
  ttlSeconds: number,
  data: Uint8Array,
  dataStart: number,
  dataLength: number,
): boolean {
  if (ownerOffset > MAX_POINTER) {
    const start = response.start + ownerOffset;
    const length = writtenNameBytes(response.bytes, start);
    return writeForeignRecord(response, response.bytes, start, length, type, ttlSeconds, data, dataStart, dataLength);
  }
  if (response.at + 12 + dataLength > response.limit) return false;
  const { bytes } = response;
  const at = write16(bytes, response.at, 0xc000 | ownerOffset);
  response.at = writeRecordBody(bytes, at, type, ttlSeconds, data, dataStart, dataLength);
  return true;
}

/** Of a name as it stands in a message: up to its end, or with the pointer that it ends in. */
function writtenNameBytes(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) !== 0 && (bytes[at] ?? 0) < 0xc0) at += 1 + (bytes[at] ?? 0);
  return at + (bytes[at] === 0 ? 1 : 2) - start;
}

/** As `writeRecord`, for an owner that stands nowhere in the message yet: its `ownerLength` bytes are written out. */
export function writeForeignRecord(
  response: Response,
  owner: Uint8Array,
  ownerStart: number,
  ownerLength: number,
  type: number,
  ttlSeconds: number,
  data: Uint8Array,
  dataStart: number,
  dataLength: number,
): boolean {
  if (response.at + ownerLength + 10 + dataLength > response.limit) return false;
  const { bytes } = response;
  const at = copyBytes(bytes, response.at, owner, ownerStart, ownerLength);
  response.at = writeRecordBody(bytes, at, type, ttlSeconds, data, dataStart, dataLength);
  return true;
}

/**
 * As `writeRecord`, for an owner of which only the end stands in the message, at `suffixOffset` from its start: the labels
 * `labels[labelsStart .. labelsStart + labelsLength)` are written before a pointer to it.
 */
export function writeSuffixedRecord(
  response: Response,
  labels: Uint8Array,
  labelsStart: number,
  labelsLength: number,
  suffixOffset: number,
  type: number,
  ttlSeconds: number,
  data: Uint8Array,
  dataStart: number,
  dataLength: number,
): boolean {
  if (response.at + labelsLength + 12 + dataLength > response.limit) return false;
  const { bytes } = response;
  let at = copyBytes(bytes, response.at, labels, labelsStart, labelsLength);
  at = write16(bytes, at, 0xc000 | suffixOffset);
  response.at = writeRecordBody(bytes, at, type, ttlSeconds, data, dataStart, dataLength);
  return true;
}

function writeRecordBody(
  bytes: Uint8Array,
  at: number,
  type: number,
  ttlSeconds: number,
  data: Uint8Array,
  dataStart: number,
  dataLength: number,
): number {
  at = write16(bytes, at, type);
  at = write16(bytes, at, CLASS_IN);
  at = write32(bytes, at, ttlSeconds);
  at = write16(bytes, at, dataLength);
  return copyBytes(bytes, at, data, dataStart, dataLength);
}

/**
 * Completes the message: OPT where the query had one (RFC 6891 section 7), with the client subnet and how far the answer
 * holds (RFC 7871 section 7.2.1), then the header. Returns its length in bytes.
 */
export function finishResponse(
  response: Response,
  query: Query,
  rcode: number,
  authoritative: boolean,
  scopeLength: number,
): number {
  if (query.hasEdns) writeOpt(response, query, rcode, scopeLength);
  const { bytes, start } = response;
  write16(bytes, start, query.id);
  bytes[start + 2] =
    0x80 |
    (query.opcode << 3) |
    (authoritative ? 0x04 : 0) |
    (response.truncated ? 0x02 : 0) |
    (query.recursionDesired ? 0x01 : 0);
  bytes[start + 3] = (query.checkingDisabled ? 0x10 : 0) | (rcode & 15);
  write16(bytes, start + 4, query.questionEnd > query.start + HEADER_BYTES ? 1 : 0);
  write16(bytes, start + 6, response.answers);
  write16(bytes, start + 8, response.authorities);
  write16(bytes, start + 10, response.additionals);
  return response.at - start;
}

function writeOpt(response: Response, query: Query, rcode: number, scopeLength: number): void {
  const { bytes } = response;
  const records = response.at;
  let at = records;
  bytes[at++] = 0;
  at = write16(bytes, at, TYPE_OPT);
  at = write16(bytes, at, MAX_UDP_PAYLOAD);
  bytes[at++] = rcode >>> 4;
  bytes[at++] = 0;
  // DO is the client's own bit, handed back (RFC 3225 section 3); CO says that its rcode is the true one (RFC 9824 section 5.1).
  at = write16(bytes, at, (query.dnssecOk ? 0x8000 : 0) | (response.compact ? 0x4000 : 0));
  const dataStart = at + 2;
  at = dataStart;
  if (query.subnet.present) at = writeSubnet(bytes, at, query, scopeLength);
  if (response.options !== 0) at = writeOptions(response, at, response.limit - records);
  write16(bytes, dataStart - 2, at - dataStart);
  response.at = at;
  response.additionals++;
}

/** Returns the offset behind them. `room`: what records have left. */
function writeOptions(response: Response, at: number, room: number): number {
  const { bytes, start, end, extendedError } = response;
  at = writeChosenOptions(bytes, at, response);
  if (hasExtendedError(response)) {
    const length = extendedErrorBytes(extendedError, room);
    if (length > 0) at = writeExtendedError(bytes, at, extendedError, length);
    // RFC 8914 section 3: "Implementations SHOULD set the truncation bit when dropping EDE options".
    else response.truncated = true;
  }
  return isPadded(response) ? writePadding(bytes, at, at - start, end - start) : at;
}

function optBytes(response: Response, query: Query): number {
  if (!query.hasEdns) return 0;
  const subnet = query.subnet.present ? subnetOptionBytes(query.subnet) : 0;
  return OPT_BYTES + subnet + (response.options === 0 ? 0 : chosenOptionBytes(response));
}
