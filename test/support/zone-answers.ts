// What primaries send, composed by hand: the records of a zone copy.test, and messages that hold them.

import type { ReceivedRecord } from '../../src/transfer/received.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { formatName } from '../../src/wire/name.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { formatRecordType } from '../../src/wire/record-types.ts';
import { bytes16, encodeName, encodeQuery, encodeRecord } from './dns-client.ts';

export const COPY = 'copy.test.';
export const COPY_NAME = encodeName(COPY);

/** A record as it stands on the wire. */
export type WireRecord = readonly number[];

const bytes32 = (value: number) => [...bytes16(value >>> 16), ...bytes16(value & 0xffff)];

/** Of copy.test, or of another owner. */
export function soa(
  serial: number,
  { owner = COPY, mname = 'ns.copy.test.', ttl = 300, minimum = 60 } = {},
): WireRecord {
  const numbers = [serial, 3600, 600, 86_400, minimum].flatMap(bytes32);
  return encodeRecord([...encodeName(owner)], 6, 1, bytes32(ttl), [...encodeName(mname), 0, ...numbers]);
}

/** An address record: `a.copy.test.` and the last octet of its address. */
export function host(owner: string, last = 1, { recordClass = 1, type = 1, ttl = 300 } = {}): WireRecord {
  return encodeRecord([...encodeName(owner)], type, recordClass, bytes32(ttl), [192, 0, 2, last]);
}

export type AnswerShape = {
  readonly id?: number;
  readonly type?: 'AXFR' | 'IXFR' | 'SOA' | 'A';
  readonly name?: string;
  readonly noQuestion?: boolean;
  /** An answer with authority, of the rcode NOERROR, where none are given. */
  readonly flags?: number;
};

/** A message with these records as its answer. */
export function encodeAnswer(records: readonly WireRecord[], shape: AnswerShape = {}): Uint8Array<ArrayBuffer> {
  const { id = 5, type = 'AXFR', name = COPY, noQuestion = false, flags = 0x8400 } = shape;
  const counts = [noQuestion ? 0 : 1, records.length, 0, 0] as const;
  return encodeQuery({ id, type, name, noQuestion, flags, counts, trailing: records.flat() });
}

export function decode(message: Uint8Array) {
  const decoded = decodeMessage(message);
  if (typeof decoded === 'string') throw new Error(`the message cannot be read: ${decoded}`);
  return decoded;
}

/** `name ttl type data`. */
export function describeRecord({ owner, ttlSeconds, type, data }: ReceivedRecord): string {
  return `${formatName(owner)} ${ttlSeconds} ${formatRecordType(type)} ${formatRecordData(type, data)}`;
}
