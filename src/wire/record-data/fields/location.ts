// A place on earth (LOC, RFC 1876): latitude and longitude in thousandths of a second of arc around 2³¹, altitude in
// centimetres above 100 km below the ellipsoid, and the sizes of the thing and of the error as one digit and a power of ten.
//
//   version 0 | size | horizontal precision | vertical precision | latitude (4) | longitude (4) | altitude (4)

import { append, type Field, type TokenReader, takeToken } from '../field.ts';
import { quote } from '../tokens.ts';
import { numberAt, toOctets } from './numbers.ts';

const DATA_OCTETS = 16;
const EQUATOR = 2 ** 31;
const MS_PER_DEGREE = 3_600_000;
const BASE_ALTITUDE_CM = 10_000_000;
const GREATEST_SIZE_CM = 9_000_000_000;

type Axis = {
  readonly name: string;
  readonly degrees: number;
  readonly positive: string;
  readonly negative: string;
};

const LATITUDE: Axis = { name: 'latitude', degrees: 90, positive: 'N', negative: 'S' };
const LONGITUDE: Axis = { name: 'longitude', degrees: 180, positive: 'E', negative: 'W' };

/** What is left out at the end of the text (RFC 1876 section 3). */
const SIZES: readonly { readonly name: string; readonly defaultCm: number }[] = [
  { name: 'size', defaultCm: 100 },
  { name: 'horizontal precision', defaultCm: 1_000_000 },
  { name: 'vertical precision', defaultCm: 1000 },
];

export const location: Field = {
  parse(reader, octets) {
    const latitude = readAngle(reader, LATITUDE);
    if (typeof latitude === 'string') return latitude;
    const longitude = readAngle(reader, LONGITUDE);
    if (typeof longitude === 'string') return longitude;
    const altitude = readAltitude(reader);
    if (typeof altitude === 'string') return altitude;
    const sizes: number[] = [];
    for (const { name, defaultCm } of SIZES) {
      const centimetres = readSize(reader, name, defaultCm);
      if (typeof centimetres === 'string') return centimetres;
      sizes.push(toPower(centimetres));
    }
    append(octets, [0, ...sizes, ...[latitude, longitude, altitude].flatMap((value) => toOctets(value, 4))]);
    return undefined;
  },
  format(data, at) {
    const end = at + DATA_OCTETS;
    // RFC 1876 section 2: later versions mean something else, which only they can tell.
    if (at < data.length && data[at] !== 0) return { text: undefined, end: data.length };
    if (end > data.length) return undefined;
    const latitude = formatAngle(numberAt(data, at + 4, 4), LATITUDE);
    const longitude = formatAngle(numberAt(data, at + 8, 4), LONGITUDE);
    const sizes = [1, 2, 3].map((offset) => formatPower(data[at + offset] ?? 0));
    if (latitude === undefined || longitude === undefined || sizes.includes(undefined)) return undefined;
    const altitude = (numberAt(data, at + 12, 4) - BASE_ALTITUDE_CM) / 100;
    return { text: `${latitude} ${longitude} ${altitude.toFixed(2)}m ${sizes.join(' ')}`, end };
  },
};

/** Degrees, perhaps minutes, perhaps seconds, and the side. */
function readAngle(reader: TokenReader, axis: Axis): number | string {
  const parts: string[] = [];
  for (let token = takeToken(reader); token !== undefined && parts.length <= 3; token = takeToken(reader)) {
    const { text } = token;
    if (text !== axis.positive && text !== axis.negative) {
      parts.push(text);
      continue;
    }
    const size = readParts(parts);
    if (size === undefined || size > axis.degrees * MS_PER_DEGREE) {
      const most = `${axis.degrees} degrees, and minutes and seconds below 60, of which three decimals count`;
      return `the ${axis.name} ${quote([...parts, text].join(' '))} is not up to ${most}`;
    }
    return text === axis.positive ? EQUATOR + size : EQUATOR - size;
  }
  return `the ${axis.name} does not end in ${axis.positive} or ${axis.negative}`;
}

function readParts([degrees = '', minutes = '0', seconds = '0', ...excess]: readonly string[]): number | undefined {
  const isRight = /^\d{1,3}$/.test(degrees) && /^[0-5]?\d$/.test(minutes) && /^[0-5]?\d(?:\.\d{0,3})?$/.test(seconds);
  if (!isRight || excess.length > 0) return undefined;
  return Number(degrees) * MS_PER_DEGREE + Number(minutes) * 60_000 + Math.round(Number(seconds) * 1000);
}

function formatAngle(value: number, axis: Axis): string | undefined {
  const size = Math.abs(value - EQUATOR);
  if (size > axis.degrees * MS_PER_DEGREE) return undefined;
  const degrees = Math.floor(size / MS_PER_DEGREE);
  const minutes = Math.floor((size % MS_PER_DEGREE) / 60_000);
  const side = value >= EQUATOR ? axis.positive : axis.negative;
  return `${degrees} ${minutes} ${((size % 60_000) / 1000).toFixed(3)} ${side}`;
}

function readAltitude(reader: TokenReader): number | string {
  const token = takeToken(reader);
  if (token === undefined) return 'the altitude is missing';
  const match = /^([+-]?\d{1,8}(?:\.\d{0,2})?)m?$/.exec(token.text);
  const altitude = match === null ? -1 : Math.round(Number(match[1]) * 100) + BASE_ALTITUDE_CM;
  if (altitude >= 0 && altitude <= 0xffffffff) return altitude;
  return `the altitude ${quote(token.text)} is not in metres from -100000.00 to 42849672.95`;
}

function readSize(reader: TokenReader, name: string, defaultCm: number): number | string {
  const token = takeToken(reader);
  if (token === undefined) return defaultCm;
  const match = /^(\d{1,8}(?:\.\d{0,2})?)m?$/.exec(token.text);
  const centimetres = match === null ? -1 : Math.round(Number(match[1]) * 100);
  if (centimetres >= 0 && centimetres <= GREATEST_SIZE_CM) return centimetres;
  return `the ${name} ${quote(token.text)} is not in metres from 0 to 90000000`;
}

/** One digit and the power of ten that it counts, in four bits each; what one digit cannot say is cut off. */
function toPower(centimetres: number): number {
  const exponent = Math.max(0, String(centimetres).length - 1);
  return (Math.floor(centimetres / 10 ** exponent) << 4) | exponent;
}

function formatPower(octet: number): string | undefined {
  const digit = octet >>> 4;
  const exponent = octet & 15;
  // RFC 1876 section 2: digits above 9 are undefined; 0 is written in one way only.
  if (digit > 9 || exponent > 9 || (digit === 0 && exponent > 0)) return undefined;
  const centimetres = digit * 10 ** exponent;
  return centimetres >= 100 ? `${centimetres / 100}m` : `${(centimetres / 100).toFixed(2)}m`;
}
