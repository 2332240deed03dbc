import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  nameRankMap,
  RANKING_CODE,
  readCachedRankMap,
  writeCachedRankMap,
} from '../../../src/databases/rank-map-cache.ts';
import { compileRanking } from '../../../src/steering/rank.ts';
import type { Ranking } from '../../../src/steering/ranking.ts';
import { placeMapOf, WORLD } from '../../support/snapshot-fixture.ts';

const ranking: Ranking = {
  candidates: [
    { latitude: 53.35, longitude: -6.26, bias: 0 },
    { latitude: 39.04, longitude: -77.49, bias: 0 },
    { latitude: 35.6, longitude: 139.7, bias: 0 },
  ],
  rules: [{ kind: 'proximity', tolerance: 0 }],
};
const map = compileRanking(placeMapOf(WORLD), ranking);

describe('compiled rankings on disk', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'azimuth-rank-cache-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('come back as they were', () => {
    const name = nameRankMap('database', 'ranking');
    writeCachedRankMap(directory, name, map);
    assert.deepEqual(readCachedRankMap(directory, name), map);
  });

  it('are found only for the same database and the same ranking', () => {
    const names = [nameRankMap('a', 'r'), nameRankMap('b', 'r'), nameRankMap('a', 's'), nameRankMap('ar', '')];
    assert.equal(new Set(names).size, names.length);
    assert.equal(readCachedRankMap(directory, names[0] ?? ''), undefined);
  });

  it('are found only for the code that made them, all of it', () => {
    const cache = new URL('../../../src/databases/rank-map-cache.ts', import.meta.url);
    const named = new Set(RANKING_CODE.map((path) => new URL(path, cache).href));
    const missing = importsBelow(new URL('../steering/rank.ts', cache)).filter((url) => !named.has(url));
    assert.deepEqual(missing, []);
  });

  it('count as not there when any bit of them is wrong, or their end is missing', () => {
    const name = nameRankMap('database', 'ranking');
    writeCachedRankMap(directory, name, map);
    const path = join(directory, name);
    const whole = readFileSync(path);
    for (const at of [0, 9, 13, 40, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      writeFileSync(path, damaged);
      assert.equal(readCachedRankMap(directory, name), undefined, `byte ${at}`);
    }
    writeFileSync(path, whole.subarray(0, whole.length - 2));
    assert.equal(readCachedRankMap(directory, name), undefined);
    writeFileSync(path, whole);
    assert.ok(readCachedRankMap(directory, name));
  });

  it('do not fill the disk: the ones that were used last are kept', () => {
    for (let index = 0; index < 20; index++) writeCachedRankMap(directory, nameRankMap('database', `${index}`), map);
    assert.equal(readdirSync(directory).length, 16);
    assert.ok(readCachedRankMap(directory, nameRankMap('database', '19')));
  });
});

/** Every file whose code, and not only whose types, a file needs. */
function importsBelow(root: URL): readonly string[] {
  const found = new Set([root.href]);
  for (const url of found) {
    const source = readFileSync(new URL(url), 'utf8');
    for (const [, names = '', path = ''] of source.matchAll(/^import ([^;]*?) from '(\.[^']*)';/gms)) {
      if (isOfTypes(names)) continue;
      found.add(new URL(path, url).href);
    }
  }
  return [...found];
}

function isOfTypes(names: string): boolean {
  const each = names
    .replace(/[{}]/g, '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return names.startsWith('type ') || each.every((name) => name.startsWith('type '));
}
