// Measures what the map of clients costs: building it from the default database, opening it from the cache, compiling a
// ranking over it, looking a client up. Prints JSON; times are milliseconds unless a name says otherwise.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlaceMap } from '../../src/databases/open-place-map.ts';
import { readRegionTable } from '../../src/databases/region-table.ts';
import type { PlaceMap } from '../../src/geo/place-map.ts';
import { imageBytes, shapeOf } from '../../src/geo/place-map-image.ts';
import type { PlaceSteps } from '../../src/geo/place-steps.ts';
import { compileRanking } from '../../src/steering/rank.ts';
import type { Ranking } from '../../src/steering/ranking.ts';
import { countRuns, lookupV4, lookupV6, type RankMap, scopeV4, scopeV6 } from '../../src/steering/run-map.ts';
import { listIntervals } from '../support/place-intervals.ts';

const LOOKUPS = 1_000_000;
const ROUNDS = 3;
/** Different addresses that are looked up; a power of two. */
const ADDRESSES = 16_384;

const stateDirectory = mkdtempSync(join(tmpdir(), 'azimuth-bench-geo-'));
const options = { directory: stateDirectory, bundled: true, stateDirectory };
const [buildMs] = await time(() => openPlaceMap(options));
const [cachedMs, { placeMap, database, isCached }] = await time(() => openPlaceMap(options));
if (!isCached) throw new Error('the second opening did not find the cache');
rmSync(stateDirectory, { recursive: true });

const rankings = [4, 5, 50].map((regions) => {
  const ranking = rankingOf(regions);
  const runs = Array.from({ length: ROUNDS }, () => timeNow(() => compileRanking(placeMap, ranking)));
  const best = Math.min(...runs.map(([ms]) => ms));
  const map = runs[0]?.[1];
  return map === undefined ? {} : { regions, compileMs: round(best), ...describe(map) };
});
const five = compileRanking(placeMap, rankingOf(5));

console.log(
  JSON.stringify(
    {
      database: database?.name,
      buildMs: round(buildMs),
      cachedMs: round(cachedMs),
      placeMapMegabytes: round(imageBytes(shapeOf(placeMap)) / 1e6),
      words: { v4: placeMap.v4.words.length, v6: placeMap.v6.words.length },
      places: placeMap.places.count,
      rankings,
      lookupNs: { v4: lookupNsV4(five), v6: lookupNsV6(five, placeMap) },
    },
    undefined,
    2,
  ),
);

/** Regions from all over the world: every n-th of the table's cloud regions. */
function rankingOf(regions: number): Ranking {
  const rows = [...readRegionTable().values()].filter(({ id }) => !id.startsWith('iata:'));
  const candidates = Array.from({ length: regions }, (_, index) => rows[Math.floor((index * rows.length) / regions)])
    .filter((row) => row !== undefined)
    .map(({ latitude, longitude }) => ({ latitude, longitude, bias: 0 }));
  return { candidates, rules: [{ kind: 'proximity', tolerance: 0 }] };
}

function describe({ v4, v6, lists }: RankMap): Record<string, number> {
  const arrays = [v4.runs, v4.index, v6.runs, v6.index, lists.offsets, lists.entries];
  const bytes = arrays.reduce((sum, array) => sum + array.byteLength, 0);
  return {
    runsV4: countRuns(v4),
    runsV6: countRuns(v6),
    indexV4: v4.index.length,
    indexV6: v6.index.length,
    lists: lists.offsets.length - 1,
    megabytes: round(bytes / 1e6),
  };
}

/** Look-up and scope of random addresses; the best of some rounds. */
function lookupNsV4(map: RankMap): number {
  const addresses = drawNumbers();
  return bestNs(() => {
    let sum = 0;
    for (let index = 0; index < LOOKUPS; index += 1) {
      const address = addresses[index & (ADDRESSES - 1)] ?? 0;
      const run = lookupV4(map.v4, address);
      sum += scopeV4(map.v4, run, address);
    }
    return sum;
  });
}

/** Look-up and scope of the first prefixes of places that the database knows, and nothing but those. */
function lookupNsV6(map: RankMap, { v6 }: PlaceMap): number {
  const chosen = drawPrefixes(v6);
  const high = Uint32Array.from(chosen, (prefix) => prefix.high);
  const low = Uint32Array.from(chosen, (prefix) => prefix.low);
  return bestNs(() => {
    let sum = 0;
    for (let index = 0; index < LOOKUPS; index += 1) {
      const top = high[index & (ADDRESSES - 1)] ?? 0;
      const bottom = low[index & (ADDRESSES - 1)] ?? 0;
      const run = lookupV6(map.v6, top, bottom);
      sum += scopeV6(map.v6, run, top, bottom);
    }
    return sum;
  });
}

/** Where words of the map begin, in random order. */
function drawPrefixes(steps: PlaceSteps): readonly { readonly high: number; readonly low: number }[] {
  const intervals = listIntervals(steps);
  return Array.from(drawNumbers(), (number) => {
    const { start } = intervals[number % intervals.length] ?? { start: 0n };
    return { high: Number(start >> 32n), low: Number(start & 0xffffffffn) };
  });
}

function drawNumbers(): Uint32Array {
  return crypto.getRandomValues(new Uint32Array(ADDRESSES));
}

function bestNs(work: () => number): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => timeNow(work)[0]);
  return round((Math.min(...rounds) * 1e6) / LOOKUPS);
}

function timeNow<Value>(work: () => Value): readonly [number, Value] {
  const startedMs = performance.now();
  const value = work();
  return [performance.now() - startedMs, value];
}

async function time<Value>(work: () => Promise<Value>): Promise<readonly [number, Value]> {
  const startedMs = performance.now();
  const value = await work();
  return [performance.now() - startedMs, value];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
