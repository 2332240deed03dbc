// The place map: the whole address space, and the place where each stretch of it is (place-steps.ts). Built once from a GeoIP
// database (build-place-map.ts), immutable, every array over shared memory, so that threads share it by reference.
//
// IPv6 is kept to the top 64 bits: everything inside one /64 counts as where its first address is.

import { createStepWriter, finishSteps, type PlaceSteps } from './place-steps.ts';

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

export type PlaceMap = {
  readonly v4: PlaceSteps;
  readonly v6: PlaceSteps;
  readonly places: PlaceTable;
};

/** The place of a client about whom nothing is known. */
export const UNKNOWN_PLACE = 0;

/** The map of someone without a database: every client is in the unknown place. */
export function emptyPlaceMap(): PlaceMap {
  const zero = (): Uint32Array => new Uint32Array(new SharedArrayBuffer(4));
  const unknown = (): Float32Array => new Float32Array(new SharedArrayBuffer(4)).fill(Number.NaN);
  const everything = finishSteps(createStepWriter(2, UNKNOWN_PLACE));
  const nowhere = (): PlaceSteps => {
    const words = new Uint32Array(new SharedArrayBuffer(everything.byteLength));
    words.set(everything);
    return { words, marksHigh: zero(), marksLow: zero() };
  };
  return {
    v4: nowhere(),
    v6: nowhere(),
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
