// The kinds of field that record data is made of. Each knows how to read itself from text into octets and back; layouts.ts
// strings them together into record types. Formatting is also the check of octets that came from elsewhere: a field that
// runs past the end or holds what it must not gives undefined.

import { formatName, isSubdomain, nameLength, parseNameText } from '../name.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './addresses.ts';
import { formatBase64, formatHex, parseBase64, parseHex } from './encodings.ts';
import { formatQuoted, quote, readOctets, type Token } from './tokens.ts';

/** Tokens with a place in them: fields take from the front. */
export type TokenReader = { readonly tokens: readonly Token[]; next: number };

export type Formatted = { readonly text: string; readonly end: number };

export type Field = {
  /** Takes tokens, appends octets; says what is wrong and what to write when it cannot. */
  parse(reader: TokenReader, octets: number[], origin: Uint8Array): string | undefined;
  /** Text of the field that begins at `at`, and the offset behind it. */
  format(data: Uint8Array, at: number): Formatted | undefined;
};

const MAX_STRING_OCTETS = 255;

/** A number in decimal, most significant octet first. */
export function unsigned(name: string, octetCount: 1 | 2 | 4): Field {
  const greatest = 2 ** (8 * octetCount) - 1;
  return {
    parse(reader, octets) {
      const token = takeToken(reader);
      if (token === undefined) return `the ${name} is missing`;
      const value = /^\d{1,10}$/.test(token.text) ? Number(token.text) : Number.NaN;
      if (!(value <= greatest)) return `the ${name} ${quote(token.text)} is not a whole number from 0 to ${greatest}`;
      for (let shift = 8 * (octetCount - 1); shift >= 0; shift -= 8) octets.push((value >>> shift) & 0xff);
      return undefined;
    },
    format(data, at) {
      if (at + octetCount > data.length) return undefined;
      let value = 0;
      for (let index = 0; index < octetCount; index++) value = value * 256 + (data[at + index] ?? 0);
      return { text: String(value), end: at + octetCount };
    },
  };
}

export const ipv4Address: Field = {
  parse: (reader, octets) => parseAddress(reader, octets, parseIpv4, 'an IPv4 address such as 192.0.2.1'),
  format: (data, at) => (at + 4 > data.length ? undefined : { text: formatIpv4(data, at), end: at + 4 }),
};

export const ipv6Address: Field = {
  parse: (reader, octets) => parseAddress(reader, octets, parseIpv6, 'an IPv6 address such as 2001:db8::1'),
  format: (data, at) => (at + 16 > data.length ? undefined : { text: formatIpv6(data, at), end: at + 16 }),
};

function parseAddress(
  reader: TokenReader,
  octets: number[],
  parse: (text: string) => readonly number[] | undefined,
  kind: string,
): string | undefined {
  const token = takeToken(reader);
  if (token === undefined) return 'the address is missing';
  const address = parse(token.text);
  if (address === undefined) return `${quote(token.text)} is not ${kind}`;
  octets.push(...address);
  return undefined;
}

/** A name, never compressed. Relative names are completed with the origin; on the way out every name is absolute. */
export function domainName(name: string): Field {
  return {
    parse(reader, octets, origin) {
      const token = takeToken(reader);
      if (token === undefined) return `the ${name} is missing`;
      const parsed = parseNameText(token.text, origin);
      if (!(parsed instanceof Uint8Array)) return `the ${name}: ${parsed.problem}`;
      if (repeatsOrigin(token.text, parsed, origin)) {
        return `the ${name} ${quote(token.text)} has no final dot and so means ${formatName(parsed)}: write ${token.text}. instead`;
      }
      octets.push(...parsed);
      return undefined;
    },
    format(data, at) {
      const length = nameLength(data, at);
      if (length < 0) return undefined;
      const text = formatName(data, at);
      return { text: text === '.' ? text : `${text}.`, end: at + length };
    },
  };
}

/** The classic slip: `www.example.com` in zone example.com becomes www.example.com.example.com. */
function repeatsOrigin(text: string, parsed: Uint8Array, origin: Uint8Array): boolean {
  if (text.endsWith('.') || origin.length === 1) return false;
  const asAbsolute = parseNameText(text);
  return asAbsolute instanceof Uint8Array && asAbsolute.length < parsed.length && isSubdomain(asAbsolute, origin);
}

/** A length octet and up to 255 octets of text (RFC 1035 section 3.3). */
export function characterString(name: string): Field {
  return {
    parse(reader, octets) {
      const token = takeToken(reader);
      return token === undefined ? `the ${name} is missing` : appendString(token, octets);
    },
    format: formatString,
  };
}

/** One character string or more, up to the end. */
export const characterStrings: Field = {
  parse(reader, octets) {
    if (reader.next === reader.tokens.length) return 'the text is missing';
    for (const token of takeRest(reader)) {
      const problem = appendString(token, octets);
      if (problem !== undefined) return problem;
    }
    return undefined;
  },
  format(data, at) {
    const texts: string[] = [];
    while (at < data.length || texts.length === 0) {
      const formatted = formatString(data, at);
      if (formatted === undefined) return undefined;
      texts.push(formatted.text);
      at = formatted.end;
    }
    return { text: texts.join(' '), end: at };
  },
};

function appendString(token: Token, octets: number[]): string | undefined {
  const read = readOctets(token);
  if ('problem' in read) return read.problem;
  if (read.length > MAX_STRING_OCTETS) {
    return (
      `a string has ${read.length} octets, above ${MAX_STRING_OCTETS}: split it into several quoted strings in one record, ` +
      '"first part" "second part"; readers join them without a blank'
    );
  }
  octets.push(read.length, ...read);
  return undefined;
}

function formatString(data: Uint8Array, at: number): Formatted | undefined {
  const end = at + 1 + (data[at] ?? 0);
  return at >= data.length || end > data.length ? undefined : { text: formatQuoted(data.subarray(at + 1, end)), end };
}

/** Text up to the end of the data, without a length octet. */
export function remainingText(name: string, mayBeEmpty: boolean): Field {
  return {
    parse(reader, octets) {
      const token = takeToken(reader);
      if (token === undefined) return `the ${name} is missing`;
      const read = readOctets(token);
      if ('problem' in read) return read.problem;
      if (read.length === 0 && !mayBeEmpty) return `the ${name} is empty`;
      for (const octet of read) octets.push(octet);
      return undefined;
    },
    format(data, at) {
      if (at > data.length || (at === data.length && !mayBeEmpty)) return undefined;
      return { text: formatQuoted(data.subarray(at)), end: data.length };
    },
  };
}

/** A length octet and letters and digits, at least one (the property tag of RFC 8659 section 4.1). */
export function tag(name: string): Field {
  return {
    parse(reader, octets) {
      const token = takeToken(reader);
      if (token === undefined) return `the ${name} is missing`;
      if (!/^[A-Za-z0-9]{1,255}$/.test(token.text))
        return `the ${name} ${quote(token.text)} is not of letters and digits`;
      octets.push(token.text.length, ...Array.from(token.text, (character) => character.charCodeAt(0)));
      return undefined;
    },
    format(data, at) {
      const end = at + 1 + (data[at] ?? 0);
      if (at >= data.length || end > data.length) return undefined;
      const text = String.fromCharCode(...data.subarray(at + 1, end));
      return /^[A-Za-z0-9]+$/.test(text) ? { text, end } : undefined;
    },
  };
}

/**
 * Octets up to the end, in hexadecimal, at least one. `lengths` states how many there are for a kind of digest, which is
 * the octet before; kinds that it does not name may have any length.
 */
export function digest(name: string, lengths: ReadonlyMap<number, number>): Field {
  const fault = (kind: number, length: number): string | undefined => {
    const expected = lengths.get(kind);
    if (length === 0) return `the ${name} is missing`;
    if (expected === undefined || length === expected) return undefined;
    return `the ${name} has ${length} octets, where one of kind ${kind} has ${expected}`;
  };
  return {
    parse(reader, octets) {
      const kind = octets.at(-1) ?? 0;
      const read = parseHex(joinRest(reader));
      if (read === undefined) return `the ${name} is not hexadecimal: write two digits for each octet`;
      for (const octet of read) octets.push(octet);
      return fault(kind, read.length);
    },
    format(data, at) {
      if (fault(data[at - 1] ?? 0, data.length - at) !== undefined) return undefined;
      return { text: formatHex(data.subarray(at)), end: data.length };
    },
  };
}

/** Octets up to the end, in base64, at least one. */
export function remainingBase64(name: string): Field {
  return {
    parse(reader, octets) {
      const read = parseBase64(joinRest(reader));
      if (read === undefined) return `the ${name} is not base64 with its padding`;
      if (read.length === 0) return `the ${name} is missing`;
      for (const octet of read) octets.push(octet);
      return undefined;
    },
    format: (data, at) => (at < data.length ? { text: formatBase64(data.subarray(at)), end: data.length } : undefined),
  };
}

function takeToken(reader: TokenReader): Token | undefined {
  const token = reader.tokens[reader.next];
  if (token !== undefined) reader.next++;
  return token;
}

export function takeRest(reader: TokenReader): readonly Token[] {
  const rest = reader.tokens.slice(reader.next);
  reader.next = reader.tokens.length;
  return rest;
}

/** Long encodings may be written in several parts. */
function joinRest(reader: TokenReader): string {
  return takeRest(reader)
    .map(({ text }) => text)
    .join('');
}
