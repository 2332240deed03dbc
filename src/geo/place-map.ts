// The place map: the whole address space as sorted intervals, each with the place where its addresses are. Built once from
// a GeoIP database (build-place-map.ts), immutable, every array over shared memory, so that threads share it by reference.
//
//   starts   0.0.0.0   1.0.0.0   1.0.1.0   1.0.4.0  …      interval i covers starts[i] .. starts[i + 1] - 1,
//   places      0         1         2         1     …      the last one reaches to the end of the address space
//
// IPv6 is kept to the top 64 bits: everything inside one /64 counts as where its first address is.

/** Degrees and codes of every distinct place; place 0 is "unknown". Columns, all of length `count`. */
export type PlaceTable = {
  readonly count: number;
  /** NaN when unknown. */
  readonly latitude: Float32Array;
  readonly longitude: Float32Array;
  /** Index into `countries`; 0 is unknown. */
  readonly country: Uint16Array;
  /** Index into `subdivisions`; 0 is unknown. */
  readonly subdivision: Uint32Array;
  /** Index into CONTINENTS; 0 is unknown. */
  readonly continent: Uint8Array;
  /** ISO 3166-1 alpha-2, upper case; [0] is ''. */
  readonly countries: readonly string[];
  /** `US-California` or `US-CA`, as the database has it; [0] is ''. */
  readonly subdivisions: readonly string[];
};

/** Neighbouring intervals never have the same place. */
export type PlaceIntervalsV4 = { readonly starts: Uint32Array; readonly places: Uint32Array };

/** A start is the 64-bit prefix (high << 32) | low. */
export type PlaceIntervalsV6 = {
  readonly startsHigh: Uint32Array;
  readonly startsLow: Uint32Array;
  readonly places: Uint32Array;
};

export type PlaceMap = {
  readonly v4: PlaceIntervalsV4;
  readonly v6: PlaceIntervalsV6;
  readonly places: PlaceTable;
};

/** The place of a client about whom nothing is known. */
export const UNKNOWN_PLACE = 0;

/** The map of someone without a database: every client is in the unknown place. */
export function emptyPlaceMap(): PlaceMap {
  const zero = (): Uint32Array => new Uint32Array(new SharedArrayBuffer(4));
  const unknown = (): Float32Array => new Float32Array(new SharedArrayBuffer(4)).fill(Number.NaN);
  return {
    v4: { starts: zero(), places: zero() },
    v6: { startsHigh: zero(), startsLow: zero(), places: zero() },
    places: {
      count: 1,
      latitude: unknown(),
      longitude: unknown(),
      country: new Uint16Array(new SharedArrayBuffer(2)),
      subdivision: zero(),
      continent: new Uint8Array(new SharedArrayBuffer(1)),
      countries: [''],
      subdivisions: [''],
    },
  };
}
