// The table of distinct places while it is being built: equal places get the same id, so that neighbouring prefixes of one
// place merge. Columns grow by doubling; a hash table of ids over them finds what is already there.

import { CONTINENTS, findCountry } from './countries.ts';
import type { PlaceRecord } from './mmdb-record.ts';

/** Growing columns; ids 1..count-1 are in use, 0 is the unknown place. */
export type PlaceTableBuilder = {
  count: number;
  latitude: Float32Array;
  longitude: Float32Array;
  country: Uint16Array;
  subdivision: Uint32Array;
  continent: Uint8Array;
  readonly countries: string[];
  readonly subdivisions: string[];
  /** The number of a country by its code, and that of a subdivision by country and name. */
  readonly countryNumbers: Map<string, number>;
  readonly subdivisionNumbers: Map<string, number>[];
  /** By country: the continent of places whose records do not say it. */
  readonly ownContinents: number[];
  /** Open addressing: the id of a place, 0 where nothing is. At most half full; its length is a power of two. */
  slots: Uint32Array;
};

const FIRST_CAPACITY = 1 << 12;

export function createPlaceTable(): PlaceTableBuilder {
  return {
    count: 1,
    latitude: new Float32Array(FIRST_CAPACITY).fill(Number.NaN, 0, 1),
    longitude: new Float32Array(FIRST_CAPACITY).fill(Number.NaN, 0, 1),
    country: new Uint16Array(FIRST_CAPACITY),
    subdivision: new Uint32Array(FIRST_CAPACITY),
    continent: new Uint8Array(FIRST_CAPACITY),
    countries: [''],
    subdivisions: [''],
    countryNumbers: new Map([['', 0]]),
    subdivisionNumbers: [new Map()],
    ownContinents: [0],
    slots: new Uint32Array(2 * FIRST_CAPACITY),
  };
}

/** Makes room for so many more places at once: cheaper than to double again and again. */
export function reservePlaces(table: PlaceTableBuilder, more: number): void {
  let capacity = table.latitude.length;
  while (capacity < table.count + more) capacity *= 2;
  if (capacity > table.latitude.length) growTo(table, capacity);
}

/** The id of the place that a record describes: an old one if there is an equal place, 0 if it says nothing. */
export function internPlace(table: PlaceTableBuilder, record: PlaceRecord): number {
  const hasCoordinates = !Number.isNaN(record.latitude);
  if (!hasCoordinates && record.country === '' && record.continent === '') return 0;
  const id = draftPlace(table, record.latitude, record.longitude);
  const country = numberOfCountry(table, record.country);
  table.country[id] = country;
  table.subdivision[id] = numberOfSubdivision(table, country, record.subdivision);
  table.continent[id] =
    record.continent === '' ? (table.ownContinents[country] ?? 0) : numberOfContinent(record.continent);
  return internDraft(table, id);
}

/** Adds all places of another table; what the id of each is here. */
export function internTable(table: PlaceTableBuilder, other: PlaceTableBuilder): Uint32Array {
  const countries = other.countries.map((code) => numberOfCountry(table, code));
  const subdivisions = new Uint32Array(other.subdivisions.length);
  other.subdivisionNumbers.forEach((numbers, country) => {
    for (const [name, number] of numbers) {
      subdivisions[number] = numberOfSubdivision(table, countries[country] ?? 0, name);
    }
  });
  const ids = new Uint32Array(other.count);
  for (let place = 1; place < other.count; place += 1) {
    const id = draftPlace(table, other.latitude[place] ?? 0, other.longitude[place] ?? 0);
    table.country[id] = countries[other.country[place] ?? 0] ?? 0;
    table.subdivision[id] = subdivisions[other.subdivision[place] ?? 0] ?? 0;
    table.continent[id] = other.continent[place] ?? 0;
    ids[place] = internDraft(table, id);
  }
  return ids;
}

/** A candidate is written where the next place would go; it stays there if it turns out to be new. */
function draftPlace(table: PlaceTableBuilder, latitude: number, longitude: number): number {
  if (table.count === table.latitude.length) growTo(table, 2 * table.count);
  table.latitude[table.count] = latitude;
  table.longitude[table.count] = longitude;
  return table.count;
}

function internDraft(table: PlaceTableBuilder, id: number): number {
  const slot = findSlot(table, id);
  const found = table.slots[slot] ?? 0;
  if (found !== 0) return found;
  table.slots[slot] = id;
  table.count += 1;
  return id;
}

function numberOfCountry(table: PlaceTableBuilder, code: string): number {
  const known = table.countryNumbers.get(code);
  if (known !== undefined) return known;
  const number = table.countries.push(code) - 1;
  table.countryNumbers.set(code, number);
  table.subdivisionNumbers.push(new Map());
  table.ownContinents.push(numberOfContinent(findCountry(code)?.continent));
  return number;
}

function numberOfSubdivision(table: PlaceTableBuilder, country: number, name: string): number {
  const numbers = table.subdivisionNumbers[country];
  if (numbers === undefined || country === 0 || name === '') return 0;
  const known = numbers.get(name);
  if (known !== undefined) return known;
  const number = table.subdivisions.push(`${table.countries[country]}-${name}`) - 1;
  numbers.set(name, number);
  return number;
}

function numberOfContinent(code: string | undefined): number {
  return code === undefined ? 0 : Math.max(0, CONTINENTS.indexOf(code));
}

/** The slot that holds a place equal to `id`, or the free one where it belongs. */
function findSlot(table: PlaceTableBuilder, id: number): number {
  const mask = table.slots.length - 1;
  let slot = hashPlace(table, id) & mask;
  for (;;) {
    const found = table.slots[slot] ?? 0;
    if (found === 0 || isSamePlace(table, found, id)) return slot;
    slot = (slot + 1) & mask;
  }
}

function isSamePlace(table: PlaceTableBuilder, a: number, b: number): boolean {
  return (
    Object.is(table.latitude[a], table.latitude[b]) &&
    Object.is(table.longitude[a], table.longitude[b]) &&
    table.country[a] === table.country[b] &&
    table.subdivision[a] === table.subdivision[b] &&
    table.continent[a] === table.continent[b]
  );
}

/** Coordinates in millionths of a degree tell most places apart (NaN becomes 0); names do the rest. */
function hashPlace(table: PlaceTableBuilder, id: number): number {
  let hash = Math.imul(((table.latitude[id] ?? 0) * 1e6) | 0, 0x9e3779b1);
  hash = Math.imul(hash ^ (((table.longitude[id] ?? 0) * 1e6) | 0), 0x85ebca77);
  hash = Math.imul(hash ^ (table.subdivision[id] ?? 0) ^ ((table.country[id] ?? 0) << 20), 0xc2b2ae3d);
  return hash ^ (hash >>> 15);
}

function growTo(table: PlaceTableBuilder, capacity: number): void {
  table.latitude = copyInto(new Float32Array(capacity), table.latitude);
  table.longitude = copyInto(new Float32Array(capacity), table.longitude);
  table.country = copyInto(new Uint16Array(capacity), table.country);
  table.subdivision = copyInto(new Uint32Array(capacity), table.subdivision);
  table.continent = copyInto(new Uint8Array(capacity), table.continent);
  table.slots = new Uint32Array(2 * capacity);
  for (let id = 1; id < table.count; id += 1) table.slots[findSlot(table, id)] = id;
}

function copyInto<Column extends { set(from: Column): void }>(to: Column, from: Column): Column {
  to.set(from);
  return to;
}
