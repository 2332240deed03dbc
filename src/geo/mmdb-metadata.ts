// The metadata of a MaxMind DB file (format 2.0): a map behind the last occurrence of a marker, in the last 128 KiB.

import type { MmdbFault, RecordSize } from './mmdb-tree.ts';
import { createValueReader, readNumber, readString, scanMap } from './mmdb-value.ts';

export type MmdbMetadata = {
  /** `GeoLite2-City`, `DBIP-City-Lite`, `city ipv4`. */
  readonly databaseType: string;
  /** Seconds since 1970. */
  readonly buildEpochSeconds: number;
  readonly ipVersion: 4 | 6;
  readonly nodeCount: number;
  /** Bits of a record. */
  readonly recordSize: RecordSize;
};

export type ReadMetadata =
  | { readonly ok: true; readonly value: MmdbMetadata }
  | { readonly ok: false; readonly fault: MmdbFault };

/** The metadata and its marker lie within this many bytes before the end of the file. */
export const METADATA_TAIL_BYTES = 128 * 1024;

/** Three bytes that are no text, then MaxMind.com. */
const MARKER = new Uint8Array([0xab, 0xcd, 0xef, ...new TextEncoder().encode('MaxMind.com')]);

const KEYS = ['database_type', 'build_epoch', 'ip_version', 'node_count', 'record_size', 'binary_format_major_version'];
const [TYPE, EPOCH, IP_VERSION, NODE_COUNT, RECORD_SIZE, MAJOR_VERSION] = [0, 1, 2, 3, 4, 5] as const;

/** Reads the metadata from the end of a file: its last METADATA_TAIL_BYTES, or more. */
export function readMetadata(tail: Uint8Array): ReadMetadata {
  const start = findLastMarker(tail);
  if (start < 0)
    return fault('truncated', 'no MaxMind DB metadata at its end: the file is cut short, or is something else');
  const reader = createValueReader(tail, start, tail.length, KEYS);
  if (!scanMap(reader, start)) return fault('bad-record', 'its metadata cannot be decoded: fetch the file again');
  const { fields } = reader;
  const [ipVersion, recordSize] = [readNumber(reader, fields[IP_VERSION]), readNumber(reader, fields[RECORD_SIZE])];
  const nodeCount = readNumber(reader, fields[NODE_COUNT]);
  const majorVersion = readNumber(reader, fields[MAJOR_VERSION]);
  if (majorVersion !== 2) return fault('wrong-type', `its format is version ${majorVersion}: only version 2 is known`);
  if (ipVersion !== 4 && ipVersion !== 6)
    return fault('wrong-type', `its IP version is ${ipVersion}: only 4 and 6 are known`);
  if (recordSize !== 24 && recordSize !== 28 && recordSize !== 32) {
    return fault('wrong-type', `its records have ${recordSize} bits: only 24, 28 and 32 are known`);
  }
  if (!(nodeCount >= 1)) return fault('truncated', 'its search tree is empty');
  const databaseType = readString(reader, fields[TYPE]);
  const epoch = readNumber(reader, fields[EPOCH]);
  const buildEpochSeconds = Number.isNaN(epoch) ? 0 : epoch;
  return { ok: true, value: { databaseType, buildEpochSeconds, ipVersion, nodeCount, recordSize } };
}

/** The offset behind the last marker; -1 when there is none. */
function findLastMarker(tail: Uint8Array): number {
  const earliest = Math.max(0, tail.length - METADATA_TAIL_BYTES);
  for (let at = tail.length - MARKER.length; at >= earliest; at -= 1) {
    if (MARKER.every((byte, index) => tail[at + index] === byte)) return at + MARKER.length;
  }
  return -1;
}

function fault(code: MmdbFault['code'], message: string): ReadMetadata {
  return { ok: false, fault: { code, message } };
}
