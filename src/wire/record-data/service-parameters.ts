// The parameters of SVCB and HTTPS records (RFC 9460 section 2): key=value in text, in any order; on the wire a key number,
// a length and the value each, in strictly ascending order of keys. Known keys have a notation each; keyNNN, which can stand for
// any key, has the octets of the wire as its value (section 2.1). Both are checked.

import { append, type Field, takeRest } from './field.ts';
import { formatParameterValue, mayHaveEscapes, parseParameterValue } from './parameter-values.ts';
import { quote, readOctets, type Token, type TokenProblem } from './tokens.ts';

const KEY_MANDATORY = 0;
const KEY_ALPN = 1;
const KEY_NO_DEFAULT_ALPN = 2;

/** IANA "Service Parameter Keys": RFC 9460 section 14.3.2, RFC 9461, RFC 9540, tls-supported-groups. The place in the list is the number. */
const KEY_NAMES: readonly string[] = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
  'tls-supported-groups',
];
/** 65535 is reserved ("Invalid key"). */
const GREATEST_KEY = 65_534;

/** All parameters, up to the end of the data. */
export const serviceParameters: Field = {
  parse(reader, octets) {
    const values = new Map<number, readonly number[]>();
    for (const token of takeRest(reader)) {
      const problem = parseParameter(token, values);
      if (problem !== undefined) return problem;
    }
    for (const [key, value] of [...values].sort(([a], [b]) => a - b)) {
      octets.push(key >>> 8, key & 0xff, value.length >>> 8, value.length & 0xff);
      append(octets, value);
    }
    return findInconsistency(values);
  },
  format(data, at) {
    const values = new Map<number, readonly number[]>();
    const texts: string[] = [];
    let previousKey = -1;
    while (at < data.length) {
      const key = ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
      const end = at + 4 + (((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0));
      if (at + 4 > data.length || end > data.length || key <= previousKey || key > GREATEST_KEY) return undefined;
      const value = data.subarray(at + 4, end);
      const text = formatParameterValue(key, value, formatKey);
      if (text === undefined) return undefined;
      texts.push(text === '' ? formatKey(key) : `${formatKey(key)}=${text}`);
      values.set(key, [...value]);
      previousKey = key;
      at = end;
    }
    return findInconsistency(values) === undefined ? { text: texts.join(' '), end: at } : undefined;
  },
};

function parseParameter(token: Token, values: Map<number, readonly number[]>): string | undefined {
  const [keyText = ''] = token.text.split('=', 1);
  const key = parseKey(keyText);
  if (key === undefined)
    return `the parameter ${quote(token.text)} has no known key: write ${KEY_NAMES.join(', ')} or keyNNN`;
  if (values.has(key)) return `the parameter ${keyText} is there twice: write it once`;
  const value = parseValue(key, keyText, token.text.slice(keyText.length));
  if ('problem' in value) return `the parameter ${keyText}: ${value.problem}`;
  if (value.length > 0xffff) return `the parameter ${keyText} has more than 65535 octets: shorten it`;
  values.set(key, value);
  return undefined;
}

/** `text` begins with `=`, or is empty. */
function parseValue(key: number, keyText: string, text: string): readonly number[] | TokenProblem {
  const token = valueToken(text.slice(1));
  const read = readOctets(token);
  if ('problem' in read) return read;
  if (keyText === KEY_NAMES[key]) {
    if (token.text.includes('\\') && !mayHaveEscapes(key)) return { problem: 'write its value without any \\' };
    return parseParameterValue(key, text === '' ? undefined : read, parseKey);
  }
  if (formatParameterValue(key, Uint8Array.from(read), formatKey) === undefined) {
    return { problem: `its octets are no value of ${formatKey(key)}: write ${formatKey(key)}= and a value` };
  }
  return read;
}

/** Behind `=`, a value may stand in quotes of its own. */
function valueToken(text: string): Token {
  return text.startsWith('"') ? { text: text.slice(1, -1), isQuoted: true } : { text, isQuoted: false };
}

/** RFC 9460 section 8: what is mandatory is there; section 7.1.1: no-default-alpn needs alpn. */
function findInconsistency(values: ReadonlyMap<number, readonly number[]>): string | undefined {
  const mandatory = values.get(KEY_MANDATORY) ?? [];
  for (let at = 0; at < mandatory.length; at += 2) {
    const key = ((mandatory[at] ?? 0) << 8) | (mandatory[at + 1] ?? 0);
    if (!values.has(key)) return `${formatKey(key)} is mandatory but not there: add it, or take it out of mandatory`;
  }
  if (values.has(KEY_NO_DEFAULT_ALPN) && !values.has(KEY_ALPN)) return 'no-default-alpn needs alpn: add it';
  return undefined;
}

function parseKey(text: string): number | undefined {
  const known = KEY_NAMES.indexOf(text);
  if (known >= 0) return known;
  const match = /^key(0|[1-9]\d{0,4})$/.exec(text);
  const key = match === null ? GREATEST_KEY + 1 : Number(match[1]);
  return key <= GREATEST_KEY ? key : undefined;
}

function formatKey(key: number): string {
  return KEY_NAMES[key] ?? `key${key}`;
}
