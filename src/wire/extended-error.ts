// Extended DNS errors (RFC 8914): why an answer is as it is, for the people who look at it. Those that we have a use for, by
// their INFO-CODE; recorded in the Response by whoever finds that something is wrong.

/** Section 4.4: decided by the last verdicts that are known, for nobody tells new ones. */
export const STALE_ANSWER = 3;
/** Section 4.19: a client that may not have it. */
export const PROHIBITED = 18;
/** Section 4.21. */
export const NOT_AUTHORITATIVE = 20;
/** Section 4.22: an operation, class or type that is no question for us. */
export const NOT_SUPPORTED = 21;
/** Section 4.23: nothing that the name could lead to is reachable. */
export const NO_REACHABLE_AUTHORITY = 22;
/** Section 4.25: nothing was copied of the zone yet, or nothing for too long. */
export const INVALID_DATA = 24;
/** RFC 9824 section 3.5: a type that no name can have. */
export const INVALID_QUERY_TYPE = 30;

/** EXTRA-TEXT by INFO-CODE: where the code alone, made for resolvers, does not say what is meant here. */
const TEXTS: readonly (readonly [number, string])[] = [
  [STALE_ANSWER, 'health is not known at present'],
  [NO_REACHABLE_AUTHORITY, 'nothing that serves this name is up'],
  [INVALID_DATA, 'nothing was copied of the zone from its primaries yet, or nothing for too long'],
];

const NO_TEXT = new Uint8Array(0);
const textOfCode: readonly Uint8Array[] = Array.from({ length: INVALID_QUERY_TYPE + 1 }, (_, code) => {
  const text = TEXTS.find(([known]) => known === code)?.[1];
  return text === undefined ? NO_TEXT : new TextEncoder().encode(text);
});

/** UTF-8, empty for most. */
export function extraTextOf(code: number): Uint8Array {
  return textOfCode[code] ?? NO_TEXT;
}
