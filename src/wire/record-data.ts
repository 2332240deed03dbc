// Record data between presentation form (RFC 1035 section 5.1) and wire form, for every type: field by field where the type
// is known (record-data/layouts.ts), as `\# length hexadecimal` for any type at all (RFC 3597 section 5). Names in the data
// are never compressed. Text comes from people, so that problems say what to write instead.

import { MAX_RECORD_DATA_LENGTH } from '../model/limits.ts';
import { lowerCaseName, nameLength } from './name.ts';
import { formatHex, parseHex } from './record-data/encodings.ts';
import type { Field, TokenReader } from './record-data/field.ts';
import type { Layout } from './record-data/layouts/layout.ts';
import { LAYOUTS } from './record-data/layouts.ts';
import { quote, splitTokens, type Token } from './record-data/tokens.ts';
import {
  formatRecordType,
  TYPE_AFSDB,
  TYPE_HTTPS,
  TYPE_KX,
  TYPE_MX,
  TYPE_NAPTR,
  TYPE_NS,
  TYPE_RT,
  TYPE_SRV,
  TYPE_SVCB,
} from './record-types.ts';

export type RecordDataResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** What is wrong, and what to write; `token` is the one that is at fault, or how many there are when one is missing. */
  | { readonly ok: false; readonly problem: string; readonly token?: number };

/** RDLENGTH has 16 bits. */
export const MAX_RECORD_DATA_BYTES = 0xffff;

/** Reads `text` as data of `type`; relative names are completed with `origin` (wire form). The case of names is kept. */
export function parseRecordData(type: number, text: string, origin: Uint8Array): RecordDataResult {
  if (text.length > MAX_RECORD_DATA_LENGTH) {
    return refuse(type, `the text has ${text.length} characters, above ${MAX_RECORD_DATA_LENGTH}: shorten it`);
  }
  const tokens = splitTokens(text);
  if ('problem' in tokens) return refuse(type, tokens.problem);
  return parseRecordTokens(type, tokens, origin);
}

/** As parseRecordData, for text that is in tokens already. */
export function parseRecordTokens(type: number, tokens: readonly Token[], origin: Uint8Array): RecordDataResult {
  const layout = LAYOUTS.get(type);
  const [first] = tokens;
  if (first?.text === '\\#' && !first.isQuoted) return parseGeneric(type, layout, tokens.slice(1));
  if (layout === undefined)
    return refuse(type, 'only \\# followed by the length and hexadecimal digits can be written');
  return parseFields(type, layout, tokens, origin);
}

function refuse(type: number, problem: string, example?: string): RecordDataResult & { readonly ok: false } {
  const advice = example === undefined ? '' : `; write it like: ${example}`;
  return { ok: false, problem: `${formatRecordType(type)} data: ${problem}${advice}` };
}

function parseFields(type: number, layout: Layout, tokens: readonly Token[], origin: Uint8Array): RecordDataResult {
  const reader: TokenReader = { tokens, next: 0 };
  const octets: number[] = [];
  for (const field of layout.fields) {
    const before = reader.next;
    const problem = field.parse(reader, octets, origin);
    if (problem === undefined) continue;
    // A field that took nothing missed something; one that took several is at fault from its first on.
    return { ...refuse(type, problem, layout.example), token: reader.next === before ? tokens.length : before };
  }
  const excess = tokens[reader.next];
  if (excess !== undefined) {
    return { ...refuse(type, `${quote(excess.text)} is too much`, layout.example), token: reader.next };
  }
  if (octets.length > MAX_RECORD_DATA_BYTES) {
    return refuse(type, `it has ${octets.length} octets, above ${MAX_RECORD_DATA_BYTES}: shorten it`);
  }
  // The constructor copies an array at once, where `from` goes through it as it goes through any iterable.
  return { ok: true, bytes: new Uint8Array(octets) };
}

/** RFC 3597 section 5: `\#`, the number of octets, the octets. Of a known type it must be valid data. */
function parseGeneric(type: number, layout: Layout | undefined, tokens: readonly Token[]): RecordDataResult {
  const [length, ...parts] = tokens.map(({ text }) => text);
  if (length === undefined || !/^\d{1,5}$/.test(length) || Number(length) > MAX_RECORD_DATA_BYTES) {
    return refuse(
      type,
      `behind \\# write the number of octets, 0 to ${MAX_RECORD_DATA_BYTES}, and then their hexadecimal digits`,
    );
  }
  const octets = parseHex(parts.join(''));
  if (octets === undefined)
    return refuse(type, 'behind \\# and the length, write two hexadecimal digits for each octet');
  if (octets.length !== Number(length)) {
    return refuse(type, `\\# announces ${Number(length)} octets, but ${octets.length} follow: make them agree`);
  }
  const bytes = Uint8Array.from(octets);
  if (layout !== undefined && formatFields(layout, bytes) === undefined) {
    return refuse(type, 'the octets behind \\# are no valid data of this type', layout.example);
  }
  return { ok: true, bytes };
}

/**
 * The presentation form of data in wire form with uncompressed names: what parseRecordData reads back to the same bytes.
 * Data of unknown types, or that is not what its type wants, comes as `\# length hexadecimal`. All names are absolute.
 */
export function formatRecordData(type: number, bytes: Uint8Array): string {
  const layout = LAYOUTS.get(type);
  const texts = layout === undefined ? undefined : formatFields(layout, bytes);
  if (texts === undefined || texts.includes(undefined)) return `\\# ${bytes.length} ${formatHex(bytes)}`.trimEnd();
  return texts.filter((text) => text !== '').join(' ');
}

/** A text for each field, undefined for one that has none; undefined when the bytes are no data of this layout. */
function formatFields(layout: Layout, bytes: Uint8Array): readonly (string | undefined)[] | undefined {
  const texts: (string | undefined)[] = [];
  const end = walkFields(layout, bytes, (_field, _at, _end, text) => void texts.push(text));
  return end === bytes.length ? texts : undefined;
}

/**
 * Where in data of `type` names begin, in their order; each ends with its root label. None where the data is not what its
 * type wants. Which of them DNSSEC signs in lower case depends on the type (RFC 4034 section 6.2, RFC 6840 section 5.1).
 */
export function namesIn(type: number, bytes: Uint8Array): readonly number[] {
  const layout = LAYOUTS.get(type);
  if (layout?.fields.some((field) => field.names !== undefined) !== true) return [];
  const offsets: number[] = [];
  const end = walkFields(layout, bytes, (field, at, fieldEnd) => {
    offsets.push(...(field.names?.(bytes, at, fieldEnd) ?? []));
  });
  return end === bytes.length ? offsets : [];
}

const LATIN1 = new TextDecoder('latin1');

/**
 * What data of `type` is known by within an RRset (RFC 2181 section 5: no two records are the same): its octets as text, with
 * names in lower case, for names that differ in case only are the same (RFC 4343 section 3).
 */
export function keyOfRecordData(type: number, bytes: Uint8Array): string {
  const offsets = namesIn(type, bytes);
  if (offsets.length === 0) return LATIN1.decode(bytes);
  const folded = bytes.slice();
  for (const at of offsets) folded.set(lowerCaseName(bytes.subarray(at, at + nameLength(bytes, at))), at);
  return LATIN1.decode(folded);
}

/** Calls `visit` for each field in turn. Answers the offset behind the last one; -1 where one is not right. */
function walkFields(
  layout: Layout,
  bytes: Uint8Array,
  visit: (field: Field, at: number, end: number, text: string | undefined) => void,
): number {
  let at = 0;
  for (const field of layout.fields) {
    const formatted = field.format(bytes, at);
    if (formatted === undefined) return -1;
    visit(field, at, formatted.end, formatted.text);
    at = formatted.end;
  }
  return at;
}

/**
 * The name in NS, MX or SRV data, which must be that of a host and no alias, in the case in which it was written; undefined for
 * other types and where the data says "none" with the root (RFC 7505, RFC 2782).
 */
export function targetNameOf(type: number, bytes: Uint8Array): Uint8Array | undefined {
  const offset = TARGET_OFFSETS.get(type);
  if (offset === undefined) return undefined;
  const length = nameLength(bytes, offset);
  return length <= 1 ? undefined : bytes.subarray(offset, offset + length);
}

/**
 * The name in data whose addresses, and other records, belong into the additional section; undefined where there is none. The
 * root in SVCB and HTTPS stands for the owner (RFC 9460 section 2.5.2). The data must be valid.
 */
export function additionalNameOf(type: number, bytes: Uint8Array): Uint8Array | undefined {
  const offset = type === TYPE_NAPTR ? naptrNameAt(bytes) : (TARGET_OFFSETS.get(type) ?? MORE_OFFSETS.get(type));
  if (offset === undefined) return undefined;
  const length = nameLength(bytes, offset);
  const isBinding = type === TYPE_SVCB || type === TYPE_HTTPS;
  const isAliasMode = isBinding && bytes[0] === 0 && bytes[1] === 0;
  if (length <= 1 && (!isBinding || isAliasMode)) return undefined;
  return bytes.subarray(offset, offset + length);
}

const TARGET_OFFSETS: ReadonlyMap<number, number> = new Map([
  [TYPE_NS, 0],
  [TYPE_MX, 2],
  [TYPE_SRV, 6],
]);

/** AFSDB and RT: RFC 1183 sections 1 and 3.3; KX: RFC 2230 section 3; SVCB and HTTPS: RFC 9460 section 4.1. */
const MORE_OFFSETS: ReadonlyMap<number, number> = new Map([
  [TYPE_AFSDB, 2],
  [TYPE_RT, 2],
  [TYPE_KX, 2],
  [TYPE_SVCB, 2],
  [TYPE_HTTPS, 2],
]);

/** RFC 3403 section 4.1: behind order, preference and three strings. With the flags A and S the name leads to addresses and SRV. */
function naptrNameAt(bytes: Uint8Array): number | undefined {
  const flags = 4;
  const flag = bytes[flags] === 1 ? String.fromCharCode(bytes[flags + 1] ?? 0).toLowerCase() : '';
  if (flag !== 'a' && flag !== 's') return undefined;
  let at = flags;
  for (let text = 0; text < 3; text++) at += 1 + (bytes[at] ?? 0);
  return at;
}
