// Numbers, most significant octet first, and what is a number on the wire but may be written by name: types, algorithms,
// flags, points in time.

import { formatRecordType, parseRecordType } from '../../record-types.ts';
import { type Field, sized, word } from '../field.ts';
import { parseTtl } from '../parse-ttl.ts';

/** The most octets that a number has here; it stays exact. */
type OctetCount = 1 | 2 | 4 | 6;

/** A number in decimal. `greatest` where not all that fits is right. */
export function unsigned(name: string, octetCount: OctetCount, greatest = 256 ** octetCount - 1): Field {
  return word(
    name,
    (text) => {
      const value = readWhole(text, greatest);
      return value === undefined ? notWhole(greatest) : toOctets(value, octetCount);
    },
    sized(octetCount, (data, at) => {
      const value = numberAt(data, at, octetCount);
      return value <= greatest ? String(value) : undefined;
    }),
  );
}

/** Names of numbers, in capitals; of several names of one number the first is written. */
export type Mnemonics = ReadonlyMap<string, number>;

/** A number in decimal or by its name in any case; written by its name if `isWrittenByName`, otherwise in decimal. */
export function mnemonic(name: string, octetCount: 1 | 2, numbers: Mnemonics, isWrittenByName = false): Field {
  const greatest = 256 ** octetCount - 1;
  const names = new Map([...numbers].reverse().map(([text, number]): [number, string] => [number, text]));
  return word(
    name,
    (text) => {
      const value = numbers.get(text.toUpperCase()) ?? readWhole(text, greatest);
      return value === undefined ? `${notWhole(greatest)}, nor a known name` : toOctets(value, octetCount);
    },
    sized(octetCount, (data, at) => {
      const value = numberAt(data, at, octetCount);
      return (isWrittenByName ? names.get(value) : undefined) ?? String(value);
    }),
  );
}

/** A number in decimal, or names of its bits with | between them, as the flags of KEY (RFC 2535 section 7.1). */
export function flags(name: string, bits: Mnemonics): Field {
  return word(
    name,
    (text) => {
      const whole = readWhole(text, 0xffff);
      if (whole !== undefined) return toOctets(whole, 2);
      const values = text.split('|').map((part) => bits.get(part.toUpperCase()));
      const known = values.filter((value) => value !== undefined);
      if (known.length < values.length) return `${notWhole(0xffff)}, nor known names with | between them`;
      return toOctets(
        known.reduce((all, value) => all | value, 0),
        2,
      );
    },
    sized(2, (data, at) => String(numberAt(data, at, 2))),
  );
}

/** A record type by its name, as TYPE123 or, as some have always written it, as a bare number. */
export function recordType(name: string): Field {
  return word(
    name,
    (text) => {
      const type = parseRecordType(text) ?? readWhole(text, 0xffff);
      return type === undefined
        ? 'is no record type: write a name such as A, or TYPE and its number'
        : toOctets(type, 2);
    },
    sized(2, (data, at) => formatRecordType(numberAt(data, at, 2))),
  );
}

/** Seconds as a number, or with units as zone files have them: 1h30m. */
export function duration(name: string): Field {
  return word(
    name,
    (text) => {
      const seconds = parseTtl(text);
      return seconds === undefined ? `${notWhole(0xffffffff)}, nor a time such as 1h30m` : toOctets(seconds, 4);
    },
    sized(4, (data, at) => String(numberAt(data, at, 4))),
  );
}

/** A point in time in UTC, YYYYMMDDHHmmSS, or seconds since 1970 (RFC 4034 section 3.2). Ends in 2106, as 32 bits do. */
export function pointInTime(name: string): Field {
  return word(
    name,
    (text) => {
      const seconds = /^\d{14}$/.test(text) ? readDate(text) : readWhole(text, 0xffffffff);
      if (seconds === undefined) return 'is no time from 1970 to 2106: write it in UTC as YYYYMMDDHHmmSS';
      return toOctets(seconds, 4);
    },
    sized(4, (data, at) => new Date(1000 * numberAt(data, at, 4)).toISOString().replace(/\D/g, '').slice(0, 14)),
  );
}

function readDate(text: string): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = [0, 4, 6, 8, 10, 12].map((at) =>
    Number(text.slice(at, at === 0 ? 4 : at + 2)),
  );
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const seconds = date.getTime() / 1000;
  // A 31st of February would have become a day in March.
  const isReal = date.toISOString().replace(/\D/g, '').startsWith(text);
  return isReal && seconds >= 0 && seconds <= 0xffffffff ? seconds : undefined;
}

function notWhole(greatest: number): string {
  return `is not a whole number from 0 to ${greatest}`;
}

/** Undefined for what is no whole number up to `greatest`. */
export function readWhole(text: string, greatest: number): number | undefined {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value <= greatest ? value : undefined;
}

export function toOctets(value: number, octetCount: OctetCount): readonly number[] {
  if (octetCount === 1) return [value];
  if (octetCount === 2) return [value >>> 8, value & 0xff];
  const octets: number[] = [];
  for (let unit = 256 ** (octetCount - 1); unit >= 1; unit /= 256) octets.push(Math.floor(value / unit) % 256);
  return octets;
}

/** The `octetCount` octets at `at`, which must be there. */
export function numberAt(data: ArrayLike<number>, at: number, octetCount: number): number {
  let value = 0;
  for (let index = 0; index < octetCount; index++) value = value * 256 + (data[at + index] ?? 0);
  return value;
}
