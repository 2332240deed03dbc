// The values in a MaxMind DB file (format 2.0): just enough to find some keys of a map and to read strings and numbers.
//
// A value begins with a control byte: three bits of type, five of size; type 0 has its number (minus 7) in the next byte,
// sizes from 29 on have more in the following bytes. Type 1 is a pointer to a value elsewhere in the section; a pointer never
// leads to another one. Every offset is checked and every step goes forward, so damage ends in an answer, never in a loop.

/** Reads values between `start` and `end` of `bytes`. Offsets are those of `bytes`; pointers count from `start`. */
export type ValueReader = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  /** The keys that matter, as bytes. */
  readonly keys: readonly Uint8Array[];
  /** Where the values of the map that was scanned last are, in the order of the keys; ABSENT when it has no such key. */
  readonly fields: Uint32Array;
  /** The value whose control bytes were read last. */
  readonly value: ValueHead;
  /** Strings by their offset: most are shared by many records. */
  readonly strings: Map<number, string>;
  /** Which key the string at an offset is, by the low bits of the offset: keys too are mostly shared. */
  readonly keyOffsets: Uint32Array;
  readonly keyIndexes: Int8Array;
};

/** `payload`: where the content begins; `next`: behind a string or number, or behind the pointer that led to it. */
type ValueHead = { type: number; size: number; payload: number; next: number };

const POINTER = 1;
const STRING = 2;
const DOUBLE = 3;
const MAP = 7;
const UINT16 = 5;
const UINT32 = 6;
const UINT64 = 9;
const ARRAY = 11;
const CONTAINER = 12;
const END_MARKER = 13;
const BOOLEAN = 14;
const FLOAT = 15;

/** Type 0 and the size of a float, whose type is in the byte behind: what coordinates mostly are in flat databases. */
const FLOAT_CONTROL = 4;

/** A size of 29, 30 or 31 is a base to which the next one, two or three bytes are added; so is the value of a pointer. */
const SIZE_BASES = [29, 285, 65_821] as const;
const POINTER_BASES = [0, 2048, 526_336, 0] as const;

/** No value is at offset 0: the search tree is there. */
export const ABSENT = 0;
const DAMAGED = -1;

/** A power of two. */
const KEY_CACHE_SIZE = 256;

/** With its control byte. */
const MAX_POINTER_BYTES = 5;

const decoder = new TextDecoder();

/** `keys`: at most 127. */
export function createValueReader(bytes: Uint8Array, start: number, end: number, keys: readonly string[]): ValueReader {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    start,
    end,
    keys: keys.map((key) => new TextEncoder().encode(key)),
    fields: new Uint32Array(keys.length),
    value: { type: 0, size: 0, payload: 0, next: 0 },
    strings: new Map(),
    keyOffsets: new Uint32Array(KEY_CACHE_SIZE),
    keyIndexes: new Int8Array(KEY_CACHE_SIZE),
  };
}

/**
 * Notes where the values of the known keys are. No map, or a value of another type: none. False when damaged. A city database
 * has a million such maps: what nearly all of their keys and values are is decided here, anything else is left to the others.
 */
export function scanMap(reader: ValueReader, offset: number | undefined): boolean {
  const { value, fields, bytes, keyOffsets, keyIndexes } = reader;
  fields.fill(ABSENT);
  if (!offset) return true;
  const type = readHead(reader, offset);
  if (type !== MAP) return type !== DAMAGED;
  let at = value.payload;
  for (let left = value.size; left > 0; left -= 1) {
    const control = bytes[at] ?? 0;
    if (control >> 5 !== POINTER || at + MAX_POINTER_BYTES > reader.end) {
      if (readHead(reader, at) !== STRING) return false;
      fieldOf(reader, value.payload, value.size, value.next);
      at = value.next;
    } else {
      const target = reader.start + readPointer(bytes, at);
      at += 2 + ((control >> 3) & 3);
      const entry = target & (KEY_CACHE_SIZE - 1);
      if (keyOffsets[entry] !== target && !rememberKey(reader, target, entry)) return false;
      const key = keyIndexes[entry] ?? -1;
      if (key >= 0) fields[key] = at;
    }
    at = skipValue(reader, at);
    if (at === DAMAGED) return false;
  }
  return true;
}

/** A key that is written out where it is used. */
function fieldOf(reader: ValueReader, at: number, size: number, valueOffset: number): void {
  const key = findKey(reader, at, size);
  if (key >= 0) reader.fields[key] = valueOffset;
}

/** Notes which key the string at an offset is. False when there is none. */
function rememberKey(reader: ValueReader, target: number, entry: number): boolean {
  const { value, keyOffsets, keyIndexes } = reader;
  if (!readControl(reader, target) || value.type !== STRING) return false;
  keyOffsets[entry] = target;
  keyIndexes[entry] = findKey(reader, value.payload, value.size);
  return true;
}

/** The index of the key in these bytes; -1 for one that does not matter. */
function findKey({ bytes, keys }: ValueReader, at: number, size: number): number {
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    if (key?.length === size && isEqual(bytes, at, key)) return index;
  }
  return -1;
}

function isEqual(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let index = 0; index < key.length; index += 1) if (bytes[at + index] !== key[index]) return false;
  return true;
}

/** The type of the value at `offset`, behind a pointer or not; DAMAGED when that leads outside the data or is no value. */
function readHead(reader: ValueReader, offset: number): number {
  const { value, bytes } = reader;
  if (!readControl(reader, offset)) return DAMAGED;
  const behind = value.payload + value.size;
  value.next = behind;
  if (value.type !== POINTER) return value.type;
  const target = reader.start + readPointer(bytes, offset);
  if (!readControl(reader, target) || value.type === POINTER) return DAMAGED;
  value.next = behind;
  return value.type;
}

/** Type, size and payload of the value itself; the size of a pointer is the bytes that follow its control byte. */
function readControl(reader: ValueReader, offset: number): boolean {
  const { bytes, value, start, end } = reader;
  if (offset < start || offset >= end) return false;
  const first = bytes[offset] ?? 0;
  let at = offset + 1;
  let type = first >> 5;
  if (type === POINTER) {
    value.type = POINTER;
    value.size = ((first >> 3) & 3) + 1;
    value.payload = at;
    return at + value.size <= end;
  }
  if (type === 0) {
    type = (bytes[at] ?? 0) + 7;
    at += 1;
    if (type <= MAP || type > FLOAT || type === CONTAINER || type === END_MARKER) return false;
  }
  let size = first & 31;
  if (size >= 29) {
    const more = size - 28;
    size = (SIZE_BASES[more - 1] ?? 0) + readUint(bytes, at, more);
    at += more;
  }
  value.type = type;
  value.size = size;
  value.payload = at;
  // The content of a map or an array takes at least a byte for each item, that of anything else is `size` bytes.
  return type === BOOLEAN ? at <= end : at + size <= end;
}

/** The offset into the data section that the pointer at `offset` holds. */
function readPointer(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset] ?? 0;
  const next = ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0);
  const top = first & 7;
  switch ((first >> 3) & 3) {
    case 0:
      return (top << 8) | (next >> 8);
    case 1:
      return POINTER_BASES[1] + ((top << 16) | next);
    case 2:
      return POINTER_BASES[2] + ((top << 24) | (next << 8) | (bytes[offset + 3] ?? 0));
    default:
      return next * 65_536 + (((bytes[offset + 3] ?? 0) << 8) | (bytes[offset + 4] ?? 0));
  }
}

function readUint(bytes: Uint8Array, at: number, size: number): number {
  let result = 0;
  for (let index = 0; index < size; index += 1) result = result * 256 + (bytes[at + index] ?? 0);
  return result;
}

/** The offset behind a value and all that it contains, without following pointers; DAMAGED when it leaves the data. */
function skipValue(reader: ValueReader, offset: number): number {
  const { value, bytes, end } = reader;
  let at = offset;
  for (let left = 1; left > 0; left -= 1) {
    const control = bytes[at] ?? 0;
    const type = control >> 5;
    const size = control & 31;
    if (type === POINTER) {
      at += 2 + (size >> 3);
    } else if (control === FLOAT_CONTROL && bytes[at + 1] === FLOAT - MAP) {
      at += 6;
    } else if (type !== 0 && size < SIZE_BASES[0]) {
      if (type === MAP) {
        left += 2 * size;
        at += 1;
      } else {
        at += 1 + size;
      }
    } else {
      if (!readControl(reader, at)) return DAMAGED;
      at = value.payload;
      if (value.type === MAP) left += 2 * value.size;
      else if (value.type === ARRAY) left += value.size;
      else if (value.type !== BOOLEAN) at += value.size;
    }
    if (at > end) return DAMAGED;
  }
  return at;
}

/** The offset of an array's first item; ABSENT when there is no array or it is empty. */
export function readFirstItem(reader: ValueReader, offset: number | undefined): number {
  const { value } = reader;
  return offset && readHead(reader, offset) === ARRAY && value.size > 0 ? value.payload : ABSENT;
}

/** The string at an offset; '' when there is none. */
export function readString(reader: ValueReader, offset: number | undefined): string {
  const { value, bytes, strings } = reader;
  if (!offset || readHead(reader, offset) !== STRING || value.size === 0) return '';
  const { payload, size } = value;
  // Codes of countries and the like are written out, all others are mostly shared.
  if (size === 2) return readPair(bytes, payload);
  const known = strings.get(payload);
  if (known !== undefined) return known;
  const text = decoder.decode(bytes.slice(payload, payload + size));
  if (value.next !== payload + size) strings.set(payload, text);
  return text;
}

/** Two bytes of text. */
function readPair(bytes: Uint8Array, at: number): string {
  const code = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  const known = pairs[code];
  if (known !== undefined) return known;
  const text = decoder.decode(bytes.slice(at, at + 2));
  pairs[code] = text;
  return text;
}

const pairs: (string | undefined)[] = new Array(65_536);

/** The number at an offset, floating or unsigned; NaN when there is none. Above 2^53 it is rounded. */
export function readNumber(reader: ValueReader, offset: number | undefined): number {
  const { value, view, bytes, end } = reader;
  if (!offset) return Number.NaN;
  if (bytes[offset] === FLOAT_CONTROL && bytes[offset + 1] === FLOAT - MAP && offset + 6 <= end) {
    return view.getFloat32(offset + 2);
  }
  const type = readHead(reader, offset);
  if (type === DOUBLE && value.payload + 8 <= end) return view.getFloat64(value.payload);
  if (type === FLOAT && value.payload + 4 <= end) return view.getFloat32(value.payload);
  const isUint = type === UINT16 || type === UINT32 || type === UINT64;
  return isUint && value.size <= 8 ? readUint(bytes, value.payload, value.size) : Number.NaN;
}
