// The TSIG record (RFC 8945): where it stands in a message, what it says, and the octets that a MAC is taken over. How the
// MAC itself is made is for the caller to give (`Hmac`): this folder knows no cryptography, and no clock.
//
//   | header (ARCOUNT with it) | question | … | TSIG: key, ANY, 0, algorithm, time 48, fudge, MAC, original id, error, other |
//
// Digested (section 4.3): the MAC before, if any, behind its length; the message as it was before the TSIG was added; then
// the TSIG's own fields, or its time alone for the second message of a stream and those behind it (5.3.1).

import { decompressName } from './decompress-name.ts';
import { lowerCaseName, nameLength, parseNameText } from './name.ts';
import { CLASS_ANY, TYPE_TSIG } from './record-types.ts';

export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

/** Octets of a whole MAC. */
export const MAC_BYTES: Readonly<Record<TsigAlgorithm, number>> = { 'hmac-sha256': 32, 'hmac-sha512': 64 };

/** `name`: wire form, lower case. Never log the secret. */
export type TsigKey = { readonly name: Uint8Array; readonly algorithm: TsigAlgorithm; readonly secret: Uint8Array };

export type Hmac = (algorithm: TsigAlgorithm, secret: Uint8Array, parts: readonly Uint8Array[]) => Uint8Array;

/** A TSIG record as it was read. Names are in lower case. */
export type Tsig = {
  /** Where in the message it begins: what is digested ends there. */
  readonly start: number;
  readonly keyName: Uint8Array;
  readonly algorithmName: Uint8Array;
  /** Seconds since 1970, 48 bits. */
  readonly timeSigned: number;
  readonly fudgeSeconds: number;
  readonly mac: Uint8Array;
  readonly originalId: number;
  readonly error: number;
  readonly other: Uint8Array;
};

/** RFC 8945 section 10: "The RECOMMENDED value in most situations is 300 seconds." */
export const FUDGE_SECONDS = 300;
const MAX_KEY_NAME_BYTES = 128;
const HEADER_BYTES = 12;

const ALGORITHM_NAMES: Readonly<Record<TsigAlgorithm, Uint8Array>> = {
  'hmac-sha256': algorithmName('hmac-sha256'),
  'hmac-sha512': algorithmName('hmac-sha512'),
};

function algorithmName(text: TsigAlgorithm): Uint8Array {
  const name = parseNameText(text);
  if (!(name instanceof Uint8Array)) throw new Error(`${text} is no name`);
  return name;
}

/** Keys of longer names are refused where they are read, so that a signature always fits beside a question. */
export function isKeyName(name: Uint8Array): boolean {
  return name.length <= MAX_KEY_NAME_BYTES && nameLength(name) === name.length;
}

/** The algorithm of that name, or undefined: MD5 and SHA-1 are none here (RFC 8945 section 6 asks not to use them). */
export function findAlgorithm(name: Uint8Array): TsigAlgorithm | undefined {
  return TSIG_ALGORITHMS.find((algorithm) => isSameName(ALGORITHM_NAMES[algorithm], name));
}

/** Names in lower case. */
export function isSameName(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}

/** Where the last record of a message begins if it is a TSIG; -1: there is none, or the message cannot be read. */
export function findTsig(message: Uint8Array): number {
  if (message.length < HEADER_BYTES) return -1;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  let at = HEADER_BYTES;
  for (let left = view.getUint16(4); left > 0; left--) {
    const name = decompressName(message, at);
    if (typeof name === 'string') return -1;
    at = name.end + 4;
  }
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  let last = -1;
  for (let left = view.getUint16(10) === 0 ? 0 : records; left > 0; left--) {
    const name = decompressName(message, at);
    if (typeof name === 'string' || name.end + 10 > message.length) return -1;
    last = view.getUint16(name.end) === TYPE_TSIG ? at : -1;
    at = name.end + 10 + view.getUint16(name.end + 8);
  }
  return at === message.length ? last : -1;
}

/** The TSIG record at `start`, which ends the message; undefined where it is malformed (RFC 8945 section 4.2). */
export function readTsig(message: Uint8Array, start: number): Tsig | undefined {
  const owner = decompressName(message, start);
  if (typeof owner === 'string' || owner.end + 10 > message.length) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const at = owner.end;
  const isTsig =
    view.getUint16(at) === TYPE_TSIG && view.getUint16(at + 2) === CLASS_ANY && view.getUint32(at + 4) === 0;
  if (!isTsig || at + 10 + view.getUint16(at + 8) !== message.length) return undefined;
  const algorithm = decompressName(message, at + 10);
  if (typeof algorithm === 'string' || algorithm.end + 10 > message.length) return undefined;
  const macStart = algorithm.end + 10;
  const macEnd = macStart + view.getUint16(algorithm.end + 8);
  if (macEnd + 6 > message.length) return undefined;
  const otherStart = macEnd + 6;
  if (otherStart + view.getUint16(macEnd + 4) !== message.length) return undefined;
  return {
    start,
    keyName: lowerCaseName(owner.name),
    algorithmName: lowerCaseName(algorithm.name),
    timeSigned: view.getUint16(algorithm.end) * 2 ** 32 + view.getUint32(algorithm.end + 2),
    fudgeSeconds: view.getUint16(algorithm.end + 6),
    mac: copyOf(message, macStart, macEnd),
    originalId: view.getUint16(macEnd),
    error: view.getUint16(macEnd + 2),
    other: copyOf(message, otherStart, message.length),
  };
}

/** The message as it was before `tsig` was added: its own id, one record less. A copy. */
export function withoutTsig(
  message: Uint8Array,
  { start, originalId }: Pick<Tsig, 'start' | 'originalId'>,
): Uint8Array {
  const bare = copyOf(message, 0, start);
  const view = new DataView(bare.buffer);
  view.setUint16(0, originalId);
  view.setUint16(10, view.getUint16(10) - 1);
  return bare;
}

/** Of its own memory: a slice of a Buffer is none. */
function copyOf(message: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(message.subarray(start, end));
}

/** What a TSIG says beside its key and its MAC. */
export type TsigFields = Pick<Tsig, 'timeSigned' | 'fudgeSeconds' | 'error' | 'other'>;

export type Digested = {
  /** Of the request that is answered, or of the message before in a stream. */
  readonly priorMac: Uint8Array | undefined;
  /** Without TSIGs; more than one where messages of a stream went unsigned. */
  readonly messages: readonly Uint8Array[];
  readonly fields: TsigFields;
  /** The second message of a stream, or a later one: only the time is digested with it. */
  readonly isContinued: boolean;
};

/** RFC 8945 sections 4.3 and 5.3.1. */
export function computeMac(hmac: Hmac, key: TsigKey, digested: Digested): Uint8Array {
  const { priorMac, messages, fields, isContinued } = digested;
  const prior = priorMac === undefined ? [] : [bytes16(priorMac.length), priorMac];
  const variables = isContinued ? [timersOf(fields)] : variablesOf(key, fields);
  return hmac(key.algorithm, key.secret, [...prior, ...messages, ...variables]);
}

function variablesOf({ name, algorithm }: TsigKey, fields: TsigFields): Uint8Array[] {
  // Class ANY and a TTL of 0.
  const head = Uint8Array.of(0, CLASS_ANY, 0, 0, 0, 0);
  const tail = [bytes16(fields.error), bytes16(fields.other.length), fields.other];
  return [name, head, ALGORITHM_NAMES[algorithm], timersOf(fields), ...tail];
}

function timersOf({ timeSigned, fudgeSeconds }: TsigFields): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(timeSigned / 2 ** 32));
  view.setUint32(2, timeSigned % 2 ** 32);
  view.setUint16(6, fudgeSeconds);
  return bytes;
}

/** Time as it stands in the other data of a BADTIME (RFC 8945 section 5.2.3). */
export function composeTime(seconds: number): Uint8Array {
  return timersOf({ timeSigned: seconds, fudgeSeconds: 0, error: 0, other: NOTHING }).slice(0, 6);
}

const NOTHING = new Uint8Array(0);

function bytes16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

/** Octets that a TSIG with this key, without other data, adds to a message. */
export function tsigBytes({ name, algorithm }: TsigKey): number {
  return name.length + 10 + ALGORITHM_NAMES[algorithm].length + 10 + MAC_BYTES[algorithm] + 6;
}

/** A TSIG record, as it is to stand in a message whose id is `id`. */
export function composeTsig(
  { keyName, algorithmName, mac, ...fields }: Pick<Tsig, 'keyName' | 'algorithmName' | 'mac'> & TsigFields,
  id: number,
): Uint8Array {
  const dataBytes = algorithmName.length + 10 + mac.length + 6 + fields.other.length;
  const record = new Uint8Array(keyName.length + 10 + dataBytes);
  const view = new DataView(record.buffer);
  record.set(keyName);
  let at = keyName.length;
  view.setUint16(at, TYPE_TSIG);
  view.setUint16(at + 2, CLASS_ANY);
  view.setUint16(at + 8, dataBytes);
  at += 10;
  record.set(algorithmName, at);
  at += algorithmName.length;
  record.set(timersOf(fields), at);
  view.setUint16(at + 8, mac.length);
  at += 10;
  record.set(mac, at);
  at += mac.length;
  view.setUint16(at, id);
  view.setUint16(at + 2, fields.error);
  view.setUint16(at + 4, fields.other.length);
  record.set(fields.other, at + 6);
  return record;
}

/** Puts the record behind the message in `bytes[start .. start + length)`, for which there must be room; returns the new length. */
export function appendTsig(bytes: Uint8Array, start: number, length: number, record: Uint8Array): number {
  bytes.set(record, start + length);
  const countAt = start + HEADER_BYTES - 2;
  const count = (((bytes[countAt] ?? 0) << 8) | (bytes[countAt + 1] ?? 0)) + 1;
  bytes[countAt] = count >>> 8;
  bytes[countAt + 1] = count;
  return length + record.length;
}

/** The name under which an algorithm goes in a TSIG. */
export function nameOfAlgorithm(algorithm: TsigAlgorithm): Uint8Array {
  return ALGORITHM_NAMES[algorithm];
}
