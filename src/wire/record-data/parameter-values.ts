// The values of service parameters, one notation per key (RFC 9460 sections 7 and 8, RFC 9461, RFC 9540). Lists are separated
// by commas; inside an item of alpn, `\,` and `\\` stand for a comma and a backslash once the escapes of the text itself are
// resolved (RFC 9460 appendix A.1).

import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './address-octets.ts';
import { formatBase64, parseBase64 } from './encodings.ts';
import { formatQuoted } from './tokens.ts';

type ValueProblem = { readonly problem: string };
type ParseKey = (text: string) => number | undefined;
type FormatKey = (key: number) => string;

type Notation = {
  /** Octets on the wire of the value's text, whose escapes are resolved. */
  parse(text: readonly number[], parseKey: ParseKey): readonly number[] | ValueProblem;
  /** Undefined when the octets are no such value. */
  format(value: Uint8Array, formatKey: FormatKey): string | undefined;
};

const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** `text` is undefined where there was only the key, without `=`. */
export function parseParameterValue(
  key: number,
  text: readonly number[] | undefined,
  parseKey: ParseKey,
): readonly number[] | ValueProblem {
  if (EMPTY_KEYS.has(key))
    return (text ?? []).length === 0 ? [] : { problem: 'it takes no value: leave out = and the rest' };
  const notation = NOTATIONS.get(key) ?? OPAQUE;
  if (notation !== OPAQUE && (text ?? []).length === 0) return { problem: 'its value is missing' };
  return notation.parse(text ?? [], parseKey);
}

/** Text behind `=`; empty where there is none to write; undefined when the octets are no value of this key. */
export function formatParameterValue(key: number, value: Uint8Array, formatKey: FormatKey): string | undefined {
  if (EMPTY_KEYS.has(key)) return value.length === 0 ? '' : undefined;
  const notation = NOTATIONS.get(key) ?? OPAQUE;
  if (notation !== OPAQUE && value.length === 0) return undefined;
  return notation.format(value, formatKey);
}

const OPAQUE: Notation = {
  parse: (text) => text,
  format: (value) => (value.length === 0 ? '' : formatQuoted(value)),
};

const MANDATORY: Notation = {
  parse(text, parseKey) {
    const keys = toText(text).split(',').map(parseKey);
    const known = keys.filter((key) => key !== undefined);
    if (known.length < keys.length) return { problem: 'write keys with commas between them' };
    if (known.includes(0)) return { problem: 'it may not list itself' };
    if (new Set(known).size < known.length) return { problem: 'a key is there twice' };
    return known.sort((a, b) => a - b).flatMap((key) => [key >>> 8, key & 0xff]);
  },
  format(value, formatKey) {
    if (value.length % 2 !== 0) return undefined;
    const keys: number[] = [];
    for (let at = 0; at < value.length; at += 2) keys.push(((value[at] ?? 0) << 8) | (value[at + 1] ?? 0));
    if (keys.some((key, index) => key <= (keys[index - 1] ?? 0) || key === 0xffff)) return undefined;
    return keys.map(formatKey).join(',');
  },
};

/** Protocol ids, each behind its length octet. */
const ALPN: Notation = {
  parse(text) {
    const items = splitList(text);
    if (items === undefined) return { problem: 'inside an item, write \\\\, for a comma and \\\\\\\\ for a backslash' };
    if (items.some((item) => item.length === 0 || item.length > 255))
      return { problem: 'each item has 1 to 255 octets' };
    return items.flatMap((item) => [item.length, ...item]);
  },
  format(value) {
    const text: number[] = [];
    for (let at = 0; at < value.length; ) {
      const end = at + 1 + (value[at] ?? 0);
      if (end > value.length || end === at + 1) return undefined;
      if (text.length > 0) text.push(COMMA);
      for (const octet of value.subarray(at + 1, end)) {
        if (octet === COMMA || octet === BACKSLASH) text.push(BACKSLASH);
        text.push(octet);
      }
      at = end;
    }
    return formatQuoted(Uint8Array.from(text));
  },
};

/** Items between commas that have no backslash before them. */
function splitList(text: readonly number[]): readonly (readonly number[])[] | undefined {
  const items: number[][] = [[]];
  for (let at = 0; at < text.length; at++) {
    const octet = text[at] ?? 0;
    if (octet === COMMA) {
      items.push([]);
      continue;
    }
    const isEscape = octet === BACKSLASH;
    const literal = isEscape ? (text[++at] ?? -1) : octet;
    if (isEscape && literal !== COMMA && literal !== BACKSLASH) return undefined;
    items.at(-1)?.push(literal);
  }
  return items;
}

const PORT: Notation = {
  parse(text) {
    const port = /^\d{1,5}$/.test(toText(text)) ? Number(toText(text)) : 0x10000;
    return port <= 0xffff ? [port >>> 8, port & 0xff] : { problem: 'it is not a whole number from 0 to 65535' };
  },
  format: (value) => (value.length === 2 ? String(((value[0] ?? 0) << 8) | (value[1] ?? 0)) : undefined),
};

const ECH: Notation = {
  parse: (text) => parseBase64(toText(text)) ?? { problem: 'it is not base64 with its padding' },
  format: (value) => formatBase64(value),
};

function addressHints(
  size: number,
  kind: string,
  parse: (text: string) => readonly number[] | undefined,
  format: (octets: Uint8Array, at: number) => string,
): Notation {
  return {
    parse(text) {
      const addresses = toText(text).split(',').map(parse);
      const known = addresses.filter((address) => address !== undefined);
      if (known.length < addresses.length) return { problem: `write ${kind} addresses with commas between them` };
      return known.flat();
    },
    format(value) {
      if (value.length % size !== 0) return undefined;
      return Array.from({ length: value.length / size }, (_, index) => format(value, index * size)).join(',');
    },
  };
}

/**
 * The path of DNS over HTTPS (RFC 9461 section 5): a URI template (RFC 6570) in UTF-8 that begins with / and has an expression
 * with the variable dns.
 */
const DOH_PATH: Notation = {
  parse: (text) =>
    isDohPath(Uint8Array.from(text)) ? text : { problem: 'it is no template such as /dns-query{?dns}' },
  format: (value) => (isDohPath(value) ? formatQuoted(value) : undefined),
};

function isDohPath(octets: Uint8Array): boolean {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets);
  const expressions = [...text.matchAll(/\{[+#./;?&]?([^{}]*)\}/g)].map(([, variables = '']) => variables.split(','));
  const hasVariable = expressions.flat().some((variable) => /^dns(?::\d{1,4}|\*)?$/.test(variable));
  // Octets that are no UTF-8 have become U+FFFD.
  return hasVariable && text.startsWith('/') && !text.includes('\ufffd');
}

/** Numbers from the IANA registry "TLS Supported Groups", the preferred one first, none twice. */
const TLS_GROUPS: Notation = {
  parse(text) {
    const groups = toText(text)
      .split(',')
      .map((group) => (/^\d{1,5}$/.test(group) && Number(group) <= 0xffff ? Number(group) : undefined));
    const known = groups.filter((group) => group !== undefined);
    if (known.length < groups.length) return { problem: 'write numbers of TLS groups with commas between them' };
    if (new Set(known).size < known.length) return { problem: 'a group is there twice' };
    return known.flatMap((group) => [group >>> 8, group & 0xff]);
  },
  format(value) {
    if (value.length % 2 !== 0) return undefined;
    const groups = Array.from({ length: value.length / 2 }, (_, index) => {
      return ((value[2 * index] ?? 0) << 8) | (value[2 * index + 1] ?? 0);
    });
    return new Set(groups).size < groups.length ? undefined : groups.join(',');
  },
};

function toText(octets: readonly number[]): string {
  return octets.map((octet) => String.fromCharCode(octet)).join('');
}

/** no-default-alpn, ohttp. */
const EMPTY_KEYS: ReadonlySet<number> = new Set([2, 8]);

const NOTATIONS: ReadonlyMap<number, Notation> = new Map([
  [0, MANDATORY],
  [1, ALPN],
  [3, PORT],
  [4, addressHints(4, 'IPv4', parseIpv4, formatIpv4)],
  [5, ECH],
  [6, addressHints(16, 'IPv6', parseIpv6, formatIpv6)],
  [7, DOH_PATH],
  [9, TLS_GROUPS],
]);

/**
 * Whether the value may be written with backslashes. Lists of keys, numbers, addresses and base64 may not: "To enable simpler
 * parsing, this SvcParamValue MUST NOT contain escape sequences" (RFC 9460 sections 7.2, 7.3 and 8, RFC 9848 section 4).
 */
export function mayHaveEscapes(key: number): boolean {
  const notation = NOTATIONS.get(key);
  return notation === undefined || notation === ALPN || notation === DOH_PATH;
}
