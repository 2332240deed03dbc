import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { writeCachedMap } from '../../../src/databases/map-cache.ts';
import { emptyPlaceMap } from '../../../src/geo/place-map.ts';
import { imageBytes, shapeOf, viewPlaceMap } from '../../../src/geo/place-map-image.ts';
import { holdPlaceMap, PlaceMapLostError } from '../../../src/roles/held-place-map.ts';
import { openDirectory } from './fixture.ts';

const HELD_MS = 100;

/** A map in one piece of memory, as those that are built. */
function makeMap() {
  const shape = shapeOf(emptyPlaceMap());
  return viewPlaceMap(new SharedArrayBuffer(imageBytes(shape)), shape);
}

async function open(context: TestContext) {
  const cacheDirectory = join(await openDirectory(context), 'cache');
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let letGo = 0;
  const map = makeMap();
  const held = holdPlaceMap(map, { fingerprint: 'f', cacheDirectory }, () => letGo++, HELD_MS);
  return { map, held, cacheDirectory, tick: (ms: number) => context.mock.timers.tick(ms), letGo: () => letGo };
}

describe('the map of clients that the compile thread holds', () => {
  test('is let go a while after it was read last, and read back when it is needed again', async (context) => {
    const { map, held, cacheDirectory, tick, letGo } = await open(context);
    writeCachedMap(cacheDirectory, 'f', map);
    tick(HELD_MS - 1);
    assert.equal(held.read(), map);
    tick(HELD_MS - 1);
    assert.equal(letGo(), 0, 'reading it has put that off');
    tick(1);
    assert.equal(letGo(), 1);
    const again = held.read();
    assert.notEqual(again, map);
    assert.deepEqual(shapeOf(again), shapeOf(map));
  });

  test('stays in memory where the disk did not take it', async (context) => {
    const { map, held, tick, letGo } = await open(context);
    tick(10 * HELD_MS);
    assert.equal(letGo(), 0);
    assert.equal(held.read(), map);
  });

  test('is lost when its file is gone by the time that it is needed', async (context) => {
    const { map, held, cacheDirectory, tick } = await open(context);
    writeCachedMap(cacheDirectory, 'f', map);
    tick(HELD_MS);
    rmSync(cacheDirectory, { recursive: true });
    assert.throws(() => held.read(), PlaceMapLostError);
  });
});
