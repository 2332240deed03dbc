// A part of a zone's records, read: owners and data in wire form, one behind another in flat arrays, so that a million of
// them are a few blocks of memory and no objects. A part says nothing of other parts; draft-zone.ts joins them. It can be
// kept for as long as the text that it was read from stays the same.

import type { Problem } from '../model/problem.ts';
import type { RecordSet } from '../model/zone.ts';
import { isSubdomain, parseNameText } from '../wire/name.ts';
import { keyOfRecordData, parseRecordData } from '../wire/record-data.ts';
import { TYPE_NS } from '../wire/record-types.ts';
import { readZoneRecordType } from './check-record-data.ts';

/** Record set i: its owner is `names[nameStarts[i] .. nameStarts[i + 1])`, its data likewise. */
export type RecordPart = {
  /** How many record sets were stated, faulty ones too. */
  readonly stated: number;
  /** Which of the stated ones each is. */
  readonly sources: Int32Array;
  /** Owners without the zone's own labels, lower case: nothing for the apex. */
  readonly names: Uint8Array;
  readonly nameStarts: Int32Array;
  readonly types: Uint16Array;
  readonly ttls: Int32Array;
  readonly recordCounts: Uint16Array;
  /** Records with their length in two bytes before each. */
  readonly data: Uint8Array;
  readonly dataStarts: Int32Array;
};

/** RFC 2181 section 8. */
const MAX_TTL_SECONDS = 0x7fffffff;

/** `zone` in wire form, lower case; undefined stands for a record that has been found faulty. Everything wrong is added to `problems`, with paths such as `/3/data/0`. */
export function readRecordPart(
  records: readonly (RecordSet | undefined)[],
  zone: Uint8Array,
  problems: Problem[],
): RecordPart {
  const writer = createPartWriter(records.length);
  for (const [index, record] of records.entries()) {
    if (record !== undefined) readRecordSet(writer, record, index, zone, problems);
  }
  return finishPart(writer, records.length);
}

function readRecordSet(
  writer: PartWriter,
  record: RecordSet,
  index: number,
  zone: Uint8Array,
  problems: Problem[],
): void {
  const report = (below: string, message: string): void => {
    problems.push({ path: `/${index}${below}`, message });
  };
  const owner = parseNameText(record.name);
  const isOwner = owner instanceof Uint8Array && isSubdomain(owner, zone);
  if (!isOwner) report('/name', 'problem' in owner ? `${owner.problem}.` : describeForeign(record.name));
  const type = readZoneRecordType(record.type);
  if (typeof type === 'string') report('/type', type);
  if (!(record.ttlSeconds >= 0 && record.ttlSeconds <= MAX_TTL_SECONDS)) {
    report('/ttl', `The TTL must be 0 to ${MAX_TTL_SECONDS} seconds (RFC 2181 section 8).`);
  }
  if (record.data.length === 0) report('/data', 'There is no data: write at least one value.');
  if (!isOwner || typeof type === 'string') return;
  if (type === TYPE_NS && owner.length === zone.length) {
    report('', "The zone's own name servers are listed in its ns: move them there.");
    return;
  }
  const data: Uint8Array[] = [];
  for (const [position, text] of record.data.entries()) {
    const parsed = parseRecordData(type, text, zone);
    if (parsed.ok) data.push(parsed.bytes);
    else report(`/data/${position}`, `${parsed.problem}.`);
  }
  addToPart(writer, index, owner, owner.length - zone.length, type, record.ttlSeconds, data);
}

export function describeForeign(name: string): string {
  return `${name} is not in this zone: give it to the zone that it belongs to, or correct it.`;
}

/** A part that is being written: bytes in memory that grows, numbers in lists of known length. */
export type PartWriter = {
  count: number;
  readonly sources: Int32Array;
  readonly nameStarts: Int32Array;
  readonly types: Uint16Array;
  readonly ttls: Int32Array;
  readonly recordCounts: Uint16Array;
  readonly dataStarts: Int32Array;
  names: Uint8Array;
  data: Uint8Array;
};

/** What most names and most data are shorter than; memory that turns out too small is doubled. */
const BYTES_PER_RECORD = 16;

/** For at most `capacity` record sets. */
export function createPartWriter(capacity: number): PartWriter {
  return {
    count: 0,
    sources: new Int32Array(capacity),
    nameStarts: new Int32Array(capacity + 1),
    types: new Uint16Array(capacity),
    ttls: new Int32Array(capacity),
    recordCounts: new Uint16Array(capacity),
    dataStarts: new Int32Array(capacity + 1),
    names: new Uint8Array(BYTES_PER_RECORD * capacity),
    data: new Uint8Array(BYTES_PER_RECORD * capacity),
  };
}

/** Adds a record set whose owner is `name[0 .. nameLength)`; of equal values one is kept (RFC 2181 section 5). */
export function addToPart(
  writer: PartWriter,
  source: number,
  name: Uint8Array,
  nameLength: number,
  type: number,
  ttlSeconds: number,
  data: readonly Uint8Array[],
): void {
  addDistinctToPart(writer, source, name, nameLength, type, ttlSeconds, withoutDuplicates(type, data));
}

/** As `addToPart`, of values that are known to be different. */
export function addDistinctToPart(
  writer: PartWriter,
  source: number,
  name: Uint8Array,
  nameLength: number,
  type: number,
  ttlSeconds: number,
  distinct: readonly Uint8Array[],
): void {
  const index = writer.count++;
  writer.sources[index] = source;
  writer.types[index] = type;
  writer.ttls[index] = ttlSeconds;
  const nameStart = writer.nameStarts[index] ?? 0;
  writer.names = withRoom(writer.names, nameStart + nameLength);
  for (let at = 0; at < nameLength; at++) {
    const octet = name[at] ?? 0;
    // Lengths of labels are below the letters.
    writer.names[nameStart + at] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
  }
  writer.nameStarts[index + 1] = nameStart + nameLength;
  writer.recordCounts[index] = distinct.length;
  let at = writer.dataStarts[index] ?? 0;
  for (const octets of distinct) {
    writer.data = withRoom(writer.data, at + 2 + octets.length);
    writer.data[at] = octets.length >>> 8;
    writer.data[at + 1] = octets.length;
    writer.data.set(octets, at + 2);
    at += 2 + octets.length;
  }
  writer.dataStarts[index + 1] = at;
}

export function finishPart(writer: PartWriter, stated: number): RecordPart {
  const { count, nameStarts, dataStarts } = writer;
  return {
    stated,
    sources: writer.sources.slice(0, count),
    names: writer.names.slice(0, nameStarts[count]),
    nameStarts: nameStarts.slice(0, count + 1),
    types: writer.types.slice(0, count),
    ttls: writer.ttls.slice(0, count),
    recordCounts: writer.recordCounts.slice(0, count),
    data: writer.data.slice(0, dataStarts[count]),
    dataStarts: dataStarts.slice(0, count + 1),
  };
}

/** Of equal values the first. */
export function withoutDuplicates(type: number, data: readonly Uint8Array[]): readonly Uint8Array[] {
  if (data.length < 2) return data;
  const known = new Set<string>();
  return data.filter((octets) => {
    const key = keyOfRecordData(type, octets);
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  });
}

function withRoom(bytes: Uint8Array, length: number): Uint8Array {
  if (length <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(length, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}
