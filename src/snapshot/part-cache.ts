// The parts of zones' records that have been read, by the hashes of the texts that hold them: what stays the same from one
// revision to the next is neither sent nor read again.

import { parseRecords } from '../model/parse-record.ts';
import { readRecordList } from '../model/record-chunks.ts';
import { type ReadPart, readZonePart } from './compile-zone.ts';

/** Where the records of a zone are stated, in order. */
export type StatedRecords = {
  readonly zone: string;
  readonly hashes: readonly string[];
  /** They come from a primary. */
  readonly isCopied?: boolean;
};

/** By `keyOfPart`. */
export type PartCache = Map<string, ReadPart>;

/** Relative names make the same text mean something else in another zone. */
export function keyOfPart(zone: string, hash: string, isCopied = false): string {
  return `${hash} ${isCopied ? 'copied ' : ''}${zone}`;
}

/**
 * The parts of each zone; those that are not in the cache are read from `texts`, by hash, and are in it then. Others leave
 * the cache.
 */
export function readParts(
  zones: readonly StatedRecords[],
  texts: ReadonlyMap<string, string>,
  cache: PartCache,
): readonly (readonly ReadPart[])[] {
  const used = new Set<string>();
  const parts = zones.map(({ zone, hashes, isCopied }) =>
    hashes.map((hash) => {
      const key = keyOfPart(zone, hash, isCopied);
      used.add(key);
      const part = cache.get(key) ?? readPart(zone, texts.get(hash), hash, isCopied);
      cache.set(key, part);
      return part;
    }),
  );
  for (const key of cache.keys()) if (!used.has(key)) cache.delete(key);
  return parts;
}

function readPart(zone: string, text: string | undefined, hash: string, isCopied = false): ReadPart {
  if (text === undefined) throw new Error(`the records ${hash} of ${zone} are neither given nor kept`);
  const items = readRecordList(text);
  const parsed = parseRecords(items ?? [], zone, isCopied);
  const { part, problems } = readZonePart(zone, parsed.records);
  const broken = items === undefined ? [{ path: '', message: 'the stored object is no list of records.' }] : [];
  return { part, problems: [...broken, ...parsed.problems, ...problems] };
}
