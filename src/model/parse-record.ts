// One record: document to model. Apart from its zone, for a zone may have a million of them, which are read in parts, in a
// thread that is to start quickly: so this needs no schema. Beside documents that were checked there are those from a store,
// which may hold what another version wrote.

import {
  MAX_DATA_PER_RECORD,
  MAX_NAME_TEXT_LENGTH,
  MAX_PROBLEMS,
  MAX_RECORD_DATA_LENGTH,
  MAX_RECORD_TTL_SECONDS,
} from './limits.ts';
import { isWithin, type ParsedName, parseOwnerInZone } from './name.ts';
import type { ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import type { Problem } from './problem.ts';
import type { Report } from './problem-list.ts';
import { type DurationDocument, readSeconds } from './scalar.ts';
import type { RecordDocument, RecordSet } from './zone.ts';

/** What a list of records says, item by item: undefined for one that cannot be used. */
export type ParsedRecords = {
  readonly records: readonly (RecordSet | undefined)[];
  /** Paths begin with the position in the list; at most MAX_PROBLEMS. */
  readonly problems: readonly Problem[];
};

/**
 * Parses records of the zone with this full name, of which nobody has checked yet that they are records. `isCopied`: they come
 * from another server, which may have signed them.
 */
export function parseRecords(items: readonly unknown[], zone: string, isCopied = false): ParsedRecords {
  const problems: Problem[] = [];
  const report: Report = (path, message) => {
    if (problems.length < MAX_PROBLEMS) problems.push({ path, message });
  };
  const records = items.map((item, index) => {
    if (isRecordDocument(item)) return parseRecord(item, zone, joinPointer('', index), { report }, isCopied);
    report(
      joinPointer('', index),
      'is no record: a record has a name, a type and data, perhaps a ttl, and nothing else.',
    );
    return undefined;
  });
  return { records, problems };
}

const TYPE = /^[A-Za-z][A-Za-z0-9-]{0,15}$/;
const MAX_DURATION_LENGTH = 32;

/** What RecordSchema accepts (a test compares the two). */
export function isRecordDocument(value: unknown): value is RecordDocument {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  let known = 0;
  for (const key in value) {
    if (key !== 'name' && key !== 'type' && key !== 'ttl' && key !== 'data') return false;
    known++;
  }
  const { name, type, ttl, data }: { name?: unknown; type?: unknown; ttl?: unknown; data?: unknown } = value;
  return (
    known >= 3 &&
    isText(name, MAX_NAME_TEXT_LENGTH) &&
    name !== '' &&
    typeof type === 'string' &&
    TYPE.test(type) &&
    (ttl === undefined || isText(ttl, MAX_DURATION_LENGTH) || (typeof ttl === 'number' && ttl >= 0)) &&
    Array.isArray(data) &&
    data.length >= 1 &&
    data.length <= MAX_DATA_PER_RECORD &&
    data.every((text: unknown) => isText(text, MAX_RECORD_DATA_LENGTH))
  );
}

/** Within the length, counted as JSON Schema does: by characters, not by UTF-16 units. */
function isText(value: unknown, maxLength: number): boolean {
  if (typeof value !== 'string') return false;
  return value.length <= maxLength || (value.length <= 2 * maxLength && [...value].length <= maxLength);
}

const DEFAULT_RECORD_TTL_SECONDS = 3600;

const MESSAGES_ONLY = 'no zone holds it';
const SIGNING = 'signing makes it, never an operator';

/**
 * Types that no operator writes: those of questions and messages (RFC 6895 section 3.1), and what the server or signing
 * makes. Obsolete types that do no harm may stand; numbers without a name are judged when the zone is built.
 */
const REFUSED_TYPES: readonly (readonly [name: string, number: number, reason: string])[] = [
  ['SOA', 6, 'write it under "soa" of the zone'],
  ['NULL', 10, 'RFC 1035 section 3.3.10 keeps it out of zones'],
  ['SIG', 24, `${SIGNING}, and RRSIG has replaced it (RFC 3755)`],
  ['NXT', 30, `${SIGNING}, and NSEC has replaced it (RFC 3755)`],
  ['OPT', 41, MESSAGES_ONLY],
  ['RRSIG', 46, SIGNING],
  ['NSEC', 47, SIGNING],
  ['NSEC3', 50, SIGNING],
  ['NSEC3PARAM', 51, SIGNING],
  // RFC 8976 section 2: the serial of the SOA, which is that of the revision, and all records are in it.
  ['ZONEMD', 63, 'it is the digest of one revision of the zone, and wrong after the next change'],
  ['NXNAME', 128, MESSAGES_ONLY],
  ['TKEY', 249, MESSAGES_ONLY],
  ['TSIG', 250, MESSAGES_ONLY],
  ['IXFR', 251, MESSAGES_ONLY],
  ['AXFR', 252, MESSAGES_ONLY],
  ['MAILB', 253, MESSAGES_ONLY],
  ['MAILA', 254, MESSAGES_ONLY],
  ['ANY', 255, MESSAGES_ONLY],
];
const REFUSALS: ReadonlyMap<string, string> = new Map(
  REFUSED_TYPES.flatMap(([name, number, reason]) => [
    [name, reason],
    [`TYPE${number}`, reason],
  ]),
);

/** Why no operator writes records of the type, given by name, or by number with any zeros before it; undefined: they may. */
export function refusalOf(type: string): string | undefined {
  return REFUSALS.get(type.replace(/^TYPE0+(?=\d)/, 'TYPE'));
}

/**
 * Undefined when the record cannot be used; problems may be reported all the same. Of a million records nearly all are
 * right, so that paths are made only where there is something to report.
 */
export function parseRecord(
  document: RecordDocument,
  zone: string,
  path: string,
  { report, checkRecordData }: Pick<ParseContext, 'report' | 'checkRecordData'>,
  isCopied = false,
): RecordSet | undefined {
  const parsed = parseOwnerInZone(document.name, zone);
  const name = parsed.ok ? parsed.name : parseName(parsed, document.name, joinPointer(path, 'name'), report);
  const type = document.type.toUpperCase();
  const ttlSeconds =
    document.ttl === undefined
      ? DEFAULT_RECORD_TTL_SECONDS
      : parseSeconds(document.ttl, MAX_RECORD_TTL_SECONDS, joinPointer(path, 'ttl'), report);
  const refusal =
    (isCopied ? undefined : refusalOf(type)) ??
    (type === 'NS' && name === zone ? 'write them under "ns" of the zone' : undefined);
  if (refusal !== undefined) {
    report(joinPointer(path, 'type'), `a record of type ${type} cannot stand here: ${refusal}.`);
    return undefined;
  }
  if (name !== undefined && !isWithin(name, zone)) {
    report(joinPointer(path, 'name'), `${name} is outside the zone ${zone}: write the name relative to the zone.`);
    return undefined;
  }
  if (checkRecordData !== undefined) {
    for (const [index, data] of document.data.entries()) {
      const fault = checkRecordData(type, data, zone);
      if (fault !== undefined) report(joinPointer(joinPointer(path, 'data'), index), fault);
    }
  }
  return name === undefined || ttlSeconds === undefined ? undefined : { name, type, ttlSeconds, data: document.data };
}

export function parseSeconds(
  document: DurationDocument,
  most: number,
  path: string,
  report: Report,
): number | undefined {
  const seconds = readSeconds(document);
  if (seconds !== undefined && seconds <= most) return seconds;
  report(path, `must be whole seconds up to ${most}, such as 3600 or "1h", not ${JSON.stringify(document)}.`);
  return undefined;
}

export function parseName(parsed: ParsedName, text: string, path: string, report: Report): string | undefined {
  if (parsed.ok) return parsed.name;
  report(path, `the name "${text}" ${parsed.fault}.`);
  return undefined;
}
