// DNS names as uncompressed wire bytes: a length octet before each label, the empty label of the root at the end. Here are
// the presentation form (RFC 1035 section 5.1), case folding (RFC 4343) and canonical order (RFC 4034 section 6.1).
//
//   www.example.com   =   3 w w w 7 e x a m p l e 3 c o m 0
//
// For tools and for compiling; the answer path reads names through flat-name.ts. The functions that take bytes expect a
// whole, valid name, as parseNameText and decodeMessage make it.

import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from './flat-name.ts';

/** What is wrong with the text of a name, and what to write instead. */
export type NameProblem = { readonly problem: string };

const DOT = 0x2e;
const BACKSLASH = 0x5c;
/** Printable characters that mean something in a master file and are therefore written with a backslash. */
const SPECIAL = new Set([...'."\\();@$'].map((character) => character.charCodeAt(0)));

/** The name of the root, as fresh bytes. */
export function rootName(): Uint8Array {
  return new Uint8Array(1);
}

/**
 * Reads the presentation form of a name (RFC 1035 section 5.1): labels between dots, `\.` for a dot inside a label, `\DDD` for
 * any octet, `@` for `origin`. Without a final dot a name is relative to `origin`; without an `origin` every name is
 * absolute. The case is kept.
 */
export function parseNameText(text: string, origin?: Uint8Array): Uint8Array | NameProblem {
  if (text === '') return { problem: 'the name is empty: write @ for the origin or . for the root' };
  if (text === '.') return rootName();
  if (text === '@' && origin !== undefined) return origin.slice();
  const labels = readLabels(text);
  if ('problem' in labels) return labels;
  const suffix = labels.isAbsolute || origin === undefined ? ROOT : origin;
  const length = labels.length + suffix.length;
  if (length > MAX_NAME_BYTES) {
    return { problem: `${quote(text)} has ${length} octets on the wire, above ${MAX_NAME_BYTES}: shorten it` };
  }
  const name = new Uint8Array(length);
  for (let at = 0; at < labels.length; at++) name[at] = scratch[at] ?? 0;
  name.set(suffix, labels.length);
  return name;
}

/** The labels stand in `scratch`. */
type Labels = { readonly length: number; readonly isAbsolute: boolean };

const ROOT = rootName();
/** One for all: a zone may have a million names, and nothing here waits while it holds it. */
const scratch = new Uint8Array(MAX_NAME_BYTES);

/** Puts the labels of `text` into `scratch` in wire form, without a root label. */
function readLabels(text: string): Labels | NameProblem {
  let labelStart = 0;
  let length = 1;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      const problem = closeLabel(labelStart, length, text);
      if (problem !== undefined) return { problem };
      at++;
      if (at === text.length) return { length, isAbsolute: true };
      labelStart = length++;
      continue;
    }
    const octet = code === BACKSLASH ? readEscape(text, at) : plainOctet(code);
    if (octet < 0) return { problem: describeCharacter(text, at) };
    // Behind each octet there must be room for the root label.
    if (length + 1 >= MAX_NAME_BYTES) return { problem: `${quote(text)} exceeds ${MAX_NAME_BYTES} octets: shorten it` };
    scratch[length++] = octet;
    at += code === BACKSLASH ? escapeLength(text, at) : 1;
  }
  const problem = closeLabel(labelStart, length, text);
  return problem === undefined ? { length, isAbsolute: false } : { problem };
}

function closeLabel(labelStart: number, length: number, text: string): string | undefined {
  const labelLength = length - labelStart - 1;
  if (labelLength === 0) return `${quote(text)} has an empty label: write exactly one dot between labels`;
  if (labelLength > MAX_LABEL_BYTES) {
    return `${quote(text)} has a label of ${labelLength} octets, above ${MAX_LABEL_BYTES}: shorten it`;
  }
  scratch[labelStart] = labelLength;
  return undefined;
}

/** Printable ASCII without the space, which needs an escape; -1 otherwise. */
function plainOctet(code: number): number {
  return code > 0x20 && code < 0x7f ? code : -1;
}

/** The octet that the escape at `at` stands for (`\X` or `\DDD`), or -1. */
export function readEscape(text: string, at: number): number {
  const next = text.charCodeAt(at + 1);
  if (!isDigit(next)) return next >= 0x20 && next < 0x7f ? next : -1;
  if (!isDigit(text.charCodeAt(at + 2)) || !isDigit(text.charCodeAt(at + 3))) return -1;
  const octet = Number(text.slice(at + 1, at + 4));
  return octet <= 255 ? octet : -1;
}

/** Characters that the (valid) escape at `at` takes: 2 or 4. */
export function escapeLength(text: string, at: number): number {
  return isDigit(text.charCodeAt(at + 1)) ? 4 : 2;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function describeCharacter(text: string, at: number): string {
  if (text.charCodeAt(at) === BACKSLASH) {
    return `${quote(text)} has a broken escape: write \\ and a character, or \\ and three digits up to 255`;
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return `${quote(text)} holds ${JSON.stringify(character)}: write internationalised names in their xn-- form, other octets as \\DDD`;
}

const MAX_QUOTED_LENGTH = 80;

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text);
}

/** Presentation form of the name that begins at `offset`, without the final dot; the root is `.`. */
export function formatName(bytes: Uint8Array, offset = 0): string {
  if (bytes[offset] === 0) return '.';
  let text = '';
  for (let at = offset; at < bytes.length; ) {
    const labelLength = bytes[at++] ?? 0;
    if (labelLength === 0) break;
    if (at > offset + 1) text += '.';
    for (const end = at + labelLength; at < end; at++) text += formatOctet(bytes[at] ?? 0);
  }
  return text;
}

function formatOctet(octet: number): string {
  if (octet <= 0x20 || octet >= 0x7f) return `\\${octet.toString().padStart(3, '0')}`;
  return SPECIAL.has(octet) ? `\\${String.fromCharCode(octet)}` : String.fromCharCode(octet);
}

/**
 * With A-Z folded to a-z; other octets stay (RFC 4343 section 3). Length octets are below 64: never letters. A name that
 * is in lower case already comes back itself, not as a copy.
 */
export function lowerCaseName(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; at++) {
    if (lowerCaseOctet(bytes[at] ?? 0) !== bytes[at]) return bytes.map(lowerCaseOctet);
  }
  return bytes;
}

function lowerCaseOctet(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

/** Octets of the name that begins at `offset`, its root label included; -1 when it is no plain name within `bytes`. */
export function nameLength(bytes: Uint8Array, offset = 0): number {
  let at = offset;
  while (at < bytes.length && at - offset < MAX_NAME_BYTES) {
    const labelLength = bytes[at] ?? 0;
    if (labelLength === 0) return at + 1 - offset;
    if (labelLength > MAX_LABEL_BYTES) return -1;
    at += 1 + labelLength;
  }
  return -1;
}

/** Offsets of the labels of a name, the first label first, the root label left out. */
export function labelOffsets(name: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < name.length && name[at] !== 0; at += 1 + (name[at] ?? 0)) offsets.push(at);
  return offsets;
}

/** The name without its first label; the root for the root. */
export function parentName(name: Uint8Array): Uint8Array {
  const first = name[0] ?? 0;
  return name.slice(first === 0 ? 0 : 1 + first);
}

/** Whether the first label is `*` (RFC 4592 section 2.1.1). */
export function isWildcard(name: Uint8Array): boolean {
  return name[0] === 1 && name[1] === 0x2a;
}

/** Whether `name` is `ancestor` or stands below it, whatever the case. */
export function isSubdomain(name: Uint8Array, ancestor: Uint8Array): boolean {
  let at = 0;
  while (name.length - at > ancestor.length) {
    if (name[at] === 0) return false;
    at += 1 + (name[at] ?? 0);
  }
  return name.length - at === ancestor.length && sameOctets(name, at, ancestor);
}

function sameOctets(name: Uint8Array, offset: number, other: Uint8Array): boolean {
  for (let at = 0; at < other.length; at++) {
    if (lowerCaseOctet(other[at] ?? 0) !== lowerCaseOctet(name[offset + at] ?? 0)) return false;
  }
  return true;
}

/** Canonical order (RFC 4034 section 6.1): negative when `a` stands before `b`, 0 when they are the same name. */
export function compareNames(a: Uint8Array, b: Uint8Array): number {
  const left = labelOffsets(a);
  const right = labelOffsets(b);
  for (let depth = 1; depth <= Math.min(left.length, right.length); depth++) {
    const order = compareLabels(a, left.at(-depth) ?? 0, b, right.at(-depth) ?? 0);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareLabels(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  const aLength = a[aStart] ?? 0;
  const bLength = b[bStart] ?? 0;
  for (let index = 1; index <= Math.min(aLength, bLength); index++) {
    const order = lowerCaseOctet(a[aStart + index] ?? 0) - lowerCaseOctet(b[bStart + index] ?? 0);
    if (order !== 0) return order;
  }
  return aLength - bLength;
}

/**
 * A string that is the same for the same name, and whose plain order is canonical order: labels from last to first, each
 * octet as the character one above it, each label ended by U+0000. So the key of a parent is the beginning of its
 * children's keys. Sorting and looking up a million names by it is several times faster than by their bytes.
 */
export function canonicalKey(name: Uint8Array): string {
  const codes: number[] = [];
  const offsets = labelOffsets(name);
  for (let label = offsets.length - 1; label >= 0; label--) {
    const start = offsets[label] ?? 0;
    const end = start + (name[start] ?? 0);
    for (let at = start + 1; at <= end; at++) codes.push(lowerCaseOctet(name[at] ?? 0) + 1);
    codes.push(0);
  }
  return String.fromCharCode(...codes);
}

/** Key of the parent of the name with this key; the root's key is empty. */
export function parentKey(key: string): string {
  return key.slice(0, key.lastIndexOf('\0', key.length - 2) + 1);
}
