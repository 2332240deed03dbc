// Sets of numbers as bits: record types (RFC 4034 section 4.1.2, and RFC 2535 before it), ports (RFC 1035 section 3.4.2).
// Bit 0 is the most significant one of the first octet; a bitmap ends with its last octet that is not zero.

import { formatRecordType, parseRecordType } from '../../record-types.ts';
import { append, type Field, type TokenReader, takeRest } from '../field.ts';
import { quote } from '../tokens.ts';
import { type Mnemonics, readWhole } from './numbers.ts';

const TYPES_PER_WINDOW = 256;
const MAX_WINDOW_OCTETS = 32;

/**
 * Record types up to the end of the data. Of each run of 256 types that has any, a window (RFC 4034 section 4.1.2):
 *
 *   number of window | length (1 to 32) | bitmap …
 */
export function recordTypes(mayBeEmpty: boolean): Field {
  return {
    parse(reader, octets) {
      const types = takeTypes(reader);
      if (typeof types === 'string') return types;
      if (types.length === 0 && !mayBeEmpty) return 'the record types are missing';
      const windows = [...Map.groupBy(types, (type) => Math.floor(type / TYPES_PER_WINDOW))].sort(([a], [b]) => a - b);
      for (const [window, inWindow] of windows) {
        const bitmap = toBitmap(inWindow.map((type) => type % TYPES_PER_WINDOW));
        octets.push(window, bitmap.length, ...bitmap);
      }
      return undefined;
    },
    format(data, at) {
      if (at === data.length && !mayBeEmpty) return undefined;
      const types: number[] = [];
      let previous = -1;
      while (at < data.length) {
        const window = data[at] ?? 0;
        const length = data[at + 1] ?? 0;
        const end = at + 2 + length;
        if (window <= previous || length === 0 || length > MAX_WINDOW_OCTETS || end > data.length) return undefined;
        if (data[end - 1] === 0) return undefined;
        types.push(...bitsOf(data.subarray(at + 2, end)).map((bit) => window * TYPES_PER_WINDOW + bit));
        previous = window;
        at = end;
      }
      return { text: types.map(formatRecordType).join(' '), end: at };
    },
  };
}

const GREATEST_NXT_TYPE = 127;

/**
 * Record types 1 to 127 up to the end of the data, as one bitmap (RFC 2535 section 5.2). Bit 0 would mean another form, which
 * nobody has defined.
 */
export const nxtTypes: Field = {
  parse(reader, octets) {
    const types = takeTypes(reader);
    if (typeof types === 'string') return types;
    const stranger = types.find((type) => type === 0 || type > GREATEST_NXT_TYPE);
    if (stranger !== undefined) return `${formatRecordType(stranger)} is not among the types 1 to ${GREATEST_NXT_TYPE}`;
    append(octets, toBitmap(types));
    return undefined;
  },
  format(data, at) {
    const types = bitsOf(data.subarray(at));
    if (at < data.length && data.at(-1) === 0) return undefined;
    if (types.some((type) => type === 0 || type > GREATEST_NXT_TYPE)) return undefined;
    return { text: types.map(formatRecordType).join(' '), end: data.length };
  },
};

function takeTypes(reader: TokenReader): readonly number[] | string {
  const types: number[] = [];
  for (const { text } of takeRest(reader)) {
    const type = parseRecordType(text);
    if (type === undefined) return `${quote(text)} is no record type: write a name such as A, or TYPE and its number`;
    types.push(type);
  }
  return types;
}

const MAX_PORTS_OCTETS = 8192;

/** Ports up to the end of the data, by number or as the name of a service (RFC 1035 section 3.4.2). */
export function ports(services: Mnemonics): Field {
  return {
    parse(reader, octets) {
      const numbers: number[] = [];
      for (const { text } of takeRest(reader)) {
        const port = services.get(text.toUpperCase()) ?? readWhole(text, 0xffff);
        if (port === undefined)
          return `${quote(text)} is no port from 0 to 65535, nor the name of a well-known service`;
        numbers.push(port);
      }
      append(octets, toBitmap(numbers));
      return undefined;
    },
    format(data, at) {
      if (data.length - at > MAX_PORTS_OCTETS || (at < data.length && data.at(-1) === 0)) return undefined;
      return { text: bitsOf(data.subarray(at)).join(' '), end: data.length };
    },
  };
}

function toBitmap(bits: readonly number[]): readonly number[] {
  const length = bits.reduce((most, bit) => Math.max(most, (bit >>> 3) + 1), 0);
  const bitmap = Array.from({ length }, () => 0);
  for (const bit of bits) bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) | (0x80 >>> (bit & 7));
  return bitmap;
}

/** In ascending order. */
function bitsOf(bitmap: Uint8Array): readonly number[] {
  const bits: number[] = [];
  for (let bit = 0; bit < 8 * bitmap.length; bit++) {
    if (((bitmap[bit >>> 3] ?? 0) & (0x80 >>> (bit & 7))) !== 0) bits.push(bit);
  }
  return bits;
}
