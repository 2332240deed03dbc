// What a field of record data is, and the few ways to make one out of smaller parts. The kinds themselves are in fields/, a
// file per kind; layouts.ts strings them together into record types. Formatting is also the check of octets that came from
// elsewhere: a field that runs past the end or holds what it must not gives undefined.

import { quote, type Token } from './tokens.ts';

/** Tokens with a place in them: fields take from the front. */
export type TokenReader = { readonly tokens: readonly Token[]; next: number };

export type Formatted = {
  /** Undefined where the octets are right, but only the form of RFC 3597 can write them: of a later version, say. */
  readonly text: string | undefined;
  /** The offset behind the field. */
  readonly end: number;
};

export type Field = {
  /** Takes tokens, appends octets; says what is wrong and what to write when it cannot. `octets` begins with the record's data. */
  parse(reader: TokenReader, octets: number[], origin: Uint8Array): string | undefined;
  /** Text of the field that begins at `at`. `data` begins with the record's data. */
  format(data: Uint8Array, at: number): Formatted | undefined;
  /** Where in `at` to `end`, which is this field, names begin. Absent where a field never holds any. */
  names?(data: Uint8Array, at: number, end: number): readonly number[];
};

/** A field that is one token. `read` gives its octets, or says what is wrong with the text. */
export function word(name: string, read: (text: string) => readonly number[] | string, format: Field['format']): Field {
  return {
    parse(reader, octets) {
      const token = takeToken(reader);
      if (token === undefined) return `the ${name} is missing`;
      const value = read(token.text);
      if (typeof value === 'string') return `the ${name} ${quote(token.text)} ${value}`;
      append(octets, value);
      return undefined;
    },
    format,
  };
}

/** Formats the `size` octets at `at` when all of them are there. */
export function sized(
  size: number,
  format: (data: Uint8Array, at: number) => string | undefined,
): (data: Uint8Array, at: number) => Formatted | undefined {
  return (data, at) => {
    if (at + size > data.length) return undefined;
    const text = format(data, at);
    return text === undefined ? undefined : { text, end: at + size };
  };
}

/** A field that may be left out when nothing else follows. */
export function optional(field: Field): Field {
  return {
    ...field,
    parse: (reader, octets, origin) =>
      reader.next === reader.tokens.length ? undefined : field.parse(reader, octets, origin),
    format: (data, at) => (at === data.length ? { text: '', end: at } : field.format(data, at)),
  };
}

/**
 * The field that the octets before it ask for: `choose` sees the record's data (while it is read: as far as it has been
 * read) and names one of `fields` by its place.
 */
export function oneOf(choose: (data: ArrayLike<number>) => number, fields: readonly Field[]): Field {
  const fieldFor = (data: ArrayLike<number>) => fields[choose(data)] ?? NOTHING;
  return {
    parse: (reader, octets, origin) => fieldFor(octets).parse(reader, octets, origin),
    format: (data, at) => fieldFor(data).format(data, at),
    names: (data, at, end) => fieldFor(data).names?.(data, at, end) ?? [],
  };
}

/** Takes no text and no octets: for oneOf. */
export const NOTHING: Field = {
  parse: () => undefined,
  format: (_data, at) => ({ text: '', end: at }),
};

export function takeToken(reader: TokenReader): Token | undefined {
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
export function joinRest(reader: TokenReader): string {
  return takeRest(reader)
    .map(({ text }) => text)
    .join('');
}

/** Without spreading `values` over a call: there may be more of them than a call takes. */
export function append(octets: number[], values: Iterable<number>): void {
  for (const value of values) octets.push(value);
}
