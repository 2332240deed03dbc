// Decodes a whole DNS message, strictly, into objects: for the command line, tools and tests. The answer path does not use
// it: query.ts parses queries without allocating. Whatever the bytes, the result is a value. Serves RFC 1035 section 4.1,
// RFC 3597 section 4 (which data holds compressed names), RFC 6891 (EDNS), RFC 7871 (client subnet).

import { type DecodedEdns, decodeEdns } from './decode-edns.ts';
import { decompressName, type ParseFault } from './decompress-name.ts';
import { CLASS_IN, TYPE_A, TYPE_AAAA, TYPE_OPT } from './record-types.ts';

export type DecodedQuestion = { readonly name: Uint8Array; readonly type: number; readonly class: number };

export type DecodedRecord = {
  /** Wire form, in the case in which it came. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
  /** 0..2³¹-1: greater ones mean 0 (RFC 2181 section 8). */
  readonly ttlSeconds: number;
  /** Names in it are decompressed, wherever compression is allowed. */
  readonly data: Uint8Array;
};

export type DecodedMessage = {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** With the upper bits from the OPT record, if there is one. */
  readonly rcode: number;
  readonly questions: readonly DecodedQuestion[];
  readonly answers: readonly DecodedRecord[];
  readonly authorities: readonly DecodedRecord[];
  /** Without the OPT record, which is `edns`. */
  readonly additionals: readonly DecodedRecord[];
  readonly edns: DecodedEdns | undefined;
};

const HEADER_BYTES = 12;

/** The bytes, and how far they are read. `fault` is set once and ends the reading. */
type Reader = { readonly bytes: Uint8Array; at: number; fault: ParseFault | undefined };

/** Decodes `bytes`, which must hold one message and nothing behind it. Never throws. */
export function decodeMessage(bytes: Uint8Array): DecodedMessage | ParseFault {
  if (bytes.length < HEADER_BYTES) return 'short';
  const reader: Reader = { bytes, at: HEADER_BYTES, fault: undefined };
  const flags = read16(bytes, 2);
  const questions = readMany(reader, read16(bytes, 4), readQuestion);
  const answers = readMany(reader, read16(bytes, 6), readRecord);
  const authorities = readMany(reader, read16(bytes, 8), readRecord);
  const additionals = readMany(reader, read16(bytes, 10), readRecord);
  if (reader.fault !== undefined) return reader.fault;
  if (reader.at !== bytes.length) return 'form';
  // RFC 6891 section 6.1.1: OPT is an additional record, owned by the root, and there is one at most.
  if ([...answers, ...authorities].some(({ type }) => type === TYPE_OPT)) return 'form';
  const optRecords = additionals.filter(({ type }) => type === TYPE_OPT);
  const edns = optRecords[0] === undefined ? undefined : decodeEdns(optRecords[0]);
  if (optRecords.length > 1 || edns === 'form') return 'form';
  return {
    id: read16(bytes, 0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 15,
    isAuthoritative: (flags & 0x0400) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: ((edns?.extendedRcode ?? 0) << 4) | (flags & 15),
    questions,
    answers,
    authorities,
    additionals: additionals.filter(({ type }) => type !== TYPE_OPT),
    edns,
  };
}

/** Every item takes five octets at least, so that the bytes bound the count, whatever the header says. */
function readMany<Item>(reader: Reader, count: number, read: (reader: Reader) => Item | undefined): Item[] {
  const items: Item[] = [];
  while (items.length < count) {
    const item = read(reader);
    if (item === undefined) break;
    items.push(item);
  }
  return items;
}

function readQuestion(reader: Reader): DecodedQuestion | undefined {
  const name = readName(reader);
  if (name === undefined || !hasOctets(reader, 4)) return undefined;
  const { bytes, at } = reader;
  reader.at += 4;
  return { name, type: read16(bytes, at), class: read16(bytes, at + 2) };
}

function readRecord(reader: Reader): DecodedRecord | undefined {
  const name = readName(reader);
  if (name === undefined || !hasOctets(reader, 10)) return undefined;
  const { bytes, at } = reader;
  const type = read16(bytes, at);
  const recordClass = read16(bytes, at + 2);
  const ttl = read16(bytes, at + 4) * 0x10000 + read16(bytes, at + 6);
  // The TTL of an OPT record is no time: its bits are flags.
  const ttlSeconds = ttl > MAX_TTL_SECONDS && type !== TYPE_OPT ? 0 : ttl;
  reader.at += 10;
  const data = readData(reader, type, recordClass, read16(bytes, at + 8));
  return data === undefined ? undefined : { name, type, class: recordClass, ttlSeconds, data };
}

const MAX_TTL_SECONDS = 0x7fffffff;

/** Octets, then character strings, then names, then octets. */
type DataShape = { readonly octets: number; readonly strings: number; readonly names: number; readonly tail: number };

const ONE_NAME: DataShape = { octets: 0, strings: 0, names: 1, tail: 0 };
const TWO_NAMES: DataShape = { octets: 0, strings: 0, names: 2, tail: 0 };
const NUMBER_AND_NAME: DataShape = { octets: 2, strings: 0, names: 1, tail: 0 };

/** RFC 3597 section 4: the types whose names a receiver must decompress. By number of type. */
const SHAPES: ReadonlyMap<number, DataShape> = new Map([
  // NS, MD, MF, CNAME, MB, MG, MR, PTR, DNAME
  ...[2, 3, 4, 5, 7, 8, 9, 12, 39].map((type): [number, DataShape] => [type, ONE_NAME]),
  // SOA
  [6, { octets: 0, strings: 0, names: 2, tail: 20 }],
  // MINFO, RP
  [14, TWO_NAMES],
  [17, TWO_NAMES],
  // MX, AFSDB, RT, KX
  ...[15, 18, 21, 36].map((type): [number, DataShape] => [type, NUMBER_AND_NAME]),
  // PX
  [26, { octets: 2, strings: 0, names: 2, tail: 0 }],
  // SRV
  [33, { octets: 6, strings: 0, names: 1, tail: 0 }],
  // NAPTR
  [35, { octets: 4, strings: 3, names: 1, tail: 0 }],
]);
/** Of class IN only: other classes have other addresses. */
const ADDRESS_OCTETS: ReadonlyMap<number, number> = new Map([
  [TYPE_A, 4],
  [TYPE_AAAA, 16],
]);

function readData(reader: Reader, type: number, recordClass: number, length: number): Uint8Array | undefined {
  if (!hasOctets(reader, length)) return undefined;
  const start = reader.at;
  const end = start + length;
  const shape = SHAPES.get(type);
  const expected = recordClass === CLASS_IN ? ADDRESS_OCTETS.get(type) : undefined;
  if (expected !== undefined && expected !== length) return fail(reader, 'form');
  // Updates name RRsets by records without data (RFC 2136 section 2.4).
  if (shape === undefined || (length === 0 && recordClass !== CLASS_IN)) {
    reader.at = end;
    return reader.bytes.slice(start, end);
  }
  const data = decompressData(reader, shape, end);
  return data === undefined || reader.at !== end ? fail(reader, 'form') : data;
}

/** Leaves the reader behind what it read, which the caller compares with `end`; undefined when a name cannot be read. */
function decompressData(reader: Reader, shape: DataShape, end: number): Uint8Array | undefined {
  const { bytes } = reader;
  const start = reader.at;
  let at = start + shape.octets;
  for (let string = 0; string < shape.strings && at < end; string++) at += 1 + (bytes[at] ?? 0);
  if (at >= end) return undefined;
  const parts = [bytes.subarray(start, at)];
  reader.at = at;
  for (let name = 0; name < shape.names; name++) {
    const read = decompressName(bytes, reader.at);
    if (typeof read === 'string') return undefined;
    parts.push(read.name);
    reader.at = read.end;
  }
  parts.push(bytes.subarray(reader.at, reader.at + shape.tail));
  reader.at += shape.tail;
  return concatenate(parts);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function readName(reader: Reader): Uint8Array | undefined {
  if (reader.fault !== undefined) return undefined;
  const read = decompressName(reader.bytes, reader.at);
  if (typeof read === 'string') return fail(reader, read);
  reader.at = read.end;
  return read.name;
}

function hasOctets(reader: Reader, count: number): boolean {
  if (reader.at + count > reader.bytes.length) reader.fault = 'short';
  return reader.fault === undefined;
}

function fail(reader: Reader, fault: ParseFault): undefined {
  reader.fault = fault;
  return undefined;
}

function read16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
