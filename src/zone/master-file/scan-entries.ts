// From the text of a master file to its entries (RFC 1035 section 5.1): where an entry ends, which words it has, and where
// each of them stands. An entry is a line, or several between parentheses; a semicolon begins a comment; double quotes hold
// blanks together; a backslash takes the next character as it is. What the words mean is the reader's concern.

import { quote, type Token } from '../../wire/record-data/tokens.ts';
import { MAX_RECORD_DATA_BYTES } from '../../wire/record-data.ts';

/** Both count from 1; columns count UTF-16 units, as editors do. */
export type Place = { readonly line: number; readonly column: number };

export type PlacedToken = Token & Place;

/** One entry: at least one token. */
export type Entry = Place & {
  /** The line begins with a blank: its owner is that of the entry before. */
  readonly isIndented: boolean;
  /** A fault in it has been told: what words there are may not be all. */
  readonly isFaulty: boolean;
  readonly tokens: readonly PlacedToken[];
};

/** Of one entry: a few in front, and two digits of each octet of its data, should somebody write each by itself. */
const MAX_WORDS = 8 + 2 * MAX_RECORD_DATA_BYTES;

/** After so many parentheses that are never closed the file is taken for none: each makes us read on for the one that closes it. */
const MAX_UNCLOSED = 20;

export type ScanProblem = Place & { readonly message: string };

/** Everything between the entries' words that the scanner goes by. */
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;
/** Editors of Windows begin a file with it. */
const BYTE_ORDER_MARK = 0xfeff;
/** What decoding leaves of octets that are no UTF-8: which ones they were is lost. */
const REPLACEMENT = '\ufffd';

/**
 * The entries of `text`, one after the other. What is wrong with one is told to `report`, in the order of the text, before the entry comes;
 * the search goes on behind it. Where a parenthesis is never closed, that is the next line that begins with a name.
 */
export function* scanEntries(text: string, report: (problem: ScanProblem) => void): Generator<Entry> {
  let at = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  let line = 1;
  let lineStart = at;
  let unclosed = 0;
  while (at < text.length) {
    const first = { line, column: 1 };
    const startOfEntry = at;
    const isIndented = isBlank(text.charCodeAt(at));
    const tokens: PlacedToken[] = [];
    /** How many parentheses are open, and where the outermost of them stands. */
    let depth = 0;
    let outermost: Place = first;
    let hasTooMany = false;
    const faults: ScanProblem[] = [];
    const refuse = ({ line, column }: Place, message: string) => faults.push({ line, column, message });
    for (;;) {
      const code = at < text.length ? text.charCodeAt(at) : LINE_FEED;
      const place = { line, column: at - lineStart + 1 };
      if (code === LINE_FEED) {
        const isEnd = at >= text.length;
        at++;
        line++;
        lineStart = at;
        if (isEnd || hasTooMany || depth === 0) break;
      } else if (isBlank(code)) {
        at++;
      } else if (code === SEMICOLON) {
        at = endOfLine(text, at);
      } else if (code === OPEN) {
        if (depth === 0) outermost = place;
        depth++;
        at++;
      } else if (code === CLOSE) {
        if (depth === 0) refuse(place, 'this parenthesis closes none: remove it, or open one before.');
        else depth--;
        at++;
      } else {
        const end = code === QUOTE ? endOfQuoted(text, at) : endOfPlain(text, at);
        if (end < 0) {
          refuse(place, 'this double quote is not closed on its line: write " at both ends, and \\" for one inside.');
          at = endOfLine(text, at);
          continue;
        }
        const isQuoted = code === QUOTE;
        const word = isQuoted ? text.slice(at + 1, end - 1) : text.slice(at, end);
        if (word.includes(REPLACEMENT))
          refuse(place, `${quote(word)} is no UTF-8: save the file as that, or write the octets as \\DDD.`);
        if (tokens.length === MAX_WORDS) {
          if (depth === 0) refuse(place, `this is more than ${MAX_WORDS} words: no record has so many.`);
          hasTooMany = true;
          at = endOfLine(text, at);
          continue;
        }
        tokens.push({ text: word, isQuoted, ...place });
        at = end;
      }
    }
    const next = depth > 0 ? findNextOwner(text, outermost, first, startOfEntry) : undefined;
    if (next !== undefined) ({ at, line, lineStart } = next);
    // What stands behind that is read again.
    const own = faults.filter((fault) => fault.line < line);
    if (depth > 0 && own.length === 0) {
      own.push({ ...outermost, message: 'this parenthesis is never closed: write ) at the end of the data.' });
    }
    for (const fault of own) report(fault);
    if (tokens.length > 0) yield { ...first, isIndented, isFaulty: own.length > 0, tokens };
    if (depth > 0 && ++unclosed === MAX_UNCLOSED) return;
  }
}

/** Where the first line behind the parenthesis begins that looks like the next record: with a name, rather than with data. */
function findNextOwner(
  text: string,
  parenthesis: Place,
  first: Place,
  startOfEntry: number,
): { readonly at: number; readonly line: number; readonly lineStart: number } {
  let { line } = first;
  let at = startOfEntry;
  while (at < text.length) {
    const end = endOfLine(text, at);
    at = end + 1;
    line++;
    if (line > parenthesis.line && at < text.length && !NO_OWNERS.includes(text[at] ?? '')) break;
  }
  return { at, line, lineStart: at };
}

const NO_OWNERS = ' \t\r\n;()"';

/** A carriage return counts as a blank: files of Windows end their lines with both. */
function isBlank(code: number): boolean {
  return code === SPACE || code === TAB || code === CARRIAGE_RETURN;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** Offset behind the closing quote of the string that opens at `at`; -1 when its line ends first. */
function endOfQuoted(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === QUOTE) return end + 1;
    if (code === BACKSLASH) end++;
    if (text.charCodeAt(end) === LINE_FEED) return -1;
  }
  return -1;
}

/** A quote right behind `=` opens the value of a service parameter, `key="a b"`, which stays one word (RFC 9460 section 2.1). */
function endOfPlain(text: string, at: number): number {
  for (let end = at; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === QUOTE && end > at && text.charCodeAt(end - 1) === EQUALS) return endOfQuoted(text, end);
    if (code === LINE_FEED || code === SEMICOLON || code === OPEN || code === CLOSE || isBlank(code)) return end;
    if (code === BACKSLASH && end + 1 < text.length && text.charCodeAt(end + 1) !== LINE_FEED) end++;
  }
  return text.length;
}
