// One database of the GeoIP2-City shape out of two flat ones (IPv4 and IPv6), since gdnsd, Knot DNS and PowerDNS read only
// that shape: so all servers work on the same 14.8 million nodes. Both search trees stay as they are, node for node; the one
// for IPv4 is hung in at ::/96, where readers of an IPv6 database look for it.
//
//   │ nodes of IPv6 │ nodes of IPv4 │ bridge │ 16 zeros │ records │ marker, metadata │
//                                     └ the nodes on the way to ::/96 that the IPv6 tree lacks

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { findCountry } from '../../../src/geo/countries.ts';
import { readMetadata } from '../../../src/geo/mmdb-metadata.ts';
import { checkTree, DATA_SEPARATOR_BYTES, dataStart, type MmdbTree } from '../../../src/geo/mmdb-tree.ts';
import { createValueReader, readNumber, readString, scanMap, type ValueReader } from '../../../src/geo/mmdb-value.ts';
import { MmdbData } from './encode-mmdb.ts';

/** As in the database that is sold: the number of every node and record fits. */
const RECORD_BITS = 28;
const NODE_BYTES = 7;
const MAX_RECORD = 2 ** RECORD_BITS;
const DEPTH_OF_V4 = 96;
const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const CHUNK_NODES = 1 << 20;

const KEYS = ['country_code', 'state1', 'city', 'latitude', 'longitude'];
const [COUNTRY, STATE, CITY, LATITUDE, LONGITUDE] = [0, 1, 2, 3, 4] as const;
const WRITTEN_KEYS = [
  ...['city', 'names', 'en', 'continent', 'code', 'country'],
  ...['iso_code', 'location', 'latitude', 'longitude', 'subdivisions'],
];

export type WrittenDatabase = { readonly nodes: number; readonly records: number };

/** `buildEpochSeconds`: since 1970. @throws Error when a file is damaged or the disk refuses. */
export function writeGeoip2(
  v4Path: string,
  v6Path: string,
  outPath: string,
  buildEpochSeconds: number,
): WrittenDatabase {
  const data = new MmdbData();
  for (const key of WRITTEN_KEYS) data.prepare(key);
  const known = new Map<string, number>();
  // The children of all nodes. A record of the data is as yet written as LEAF plus its offset there.
  const v6 = readChildren(v6Path, 0, data, known);
  const v4 = readChildren(v4Path, v6.length / 2, data, known);
  const bridge = hangIn(v6, v4.length / 2);
  const nodes = (v6.length + v4.length + bridge.length) / 2;
  if (nodes + DATA_SEPARATOR_BYTES + data.length >= MAX_RECORD)
    throw new RangeError('28 bits do not number all records');

  const file = openSync(outPath, 'w');
  try {
    for (const children of [v6, v4, Float64Array.from(bridge)]) writeNodes(file, children, nodes);
    writeSync(file, Buffer.alloc(DATA_SEPARATOR_BYTES));
    writeSync(file, data.bytes);
    writeSync(file, Buffer.concat([MARKER, composeMetadata(nodes, buildEpochSeconds)]));
  } finally {
    closeSync(file);
  }
  return { nodes, records: known.size };
}

const NOTHING_KNOWN = -1;
/** Above every number of a node. */
const LEAF = 2 ** 32;

/** Left and right child of each node of a file, nodes numbered from `first`. */
function readChildren(path: string, first: number, data: MmdbData, known: Map<string, number>): Float64Array {
  const bytes = readFileSync(path);
  const metadata = readMetadata(bytes);
  if (!metadata.ok) throw new Error(`${path}: ${metadata.fault.message}`);
  const tree: MmdbTree = { bytes, ...metadata.value };
  const fault = checkTree(tree);
  if (fault !== undefined) throw new Error(`${path}: ${fault.message}`);
  const { nodeCount } = tree;
  const start = dataStart(tree);
  const reader = createValueReader(bytes, start, bytes.length, KEYS);
  const offsets = new Map<number, number>();
  const children = new Float64Array(nodeCount * 2);
  for (let index = 0; index < children.length; index++) {
    const record = readRecord(tree, index);
    if (record < nodeCount) children[index] = first + record;
    else if (record === nodeCount) children[index] = NOTHING_KNOWN;
    else {
      let offset = offsets.get(record);
      if (offset === undefined) {
        offset = addRecord(reader, start + record - nodeCount - DATA_SEPARATOR_BYTES, data, known);
        offsets.set(record, offset);
      }
      children[index] = LEAF + offset;
    }
  }
  return children;
}

/** The child with this index: even ones are left, odd ones right. */
function readRecord({ bytes, recordSize }: MmdbTree, index: number): number {
  const nodeBytes = recordSize / 4;
  const at = (index >> 1) * nodeBytes;
  const isRight = (index & 1) === 1;
  const byte = (offset: number) => bytes[at + offset] ?? 0;
  if (recordSize === 32) {
    const from = isRight ? 4 : 0;
    return byte(from) * 2 ** 24 + ((byte(from + 1) << 16) | (byte(from + 2) << 8) | byte(from + 3));
  }
  const from = isRight ? nodeBytes - 3 : 0;
  const low = (byte(from) << 16) | (byte(from + 1) << 8) | byte(from + 2);
  if (recordSize === 24) return low;
  return low + (isRight ? byte(3) & 15 : byte(3) >> 4) * 2 ** 24;
}

/** Answers the offset of the record in the new shape; equal ones are written once. */
function addRecord(reader: ValueReader, offset: number, data: MmdbData, known: Map<string, number>): number {
  if (!scanMap(reader, offset)) throw new Error('a record of the database is damaged');
  const { fields } = reader;
  const [country, state, city] = [COUNTRY, STATE, CITY].map((key) => readString(reader, fields[key]));
  const latitude = readNumber(reader, fields[LATITUDE]);
  const longitude = readNumber(reader, fields[LONGITUDE]);
  const key = `${country}|${state}|${city}|${latitude}|${longitude}`;
  const at = known.get(key);
  if (at !== undefined) return at;
  const place = { country: country ?? '', state: state ?? '', city: city ?? '', latitude, longitude };
  const written = writePlace(data, place);
  known.set(key, written);
  return written;
}

type Place = {
  readonly country: string;
  readonly state: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
};

function writePlace(data: MmdbData, { country, state, city, latitude, longitude }: Place): number {
  const continent = findCountry(country)?.continent ?? '';
  const hasLocation = !Number.isNaN(latitude) && !Number.isNaN(longitude);
  for (const text of [country, state, city, continent]) if (text !== '') data.prepare(text);
  const at = data.length;
  data.map([city, continent, country, state].filter((text) => text !== '').length + (hasLocation ? 1 : 0));
  if (city !== '') writeChain(data, ['city', 'names', 'en'], city);
  if (continent !== '') writeChain(data, ['continent', 'code'], continent);
  if (country !== '') writeChain(data, ['country', 'iso_code'], country);
  if (hasLocation) {
    data.shared('location');
    data.map(2);
    data.shared('latitude');
    data.double(latitude);
    data.shared('longitude');
    data.double(longitude);
  }
  if (state !== '') {
    data.shared('subdivisions');
    data.array(1);
    data.map(1);
    writeChain(data, ['names', 'en'], state);
  }
  return at;
}

/** `['city', 'names', 'en']`, text → city: { names: { en: text } }, without the map around it. */
function writeChain(data: MmdbData, keys: readonly string[], text: string): void {
  keys.forEach((key, depth) => {
    if (depth > 0) data.map(1);
    data.shared(key);
  });
  data.shared(text);
}

/** Leads ::/96 of the IPv6 tree to the root of the IPv4 tree; answers the children of the nodes that were missing for it. */
function hangIn(v6: Float64Array, v4Nodes: number): readonly number[] {
  const v4Root = v6.length / 2;
  const bridgeStart = v4Root + v4Nodes;
  let node = 0;
  let depth = 1;
  while (depth < DEPTH_OF_V4 && (v6[2 * node] ?? NOTHING_KNOWN) >= 0 && (v6[2 * node] ?? 0) < LEAF) {
    node = v6[2 * node] ?? 0;
    depth++;
  }
  const above = v6[2 * node] ?? NOTHING_KNOWN;
  const missing = DEPTH_OF_V4 - depth;
  v6[2 * node] = missing === 0 ? v4Root : bridgeStart;
  // What was said of the whole stays said of the right halves.
  return Array.from({ length: missing }, (_, index) => [
    index + 1 === missing ? v4Root : bridgeStart + index + 1,
    above,
  ]).flat();
}

function writeNodes(file: number, children: Float64Array, nodes: number): void {
  const buffer = Buffer.alloc(CHUNK_NODES * NODE_BYTES);
  let used = 0;
  const recordOf = (child: number) => {
    if (child === NOTHING_KNOWN) return nodes;
    return child >= LEAF ? nodes + DATA_SEPARATOR_BYTES + (child - LEAF) : child;
  };
  for (let index = 0; index < children.length; index += 2) {
    const left = recordOf(children[index] ?? NOTHING_KNOWN);
    const right = recordOf(children[index + 1] ?? NOTHING_KNOWN);
    buffer[used] = left >>> 16;
    buffer[used + 1] = left >>> 8;
    buffer[used + 2] = left;
    buffer[used + 3] = ((left >>> 24) << 4) | (right >>> 24);
    buffer[used + 4] = right >>> 16;
    buffer[used + 5] = right >>> 8;
    buffer[used + 6] = right;
    used += NODE_BYTES;
    if (used === buffer.length) {
      writeSync(file, buffer);
      used = 0;
    }
  }
  writeSync(file, buffer, 0, used);
}

function composeMetadata(nodes: number, buildEpochSeconds: number): Buffer {
  const data = new MmdbData();
  data.map(9);
  data.text('binary_format_major_version');
  data.uint(16, 2);
  data.text('binary_format_minor_version');
  data.uint(16, 0);
  data.text('build_epoch');
  data.uint(64, buildEpochSeconds);
  data.text('database_type');
  data.text('GeoIP2-City');
  data.text('description');
  data.map(1);
  data.text('en');
  data.text('DB-IP City Lite in the shape of GeoIP2 City, for measuring');
  data.text('ip_version');
  data.uint(16, 6);
  data.text('languages');
  data.array(1);
  data.text('en');
  data.text('node_count');
  data.uint(32, nodes);
  data.text('record_size');
  data.uint(16, RECORD_BITS);
  return Buffer.from(data.bytes);
}
