// The regular expressions of checks, from text to a tree. Only what an automaton of fixed size can decide is there: no
// references back, no looking around. The alphabet is bytes: a character beyond ASCII stands for its bytes in UTF-8, and
// `.` is one byte.
//
//    alternatives   one|other
//    atoms          x   .   \d \D \w \W \s \S   \n \r \t   \.   [a-z] [^a-z]   ( ) (?: )   ^ $
//    repeats        *   +   ?   {2}  {2,}  {2,5}    also with ? behind, which makes no difference to whether it matches
//    flags          (?i) at the beginning: upper and lower case are the same

/** 256 bits, one for each byte. */
export type ByteSet = Uint32Array;
export const WORDS_PER_SET = 8;

export type PatternNode =
  | { readonly kind: 'set'; readonly set: ByteSet }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number };

export type ParsedPattern =
  | { readonly ok: true; readonly node: PatternNode }
  | { readonly ok: false; readonly fault: string };

/** Groups in groups: the depth of the recursion below. */
const MAX_DEPTH = 32;
/** The most that {m,n} may say; the size of the program bounds the rest. */
export const MAX_REPEAT = 1_000;

/** Never throws; the fault says what is wrong and at which character, counted from 1. */
export function parsePattern(text: string): ParsedPattern {
  const ignoreCase = text.startsWith('(?i)');
  const reader: Reader = { characters: Array.from(text), at: ignoreCase ? 4 : 0, ignoreCase };
  try {
    const node = parseChoice(reader, 0);
    if (peek(reader) === ')') fail(reader.at, 'there is no group that this ")" would close');
    return { ok: true, node };
  } catch (error) {
    if (error instanceof PatternFault) return { ok: false, fault: error.message };
    throw error;
  }
}

/** Inside this file only: a fault leaves the recursion by the shortest way. */
class PatternFault extends Error {}

function fail(at: number, message: string): never {
  throw new PatternFault(`${message} (character ${at + 1} of the pattern).`);
}

type Reader = { readonly characters: readonly string[]; at: number; readonly ignoreCase: boolean };

const peek = (reader: Reader): string | undefined => reader.characters[reader.at];

function take(reader: Reader, wanted: string): boolean {
  if (peek(reader) !== wanted) return false;
  reader.at++;
  return true;
}

function parseChoice(reader: Reader, depth: number): PatternNode {
  const parts = [parseSequence(reader, depth)];
  while (take(reader, '|')) parts.push(parseSequence(reader, depth));
  return parts.length === 1 ? (parts[0] ?? EMPTY) : { kind: 'choice', parts };
}

const EMPTY: PatternNode = { kind: 'sequence', parts: [] };

function parseSequence(reader: Reader, depth: number): PatternNode {
  const parts: PatternNode[] = [];
  for (let next = peek(reader); next !== undefined && next !== '|' && next !== ')'; next = peek(reader)) {
    parts.push(parseRepeat(reader, parseAtom(reader, depth)));
  }
  return { kind: 'sequence', parts };
}

function parseRepeat(reader: Reader, part: PatternNode): PatternNode {
  const at = reader.at;
  const bounds = parseBounds(reader);
  if (bounds === undefined) return part;
  if (part.kind === 'start' || part.kind === 'end') fail(at, 'there is nothing to repeat before this');
  take(reader, '?');
  if (['*', '+', '?', '{'].includes(peek(reader) ?? ''))
    fail(reader.at, 'one repeat stands behind another: use a group');
  return { kind: 'repeat', part, ...bounds };
}

type Bounds = { readonly least: number; readonly most: number };

function parseBounds(reader: Reader): Bounds | undefined {
  if (take(reader, '*')) return { least: 0, most: Number.POSITIVE_INFINITY };
  if (take(reader, '+')) return { least: 1, most: Number.POSITIVE_INFINITY };
  if (take(reader, '?')) return { least: 0, most: 1 };
  if (peek(reader) !== '{') return undefined;
  const at = reader.at;
  const match = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(reader.characters.slice(at, at + 12).join(''));
  if (match === null) fail(at, 'a "{" begins a repeat such as {2}, {2,} or {2,5}; write \\{ for the character');
  const least = Number(match[1]);
  const most = match[2] === '' ? least : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
  const isBounded = least <= MAX_REPEAT && (most <= MAX_REPEAT || most === Number.POSITIVE_INFINITY);
  if (!isBounded) fail(at, `a repeat counts to ${MAX_REPEAT} at most`);
  if (most < least) fail(at, 'the bounds of this repeat are the wrong way round');
  reader.at += match[0].length;
  return { least, most };
}

function parseAtom(reader: Reader, depth: number): PatternNode {
  const at = reader.at;
  const character = peek(reader) ?? '';
  reader.at++;
  switch (character) {
    case '(':
      return parseGroup(reader, depth + 1, at);
    case '[':
      return { kind: 'set', set: parseClass(reader, at) };
    case '.':
      return { kind: 'set', set: invert(setOf(0x0a)) };
    case '^':
      return { kind: 'start' };
    case '$':
      return { kind: 'end' };
    case '\\':
      return { kind: 'set', set: foldCase(parseEscape(reader, at), reader) };
    case '*':
    case '+':
    case '?':
    case '{':
      return fail(at, `there is nothing to repeat before this "${character}"; write \\${character} for the character`);
    default:
      return parseLiteral(character, reader);
  }
}

function parseGroup(reader: Reader, depth: number, at: number): PatternNode {
  if (depth > MAX_DEPTH) fail(at, `groups stand in each other more than ${MAX_DEPTH} deep`);
  if (take(reader, '?') && !take(reader, ':')) {
    fail(at, 'of the groups that begin with "(?" there is only "(?:", and "(?i)" at the beginning of the pattern');
  }
  const node = parseChoice(reader, depth);
  if (!take(reader, ')')) fail(at, 'this group is never closed; write \\( for the character');
  return node;
}

function parseLiteral(character: string, reader: Reader): PatternNode {
  const bytes = new TextEncoder().encode(character);
  const parts = Array.from(bytes, (byte): PatternNode => ({ kind: 'set', set: foldCase(setOf(byte), reader) }));
  return parts.length === 1 ? (parts[0] ?? EMPTY) : { kind: 'sequence', parts };
}

function parseClass(reader: Reader, at: number): ByteSet {
  const isInverted = take(reader, '^');
  const set = setOf();
  // As everywhere, a bracket that stands first is itself a member.
  for (let isFirst = true; isFirst || peek(reader) !== ']'; isFirst = false) {
    if (peek(reader) === undefined) fail(at, 'this "[" is never closed; write \\[ for the character');
    const low = parseMember(reader);
    const isRange = peek(reader) === '-' && ![']', undefined].includes(reader.characters[reader.at + 1]);
    if (!isRange) {
      addAll(set, low);
      continue;
    }
    const dash = reader.at++;
    const high = parseMember(reader);
    const [from, to] = [onlyByte(low), onlyByte(high)];
    if (from === undefined || to === undefined || from > to)
      fail(dash, 'this is no range from a lower to a higher character');
    for (let byte = from; byte <= to; byte++) add(set, byte);
  }
  reader.at++;
  const folded = foldCase(set, reader);
  return isInverted ? invert(folded) : folded;
}

function parseMember(reader: Reader): ByteSet {
  const at = reader.at;
  const character = peek(reader) ?? '';
  reader.at++;
  if (character === '\\') return parseEscape(reader, at);
  const code = character.codePointAt(0) ?? 0;
  if (code > 0x7f) fail(at, `between brackets only ASCII may stand: write (?:${character}|…)`);
  return setOf(code);
}

function parseEscape(reader: Reader, at: number): ByteSet {
  const character = peek(reader);
  if (character === undefined) return fail(at, 'there is nothing behind this "\\"');
  reader.at++;
  const named = ESCAPES.get(character);
  if (named !== undefined) return named();
  // A letter or digit may mean something elsewhere, such as a reference back; what is no letter stands for itself.
  if (/^[\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e]$/.test(character)) return setOf(character.charCodeAt(0));
  return fail(at, `"\\${character}" is not known; there are ${[...ESCAPES.keys()].map((key) => `\\${key}`).join(' ')}`);
}

const digits = () => ranges([0x30, 0x39]);
const wordBytes = () => ranges([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]);
const spaces = () => ranges([0x09, 0x0d], [0x20, 0x20]);

const ESCAPES: ReadonlyMap<string, () => ByteSet> = new Map([
  ['d', digits],
  ['D', () => invert(digits())],
  ['w', wordBytes],
  ['W', () => invert(wordBytes())],
  ['s', spaces],
  ['S', () => invert(spaces())],
  ['n', () => setOf(0x0a)],
  ['r', () => setOf(0x0d)],
  ['t', () => setOf(0x09)],
]);

function setOf(...bytes: readonly number[]): ByteSet {
  const set = new Uint32Array(WORDS_PER_SET);
  for (const byte of bytes) add(set, byte);
  return set;
}

function ranges(...pairs: readonly (readonly [number, number])[]): ByteSet {
  const set = setOf();
  for (const [from, to] of pairs) for (let byte = from; byte <= to; byte++) add(set, byte);
  return set;
}

function add(set: ByteSet, byte: number): void {
  set[byte >>> 5] = (set[byte >>> 5] ?? 0) | (1 << (byte & 31));
}

function addAll(set: ByteSet, other: ByteSet): void {
  for (const [index, word] of other.entries()) set[index] = (set[index] ?? 0) | word;
}

function invert(set: ByteSet): ByteSet {
  return set.map((word) => ~word);
}

function hasByte(set: ByteSet, byte: number): boolean {
  return (((set[byte >>> 5] ?? 0) >>> (byte & 31)) & 1) === 1;
}

function onlyByte(set: ByteSet): number | undefined {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => hasByte(set, byte));
  return bytes.length === 1 ? bytes[0] : undefined;
}

function foldCase(set: ByteSet, { ignoreCase }: Reader): ByteSet {
  if (!ignoreCase) return set;
  const folded = set.slice();
  for (let upper = 0x41; upper <= 0x5a; upper++) {
    if (!hasByte(set, upper) && !hasByte(set, upper + 0x20)) continue;
    add(folded, upper);
    add(folded, upper + 0x20);
  }
  return folded;
}
