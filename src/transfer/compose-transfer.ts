// Puts the records of a transfer into messages, one at a time, as its peer takes them (RFC 5936 section 2.2): the question in
// each, so that every owner ends in a pointer to the zone's name there; some 16 kB of records, up to where pointers reach.
//
//   | header | zone, type, IN | owner' type … | owner' … | … | OPT in the first | TSIG |

import { CLASS_IN, RCODE_NOERROR, RCODE_SERVFAIL, TYPE_OPT } from '../wire/record-types.ts';
import { tsigBytes } from '../wire/tsig.ts';
import { signMessage, type TsigSigner } from '../wire/tsig-sign.ts';
import type { TransferRecord } from './transfer-set.ts';

export type TransferOptions = {
  readonly id: number;
  /** As it was asked: name, type, class. */
  readonly question: Uint8Array;
  readonly recursionDesired: boolean;
  readonly hasEdns: boolean;
  readonly records: Iterator<TransferRecord>;
  readonly signer: TsigSigner | undefined;
  /** The wall clock, which signatures are dated by. */
  readonly nowSeconds: () => number;
  /** A clock that nobody sets, which the deadline goes by. */
  readonly steadySeconds: () => number;
  /** How many signatures have been made for the records so far. */
  readonly countSignatures: () => number;
  readonly onClose: () => void;
};

/** A transfer that is under way. */
export type Transfer = {
  /** Composes the next message into `out[start .. start + size)`; returns its length, 0 behind the last one. */
  next(out: Uint8Array, start: number, size: number): number;
  close(): void;
};

/** Records beyond belong into the next message: further than 14 bits no pointer reaches (RFC 1035 section 4.1.4). */
const MESSAGE_BYTES = 16_384;
/** Made while a message is composed, each of which takes as long as hundreds of records: nobody else is answered meanwhile. */
const MAX_SIGNATURES = 16;
/** A peer that has taken so long, however steadily, holds on to a snapshot that is long gone. */
const MAX_TRANSFER_SECONDS = 3600;
const HEADER_BYTES = 12;
const OPT_BYTES = 11;
const ZONE_POINTER = 0xc000 | HEADER_BYTES;
const UDP_PAYLOAD = 1232;

/** Where in the message the owner of the last record stands. */
type LastOwner = { owner: Uint8Array; start: number; offset: number };

export function startTransfer(options: TransferOptions): Transfer {
  const { records, signer, nowSeconds, steadySeconds, countSignatures, onClose } = options;
  const deadlineSeconds = steadySeconds() + MAX_TRANSFER_SECONDS;
  const last: LastOwner = { owner: options.question, start: -1, offset: 0 };
  let pending: TransferRecord | undefined;
  let isFirst = true;
  let isDone = false;
  return { next, close: onClose };

  function next(out: Uint8Array, start: number, size: number): number {
    if (isDone) return 0;
    const room = signer === undefined ? size : size - tsigBytes(signer.key);
    const limit = start + room - (isFirst && options.hasEdns ? OPT_BYTES : 0);
    last.start = -1;
    let at = beginMessage(options, out, start);
    let count = 0;
    const most = countSignatures() + MAX_SIGNATURES;
    while (steadySeconds() < deadlineSeconds && (count === 0 || countSignatures() < most)) {
      pending ??= takeRecord();
      if (pending === undefined) break;
      const end = count === 0 ? limit : Math.min(limit, start + MESSAGE_BYTES);
      const written = writeRecord(pending, last, out, start, at, end);
      if (written < 0) break;
      at = written;
      count++;
      pending = undefined;
    }
    // The end came with the message before.
    if (count === 0 && pending === undefined && isDone) return 0;
    const rcode = count > 0 ? RCODE_NOERROR : RCODE_SERVFAIL;
    if (count === 0) isDone = true;
    const length = finishMessage(options, out, start, at, count, rcode, isFirst);
    isFirst = false;
    return signer === undefined ? length : signMessage(signer, out, start, length, nowSeconds());
  }

  function takeRecord(): TransferRecord | undefined {
    const taken = records.next();
    if (taken.done !== true) return taken.value;
    isDone = true;
    return undefined;
  }
}

function beginMessage({ question }: TransferOptions, out: Uint8Array, start: number): number {
  out.set(question, start + HEADER_BYTES);
  return start + HEADER_BYTES + question.length;
}

/** Returns the offset behind the record, or -1 where it does not fit. */
function writeRecord(
  record: TransferRecord,
  last: LastOwner,
  out: Uint8Array,
  start: number,
  at: number,
  end: number,
): number {
  const { owner, ownerStart, ownerLength, data, dataStart, dataLength } = record;
  const isSameOwner = last.start === ownerStart && last.owner === owner && ownerLength > 0;
  const ownerBytes = isSameOwner || ownerLength === 0 ? 2 : ownerLength + 2;
  if (at + ownerBytes + 10 + dataLength > end) return -1;
  if (isSameOwner) at = write16(out, at, 0xc000 | last.offset);
  else {
    const offset = at - start;
    at = copyBytes(out, at, owner, ownerStart, ownerLength);
    at = write16(out, at, ZONE_POINTER);
    last.owner = owner;
    // Near enough for a pointer: only what is alone in its message goes beyond MESSAGE_BYTES.
    last.start = ownerStart;
    last.offset = offset;
  }
  at = write16(out, at, record.type);
  at = write16(out, at, CLASS_IN);
  at = write16(out, at, record.ttlSeconds >>> 16);
  at = write16(out, at, record.ttlSeconds);
  at = write16(out, at, dataLength);
  return copyBytes(out, at, data, dataStart, dataLength);
}

function finishMessage(
  { id, recursionDesired, hasEdns }: TransferOptions,
  out: Uint8Array,
  start: number,
  at: number,
  count: number,
  rcode: number,
  isFirst: boolean,
): number {
  const hasOpt = isFirst && hasEdns;
  let end = at;
  if (hasOpt) {
    // RFC 5936 section 2.2.5: in the first message, where the query had one.
    out.fill(0, at, at + OPT_BYTES);
    write16(out, at + 1, TYPE_OPT);
    write16(out, at + 3, UDP_PAYLOAD);
    end += OPT_BYTES;
  }
  write16(out, start, id);
  // QR and AA.
  out[start + 2] = 0x84 | (recursionDesired ? 1 : 0);
  out[start + 3] = rcode;
  write16(out, start + 4, 1);
  write16(out, start + 6, count);
  write16(out, start + 8, 0);
  write16(out, start + 10, hasOpt ? 1 : 0);
  return end - start;
}

function write16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  for (let index = 0; index < length; index++) to[at + index] = from[start + index] ?? 0;
  return at + length;
}
