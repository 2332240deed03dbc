// The record of a place in a GeoIP database: only the fields that steering needs, in either of the two shapes that such
// databases have.
//
//   GeoIP2   { continent: { code }, country: { iso_code }, subdivisions: [{ iso_code }], location: { latitude, longitude } }
//   flat     { country_code, state1, latitude, longitude }

import {
  ABSENT,
  createValueReader,
  readFirstItem,
  readNumber,
  readString,
  scanMap,
  type ValueReader,
} from './mmdb-value.ts';

/** What one record says of a place; '' and NaN are unknown. */
export type PlaceRecord = {
  readonly latitude: number;
  readonly longitude: number;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** The part of the country: the end of its ISO 3166-2 code (`CA`), or its name (`California`). */
  readonly subdivision: string;
  readonly continent: string;
};

const KEYS = [
  ...['code', 'state1', 'country', 'iso_code', 'latitude'],
  ...['location', 'continent', 'longitude', 'country_code', 'subdivisions'],
];
const [CODE, STATE, COUNTRY, ISO_CODE, LATITUDE, LOCATION, CONTINENT, LONGITUDE, COUNTRY_CODE, SUBDIVISIONS] = [
  ...[0, 1, 2, 3, 4],
  ...[5, 6, 7, 8, 9],
] as const;
/** For the data section of a database, `bytes` from `start` up to `end`. */
export function createRecordReader(bytes: Uint8Array, start: number, end: number): ValueReader {
  return createValueReader(bytes, start, end, KEYS);
}

/** Reads the record at an offset of the file; undefined when it is damaged. One that is neither shape is all unknown. */
export function readPlaceRecord(reader: ValueReader, offset: number): PlaceRecord | undefined {
  const { fields } = reader;
  if (!scanMap(reader, offset)) return undefined;
  const state = fields[STATE];
  const countryMap = fields[COUNTRY];
  const continentMap = fields[CONTINENT];
  const locationMap = fields[LOCATION];
  const subdivisions = fields[SUBDIVISIONS];
  let latitude = readNumber(reader, fields[LATITUDE]);
  let longitude = readNumber(reader, fields[LONGITUDE]);
  let country = readString(reader, fields[COUNTRY_CODE]);
  let division = readString(reader, state);
  let continent = '';
  if (countryMap) {
    if (!scanMap(reader, countryMap)) return undefined;
    country ||= readString(reader, fields[ISO_CODE]);
  }
  if (continentMap) {
    if (!scanMap(reader, continentMap)) return undefined;
    continent = readString(reader, fields[CODE]);
  }
  const subdivision = readFirstItem(reader, subdivisions);
  if (subdivision !== ABSENT) {
    if (!scanMap(reader, subdivision)) return undefined;
    division ||= readString(reader, fields[ISO_CODE]);
  }
  if (locationMap) {
    if (!scanMap(reader, locationMap)) return undefined;
    latitude = readNumber(reader, fields[LATITUDE]);
    longitude = readNumber(reader, fields[LONGITUDE]);
  }
  return checkPlace(latitude, longitude, country, division, continent);
}

/** Keeps what can be: a country of two letters, coordinates on the globe, a subdivision only of a known country. */
function checkPlace(
  latitude: number,
  longitude: number,
  country: string,
  division: string,
  continent: string,
): PlaceRecord {
  const isOnGlobe = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  const isCountry = isCountryCode(country);
  return {
    latitude: isOnGlobe ? latitude : Number.NaN,
    longitude: isOnGlobe ? longitude : Number.NaN,
    country: isCountry ? country : '',
    subdivision: isCountry ? division : '',
    continent,
  };
}

function isCountryCode(text: string): boolean {
  return text.length === 2 && isUpperCase(text.charCodeAt(0)) && isUpperCase(text.charCodeAt(1));
}

function isUpperCase(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}
