// Where well-known places are: cloud regions and airports, so that a configuration may say `location: aws:eu-west-1` or
// `iata:SIN`. The table is a file of ours (geo-data/regions.json), read at the edge.

import type { Location } from '../model/region.ts';

/** One row of the table. `id` is the reference as it is written in configurations: `aws:eu-west-1`, `iata:SIN`. */
export type RegionLocation = Location & { readonly id: string; readonly name: string; readonly country: string };

/** Rows by their id in lower case. */
export type RegionTable = ReadonlyMap<string, RegionLocation>;

export type FoundRegion =
  | { readonly ok: true; readonly value: RegionLocation }
  /** Up to MAX_SUGGESTIONS ids that look like what was asked for. */
  | { readonly ok: false; readonly suggestions: readonly string[] };

const MAX_SUGGESTIONS = 3;
/** More single-letter changes than this are another word. */
const MAX_CHANGES = 3;
/** Longer references are no misspelt id. */
const MAX_REFERENCE_LENGTH = 40;

export function createRegionTable(rows: readonly RegionLocation[]): RegionTable {
  return new Map(rows.map((row) => [row.id.toLowerCase(), row]));
}

/** Finds `aws:…`, `gcp:…`, `azure:…` or `iata:…`, whatever the case of the letters. */
export function findRegionLocation(table: RegionTable, reference: string): FoundRegion {
  const wanted = reference.trim().toLowerCase();
  const found = table.get(wanted);
  return found === undefined ? { ok: false, suggestions: suggest(table, wanted) } : { ok: true, value: found };
}

/** The ids with the fewest changes; of equals the earlier row. */
function suggest(table: RegionTable, wanted: string): readonly string[] {
  if (wanted.length > MAX_REFERENCE_LENGTH) return [];
  return [...table]
    .map(([key, row]) => ({ id: row.id, changes: countChanges(wanted, key) }))
    .filter(({ changes }) => changes <= MAX_CHANGES)
    .sort((a, b) => a.changes - b.changes)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ id }) => id);
}

/** Letters to insert, delete or replace to make one word of the other (Levenshtein distance), one row at a time. */
function countChanges(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
