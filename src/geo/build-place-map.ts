// Builds the place map from the search trees of one or two databases: each distinct record is decoded once, neighbouring
// prefixes of one place become one stretch. The two families of addresses are built apart, in two threads where there are
// two processors, and joined. Pure; reading files and threads are the caller's.

import { placeCountries } from './country-centroids.ts';
import { decodeRecords, placeOf } from './decode-records.ts';
import { checkTree, type MmdbFault, type MmdbTree, walkV4, walkV6 } from './mmdb-tree.ts';
import { type PlaceMap, UNKNOWN_PLACE } from './place-map.ts';
import { imageBytes, viewPlaceMap } from './place-map-image.ts';
import {
  beginPlace,
  createStepWriter,
  fillMarks,
  finishSteps,
  LENGTH_MASK,
  MAX_PLACES,
  PLACE_SHIFT,
} from './place-steps.ts';
import { createPlaceTable, internTable, type PlaceTableBuilder } from './place-table.ts';

/** Every address of one family, with the places that there are. */
export type FamilyMap = {
  readonly ok: true;
  /** See PlaceSteps. */
  readonly words: Uint32Array;
  readonly table: PlaceTableBuilder;
};

export type BuiltFamily = FamilyMap | { readonly ok: false; readonly fault: MmdbFault };

export type BuiltPlaceMap =
  | { readonly ok: true; readonly value: PlaceMap }
  | { readonly ok: false; readonly fault: MmdbFault };

/** All at once, from a tree for IPv4 and one for IPv6, either of them or both; they may be the same. */
export function buildPlaceMap(trees: { readonly v4?: MmdbTree; readonly v6?: MmdbTree }): BuiltPlaceMap {
  const v4 = trees.v4 && buildFamily(trees.v4, 4);
  if (v4?.ok === false) return v4;
  const v6 = trees.v6 && buildFamily(trees.v6, 6);
  if (v6?.ok === false) return v6;
  return joinFamilies(v4, v6);
}

/**
 * The addresses of one family in a database. The tree is walked twice: to find the records, and once their places are known
 * to write down what the addresses are. `onProgress` is told what comes next.
 */
export function buildFamily(
  tree: MmdbTree,
  family: 4 | 6,
  onProgress: (stage: string) => void = () => undefined,
): BuiltFamily {
  const walkTree = family === 4 ? walkV4 : walkV6;
  const table = createPlaceTable();
  const decoded = checkTree(tree) ?? decodeRecords(tree, walkTree, table, onProgress);
  if ('code' in decoded) return { ok: false, fault: decoded };
  onProgress('writing down where its addresses are');
  // Memory for one word per leaf is reserved, but only what is written becomes real.
  const writer = createStepWriter(tree.nodeCount + 2, UNKNOWN_PLACE);
  let last = tree.nodeCount;
  const fault = walkTree(tree, (high, low, record) => {
    if (record === last) return;
    last = record;
    const place = record === tree.nodeCount ? UNKNOWN_PLACE : placeOf(decoded, record);
    if (place !== writer.place) beginPlace(writer, place, high >>> 0, low >>> 0);
  });
  return fault === undefined ? { ok: true, words: finishSteps(writer), table } : { ok: false, fault };
}

/**
 * The finished map in shared memory, exactly as large as it must be. A family that is absent is in the unknown place. Takes
 * the families for its own: nobody may use them afterwards.
 */
export function joinFamilies(v4: FamilyMap | undefined, v6: FamilyMap | undefined): BuiltPlaceMap {
  const table = v4?.table ?? v6?.table ?? createPlaceTable();
  if (v4 !== undefined && v6 !== undefined) renumber(v6.words, internTable(table, v6.table));
  if (table.count === 1) {
    const message = 'no record has a country or coordinates: give a City or Country database (GeoLite2, GeoIP2, DB-IP)';
    return { ok: false, fault: { code: 'wrong-type', message } };
  }
  if (table.count > MAX_PLACES) {
    const message = `it tells of ${table.count} different places: this version can tell ${MAX_PLACES} apart`;
    return { ok: false, fault: { code: 'wrong-type', message } };
  }
  return { ok: true, value: writeImage(v4?.words ?? nothingKnown(), v6?.words ?? nothingKnown(), table) };
}

function nothingKnown(): Uint32Array {
  return finishSteps(createStepWriter(2, UNKNOWN_PLACE));
}

function renumber(words: Uint32Array, ids: Uint32Array): void {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? 0;
    words[at] = ((ids[word >>> PLACE_SHIFT] ?? 0) << PLACE_SHIFT) | (word & LENGTH_MASK);
  }
}

function writeImage(v4: Uint32Array, v6: Uint32Array, table: PlaceTableBuilder): PlaceMap {
  const shape = {
    wordsV4: v4.length,
    wordsV6: v6.length,
    places: table.count,
    countries: table.countries,
    subdivisions: table.subdivisions,
  };
  const map = viewPlaceMap(new SharedArrayBuffer(imageBytes(shape)), shape);
  map.v4.words.set(v4);
  map.v6.words.set(v6);
  fillMarks(map.v4);
  fillMarks(map.v6);
  const { places } = map;
  places.latitude.set(table.latitude.subarray(0, table.count));
  places.longitude.set(table.longitude.subarray(0, table.count));
  places.country.set(table.country.subarray(0, table.count));
  places.subdivision.set(table.subdivision.subarray(0, table.count));
  places.continent.set(table.continent.subarray(0, table.count));
  placeCountries(map);
  return map;
}
