// Text: with a length octet before it or up to the end of the data, in quotes or without.

import { append, type Field, type Formatted, takeRest, takeToken, word } from '../field.ts';
import { formatQuoted, readOctets, type Token } from '../tokens.ts';

const MAX_STRING_OCTETS = 255;

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
    const texts: (string | undefined)[] = [];
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
      append(octets, read);
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
  return plainString(name, /^[A-Za-z0-9]{1,255}$/, 'is not of letters and digits', (text) => text);
}

/** A length octet and digits, at least `least` of them (the PSDN address of RFC 1183 section 3.1). */
export function digits(name: string, least: number): Field {
  const form = new RegExp(`^\\d{${least},255}$`);
  return plainString(name, form, `is not ${least} digits or more, and nothing else`, (text) => `"${text}"`);
}

function plainString(name: string, form: RegExp, fault: string, write: (text: string) => string): Field {
  return word(
    name,
    (text) => (form.test(text) ? [text.length, ...Array.from(text, (character) => character.charCodeAt(0))] : fault),
    (data, at) => {
      const end = at + 1 + (data[at] ?? 0);
      if (at >= data.length || end > data.length) return undefined;
      const text = String.fromCharCode(...data.subarray(at + 1, end));
      return form.test(text) ? { text: write(text), end } : undefined;
    },
  );
}
