// Splits the presentation form of record data into its fields, and reads and writes character strings (RFC 1035 section
// 5.1): blanks separate, double quotes hold blanks together, `\X` and `\DDD` stand for one octet each. Parentheses, which let
// data run over several lines in a master file, count as blanks. Characters beyond ASCII stand for their UTF-8 octets.

import { escapeLength, readEscape } from '../name.ts';

/** One field as written: without its quotes, its escapes still in place. */
export type Token = { readonly text: string; readonly isQuoted: boolean };

export type TokenProblem = { readonly problem: string };

const BLANKS = ' \t\r\n';
const BRACKETS = '()';

/** What is one token whatever stands in it: addresses, names. Most data is such, and there may be a million of it. */
const ONE_TOKEN = /^[A-Za-z0-9.:_-]+$/;

export function splitTokens(text: string): readonly Token[] | TokenProblem {
  if (ONE_TOKEN.test(text)) return [{ text, isQuoted: false }];
  if (!text.isWellFormed()) return { problem: 'it holds half a surrogate pair: write the octets as \\DDD' };
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? '';
    if (BLANKS.includes(character)) {
      at++;
    } else if (BRACKETS.includes(character)) {
      depth += character === '(' ? 1 : -1;
      if (depth < 0) break;
      at++;
    } else if (character === ';') {
      return {
        problem: 'an unquoted ; begins a comment in a master file: put the text in double quotes, or write \\;',
      };
    } else {
      const isQuoted = character === '"';
      const end = isQuoted ? endOfQuoted(text, at) : endOfPlain(text, at);
      if (end < 0) return { problem: 'a double quote is not closed: write " at both ends, and \\" inside' };
      tokens.push({ text: isQuoted ? text.slice(at + 1, end - 1) : text.slice(at, end), isQuoted });
      at = end;
    }
  }
  return depth === 0 ? tokens : { problem: 'the parentheses do not match: close each one, or leave them out' };
}

/** Offset behind the closing quote of the string that opens at `at`; -1 if there is none. */
function endOfQuoted(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '"') return end + 1;
    if (text[end] === '\\') end++;
  }
  return -1;
}

/** A quote right behind `=` opens the value of a service parameter, `key="a b"`, which stays one token (RFC 9460 2.1). */
function endOfPlain(text: string, at: number): number {
  for (let end = at; end < text.length; end++) {
    const character = text[end] ?? '';
    if (character === '"' && text[end - 1] === '=' && end > at) return endOfQuoted(text, end);
    if (character === ';' || BLANKS.includes(character) || BRACKETS.includes(character)) return end;
    if (character === '\\') end++;
  }
  return text.length;
}

/** The octets that a field of text stands for, or what is wrong with it. */
export function readOctets(token: Token): readonly number[] | TokenProblem {
  const { text, isQuoted } = token;
  const octets: number[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0;
    if (code === 0x5c) {
      const octet = readEscape(text, at);
      if (octet < 0) {
        return { problem: `${quote(text)} has a broken escape: write \\ and a character, or three digits up to 255` };
      }
      octets.push(octet);
      at += escapeLength(text, at);
    } else if (code === 0x22 && !isQuoted) {
      return {
        problem: `${quote(text)} has a quote inside: put all of it in double quotes, and write \\" for one inside`,
      };
    } else if (code < 0x80) {
      octets.push(code);
      at++;
    } else {
      const character = String.fromCodePoint(code);
      octets.push(...new TextEncoder().encode(character));
      at += character.length;
    }
  }
  return octets;
}

/** Between double quotes, with `"` and `\` escaped, and as \DDD whatever is not printable ASCII. */
export function formatQuoted(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) {
    if (octet < 0x20 || octet >= 0x7f) text += `\\${octet.toString().padStart(3, '0')}`;
    else if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += String.fromCharCode(octet);
  }
  return `${text}"`;
}

const MAX_QUOTED_LENGTH = 60;

/** Text as problems quote it: cut short, unprintables visible. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text);
}
