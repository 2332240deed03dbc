// Compiled rankings on disk: ranking every client of the world takes half a second of processor time for each ranking, and a
// node that restarts ranks the same clients by the same rules as before. What a file was made from is its name: the
// database, the ranking, and the code that ranks, so that no file outlives any of them.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RankMap } from '../steering/run-map.ts';
import { dropOldFiles, readCacheFile, writeCacheFile } from './cache-file.ts';

/** What the lengths of a rank map's arrays are, in the order of the image. */
type RankMapShape = {
  readonly runsV4: number;
  readonly indexV4: number;
  readonly runsV6: number;
  readonly indexV6: number;
  readonly lists: number;
  readonly entries: number;
};

const PREFIX = 'rank-map-';
/** Rankings that were used last; a configuration has few distinct ones. */
const KEPT_RANK_MAPS = 16;
/** Everything that a ranking is made by. */
export const RANKING_CODE = [
  ...['../steering/rank.ts', '../steering/rank-places.ts', '../steering/rank-nearest.ts', '../steering/rank-lists.ts'],
  ...['../steering/rank-cidr.ts', '../steering/order-along-globe.ts', '../steering/cut-runs.ts'],
  ...['../steering/run-map.ts', '../steering/run-index.ts', '../steering/share-uint32.ts', '../geo/place-steps.ts'],
  ...['../geo/distance.ts', '../geo/countries.ts', './rank-map-cache.ts'],
];

let codeHash: string | undefined;

/** Identifies a compiled ranking. `ranking`: its content as text. `fingerprint`: of the databases. */
export function nameRankMap(fingerprint: string, ranking: string): string {
  codeHash ??= hashOf(RANKING_CODE.map((path) => readFileSync(new URL(path, import.meta.url), 'utf8')));
  return `${PREFIX}${hashOf([codeHash, fingerprint, ranking])}.bin`;
}

/** The cached rank map, or undefined when there is none that is whole. Never throws. */
export function readCachedRankMap(directory: string, name: string): RankMap | undefined {
  const found = readCacheFile(join(directory, name), { isHeader: isShape, imageBytes });
  return found && viewRankMap(found.memory, found.header);
}

/** Writes a rank map, whole or not at all, and drops the oldest. @throws Error when the disk refuses. */
export function writeCachedRankMap(directory: string, name: string, map: RankMap): void {
  const { v4, v6, lists } = map;
  const shape: RankMapShape = {
    runsV4: v4.runs.length,
    indexV4: v4.index.length,
    runsV6: v6.runs.length,
    indexV6: v6.index.length,
    lists: lists.offsets.length,
    entries: lists.entries.length,
  };
  const columns = [v4.runs, v4.index, v6.runs, v6.index, lists.offsets];
  const parts = [...columns, lists.entries].map(
    (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  );
  writeCacheFile(directory, name, shape, parts);
  dropOldFiles(directory, PREFIX, KEPT_RANK_MAPS);
}

function imageBytes({ runsV4, indexV4, runsV6, indexV6, lists, entries }: RankMapShape): number {
  return 4 * (runsV4 + indexV4 + runsV6 + indexV6 + lists) + 2 * entries;
}

function viewRankMap(memory: SharedArrayBuffer, shape: RankMapShape): RankMap {
  let offset = 0;
  const uint32 = (length: number): Uint32Array => {
    const column = new Uint32Array(memory, offset, length);
    offset += 4 * length;
    return column;
  };
  return {
    v4: { width: 2, runs: uint32(shape.runsV4), index: uint32(shape.indexV4) },
    v6: { width: 3, runs: uint32(shape.runsV6), index: uint32(shape.indexV6) },
    lists: { offsets: uint32(shape.lists), entries: new Uint16Array(memory, offset, shape.entries) },
  };
}

function isShape(value: unknown): value is RankMapShape {
  if (typeof value !== 'object' || value === null) return false;
  return ['runsV4', 'indexV4', 'runsV6', 'indexV6', 'lists', 'entries'].every((key) =>
    Number.isSafeInteger(Reflect.get(value, key)),
  );
}

function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}|${text}`);
  return hash.digest('hex');
}
