// Builds the place map from the search trees of one or two databases: each tree is walked once, each distinct record is
// decoded once, neighbouring prefixes of one place become one interval. Pure; reading files and threads are the caller's.
//
// A record that names a country but no coordinates (a mobile network, say) gets the country's centroid: the mean of the
// points that the database does know there, weighted by the number of addresses at each. So a client somewhere in Russia
// counts as near Moscow, where the addresses are, rather than in Siberia, where the land is. A database without any
// coordinates takes the centroids of countries.ts.

import { findCountry } from './countries.ts';
import { toLocation, toUnitVector, type UnitVector } from './distance.ts';
import { createRecordReader, readPlaceRecord } from './mmdb-record.ts';
import {
  checkTree,
  DATA_SEPARATOR_BYTES,
  dataStart,
  type MmdbFault,
  type MmdbTree,
  walkV4,
  walkV6,
} from './mmdb-tree.ts';
import type { ValueReader } from './mmdb-value.ts';
import { type PlaceMap, type PlaceTable, UNKNOWN_PLACE } from './place-map.ts';
import { imageBytes, viewPlaceMap } from './place-map-image.ts';
import { createPlaceTable, internPlace, type PlaceTableBuilder } from './place-table.ts';

/** A map in the making: see addV4, addV6 and finishPlaceMap. */
export type PlaceMapBuilder = {
  readonly table: PlaceTableBuilder;
  v4: Intervals;
  v6: Intervals;
};

/** The starts are in `low` alone for IPv4. */
type Intervals = {
  readonly count: number;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly places: Uint32Array;
};

export type BuiltPlaceMap =
  | { readonly ok: true; readonly value: PlaceMap }
  | { readonly ok: false; readonly fault: MmdbFault };

/** All at once, from a tree for IPv4 and one for IPv6, either of them or both; they may be the same. */
export function buildPlaceMap(source: { readonly v4?: MmdbTree; readonly v6?: MmdbTree }): BuiltPlaceMap {
  const builder = createPlaceMapBuilder();
  const fault = (source.v4 && addV4(builder, source.v4)) ?? (source.v6 && addV6(builder, source.v6));
  return fault === undefined ? finishPlaceMap(builder) : { ok: false, fault };
}

export function createPlaceMapBuilder(): PlaceMapBuilder {
  return { table: createPlaceTable(), v4: nothingKnown(), v6: nothingKnown() };
}

/** Takes the IPv4 addresses of a database. On a fault the builder is as before. The tree is not needed afterwards. */
export function addV4(builder: PlaceMapBuilder, tree: MmdbTree): MmdbFault | undefined {
  const intervals = collectIntervals(builder.table, tree, walkV4);
  if ('code' in intervals) return intervals;
  builder.v4 = intervals;
  return undefined;
}

/** Takes the IPv6 addresses of a database. */
export function addV6(builder: PlaceMapBuilder, tree: MmdbTree): MmdbFault | undefined {
  const intervals = collectIntervals(builder.table, tree, walkV6);
  if ('code' in intervals) return intervals;
  builder.v6 = intervals;
  return undefined;
}

/** The finished map in shared memory, exactly as large as it must be. */
export function finishPlaceMap(builder: PlaceMapBuilder): BuiltPlaceMap {
  const { table, v4, v6 } = builder;
  if (table.count === 1) {
    const message = 'no record has a country or coordinates: give a City or Country database (GeoLite2, GeoIP2, DB-IP)';
    return { ok: false, fault: { code: 'wrong-type', message } };
  }
  const shape = {
    intervalsV4: v4.count,
    intervalsV6: v6.count,
    places: table.count,
    countries: table.countries,
    subdivisions: table.subdivisions,
  };
  const map = viewPlaceMap(new SharedArrayBuffer(imageBytes(shape)), shape);
  map.v4.starts.set(v4.low.subarray(0, v4.count));
  map.v4.places.set(v4.places.subarray(0, v4.count));
  map.v6.startsHigh.set(v6.high.subarray(0, v6.count));
  map.v6.startsLow.set(v6.low.subarray(0, v6.count));
  map.v6.places.set(v6.places.subarray(0, v6.count));
  const { places } = map;
  places.latitude.set(table.latitude.subarray(0, table.count));
  places.longitude.set(table.longitude.subarray(0, table.count));
  places.country.set(table.country.subarray(0, table.count));
  places.subdivision.set(table.subdivision.subarray(0, table.count));
  places.continent.set(table.continent.subarray(0, table.count));
  placeCountries(map);
  return { ok: true, value: map };
}

function nothingKnown(): Intervals {
  const zero = new Uint32Array(1);
  return { count: 1, high: zero, low: zero, places: zero };
}

/** Walks one tree; memory for one interval per leaf is reserved, but only what is written becomes real. */
function collectIntervals(table: PlaceTableBuilder, tree: MmdbTree, walkTree: typeof walkV4): Intervals | MmdbFault {
  const fault = checkTree(tree);
  if (fault !== undefined) return fault;
  const isV4 = walkTree === walkV4;
  const capacity = tree.nodeCount + 1;
  const high = new Uint32Array(isV4 ? 0 : capacity);
  const low = new Uint32Array(capacity);
  const places = new Uint32Array(capacity);
  const starts = dataStart(tree);
  const decoded = createDecodedRecords(createRecordReader(tree.bytes, starts, tree.bytes.length), tree, table);
  let count = 0;
  let last = -1;
  const walkFault = walkTree(tree, (startHigh, startLow, record) => {
    const place = record === tree.nodeCount ? UNKNOWN_PLACE : placeOf(decoded, record);
    if (place === last) return;
    last = place;
    high[count] = startHigh;
    low[count] = startLow;
    places[count] = place;
    count += 1;
  });
  const found = walkFault ?? decoded.fault;
  if (found !== undefined) return found;
  return { count, high, low, places };
}

/** From record to place, so that each distinct record is decoded once. Open addressing; 0 is no record's number. */
type DecodedRecords = {
  readonly reader: ValueReader;
  readonly tree: MmdbTree;
  readonly table: PlaceTableBuilder;
  records: Uint32Array;
  places: Uint32Array;
  count: number;
  fault: MmdbFault | undefined;
};

const FIRST_RECORD_SLOTS = 1 << 12;

function createDecodedRecords(reader: ValueReader, tree: MmdbTree, table: PlaceTableBuilder): DecodedRecords {
  const records = new Uint32Array(FIRST_RECORD_SLOTS);
  return { reader, tree, table, records, places: new Uint32Array(FIRST_RECORD_SLOTS), count: 0, fault: undefined };
}

function placeOf(decoded: DecodedRecords, record: number): number {
  const slot = findRecordSlot(decoded.records, record);
  if (decoded.records[slot] === record) return decoded.places[slot] ?? 0;
  const place = decodePlace(decoded, record);
  decoded.records[slot] = record;
  decoded.places[slot] = place;
  decoded.count += 1;
  if (2 * decoded.count > decoded.records.length) growDecoded(decoded);
  return place;
}

function findRecordSlot(records: Uint32Array, record: number): number {
  const mask = records.length - 1;
  let slot = (Math.imul(record, 0x9e3779b1) >>> 8) & mask;
  for (;;) {
    const found = records[slot];
    if (found === record || found === 0) return slot;
    slot = (slot + 1) & mask;
  }
}

/** A damaged record makes the whole database faulty: the first one is reported. */
function decodePlace(decoded: DecodedRecords, record: number): number {
  const { reader, tree, table } = decoded;
  const offset = reader.start - DATA_SEPARATOR_BYTES + record - tree.nodeCount;
  if (offset < reader.start || offset >= reader.end) {
    const message = `a record points to byte ${offset}, outside the data (${reader.start} to ${reader.end}): fetch the file again`;
    decoded.fault ??= { code: 'bad-pointer', message };
    return UNKNOWN_PLACE;
  }
  const place = readPlaceRecord(reader, offset);
  if (place === undefined) {
    const message = `the record at byte ${offset} cannot be decoded: the file is damaged, fetch it again`;
    decoded.fault ??= { code: 'bad-record', message };
    return UNKNOWN_PLACE;
  }
  return internPlace(table, place);
}

function growDecoded(decoded: DecodedRecords): void {
  const { records, places } = decoded;
  decoded.records = new Uint32Array(2 * records.length);
  decoded.places = new Uint32Array(2 * records.length);
  for (let slot = 0; slot < records.length; slot += 1) {
    const record = records[slot] ?? 0;
    if (record === 0) continue;
    const to = findRecordSlot(decoded.records, record);
    decoded.records[to] = record;
    decoded.places[to] = places[slot] ?? 0;
  }
}

/** Gives every place that has a country but no coordinates those of the country's centroid. */
function placeCountries(map: PlaceMap): void {
  const { places } = map;
  const unplaced: number[] = [];
  for (let place = 1; place < places.count; place += 1) {
    if (Number.isNaN(places.latitude[place]) && places.country[place] !== 0) unplaced.push(place);
  }
  if (unplaced.length === 0) return;
  const sumsV4 = sumByCountry(places, weighPlacesV4(map));
  const sumsV6 = sumByCountry(places, weighPlacesV6(map));
  for (const place of unplaced) {
    const country = places.country[place] ?? 0;
    const sum = sumsV4[country] ?? sumsV6[country];
    const location = sum === undefined ? findCountry(places.countries[country] ?? '') : toLocation(sum);
    places.latitude[place] = location?.latitude ?? Number.NaN;
    places.longitude[place] = location?.longitude ?? Number.NaN;
  }
}

/** How many addresses each place has. */
function weighPlacesV4(map: PlaceMap): Float64Array {
  const { starts, places } = map.v4;
  const weights = new Float64Array(map.places.count);
  for (let index = 0; index < starts.length; index += 1) {
    const place = places[index] ?? 0;
    weights[place] = (weights[place] ?? 0) + (starts[index + 1] ?? 2 ** 32) - (starts[index] ?? 0);
  }
  return weights;
}

/** How many /32 each place has, in fractions. */
function weighPlacesV6(map: PlaceMap): Float64Array {
  const { startsHigh, startsLow, places } = map.v6;
  const weights = new Float64Array(map.places.count);
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index] ?? 0;
    const size = (startsHigh[index + 1] ?? 2 ** 32) - (startsHigh[index] ?? 0);
    weights[place] = (weights[place] ?? 0) + size + ((startsLow[index + 1] ?? 0) - (startsLow[index] ?? 0)) / 2 ** 32;
  }
  return weights;
}

/** Per country the weighted sum of its located places as vectors; nothing for a country that has none. */
function sumByCountry(places: PlaceTable, weights: Float64Array): readonly (UnitVector | undefined)[] {
  const sums: (UnitVector | undefined)[] = places.countries.map(() => undefined);
  for (let place = 1; place < places.count; place += 1) {
    const weight = weights[place] ?? 0;
    const country = places.country[place] ?? 0;
    const latitude = places.latitude[place] ?? Number.NaN;
    if (weight === 0 || country === 0 || Number.isNaN(latitude)) continue;
    const { x, y, z } = toUnitVector(latitude, places.longitude[place] ?? Number.NaN);
    const sum = sums[country] ?? { x: 0, y: 0, z: 0 };
    sums[country] = { x: sum.x + weight * x, y: sum.y + weight * y, z: sum.z + weight * z };
  }
  return sums;
}
