import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { type BuildNews, createBuildStreamReader, encodeLine } from '../../../src/databases/build-stream.ts';
import type { PlaceMap } from '../../../src/geo/place-map.ts';
import { imageBytes, shapeOf } from '../../../src/geo/place-map-image.ts';
import { placeMapOf, WORLD } from '../../support/snapshot-fixture.ts';

const sent = placeMapOf(WORLD);

function encodeMap(map: PlaceMap, sum?: number): Buffer {
  const image = Buffer.from(new Uint8Array(map.v4.words.buffer));
  const [head, tail] = [
    encodeLine({ kind: 'map', shape: shapeOf(map) }),
    encodeLine({ kind: 'whole', crc32: sum ?? crc32(image) }),
  ];
  return Buffer.concat([Buffer.from(head), image, Buffer.from(tail)]);
}

function readAll(bytes: Uint8Array, chunkBytes = bytes.length): readonly BuildNews[] {
  const reader = createBuildStreamReader();
  const news: BuildNews[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) news.push(...reader.read(bytes.subarray(at, at + chunkBytes)));
  return news;
}

function nonsenseOf(text: string): string {
  const [news, ...more] = readAll(Buffer.from(text));
  assert.equal(news?.kind, 'nonsense', text);
  assert.deepEqual(more, []);
  return news.message;
}

describe('what the process that builds the map says', () => {
  test('is read in pieces of any size, and the map comes as it was sent', () => {
    const before = encodeLine({ kind: 'progress', message: 'Zürich\n' });
    const after = encodeLine({ kind: 'not-kept', message: 'full' });
    const bytes = Buffer.concat([Buffer.from(before), encodeMap(sent), Buffer.from(after)]);
    for (const chunkBytes of [1, 2, 7, 100, bytes.length]) {
      const [progress, map, failed, ...more] = readAll(bytes, chunkBytes);
      assert.deepEqual(progress, { kind: 'progress', message: 'Zürich\n' });
      assert.deepEqual(map, { kind: 'map', map: sent });
      assert.ok(map?.kind === 'map' && map.map.v4.words.buffer instanceof SharedArrayBuffer);
      assert.deepEqual(failed, { kind: 'not-kept', message: 'full' });
      assert.deepEqual(more, []);
    }
  });

  test('is a map only when all of it has come', () => {
    const bytes = encodeMap(sent);
    const end = bytes.lastIndexOf('{');
    assert.deepEqual(readAll(bytes.subarray(0, end)), []);
    assert.deepEqual(readAll(bytes.subarray(0, end - 1)), []);
  });

  test('is no map when a bit of it is another one on arrival', () => {
    const bytes = encodeMap(sent);
    const start = bytes.indexOf('\n') + 1;
    bytes[start + 5] = (bytes[start + 5] ?? 0) ^ 16;
    assert.deepEqual(readAll(bytes), [{ kind: 'nonsense', message: 'the map has come damaged' }]);
  });

  test('is nonsense when it is anything else, and nothing that follows counts', () => {
    assert.equal(
      nonsenseOf('Segmentation fault\n{"kind":"progress","message":"on"}\n'),
      'it said "Segmentation fault"',
    );
    for (const line of ['', '7', 'null', '[]', '{}', '{"kind":"whole","crc32":0}', '{"kind":"progress"}']) {
      assert.match(nonsenseOf(`${line}\n`), /^it said/);
    }
    assert.match(nonsenseOf(`${'\0'.repeat(1000)}\n`), /^it said .{1,500}$/);
  });

  test('is nonsense when no map can have the shape that it tells', () => {
    const shape = shapeOf(sent);
    const wrong = [
      { ...shape, places: -1 },
      { ...shape, wordsV4: 1.5 },
      { ...shape, wordsV6: 2 ** 40 },
      { ...shape, countries: [7] },
      { ...shape, subdivisions: undefined },
    ];
    for (const value of wrong)
      assert.match(nonsenseOf(`${JSON.stringify({ kind: 'map', shape: value })}\n`), /^it said/);
  });

  test('is nonsense when a line does not end, which is not waited for', () => {
    const reader = createBuildStreamReader();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    let chunks = 0;
    while (reader.read(chunk).length === 0) assert.ok(++chunks < 100);
  });

  test('is nonsense when a second map follows the first', () => {
    const news = readAll(Buffer.concat([encodeMap(sent), encodeMap(sent)]));
    assert.deepEqual(
      news.map(({ kind }) => kind),
      ['map', 'nonsense'],
    );
  });

  test('may be a map of no bytes but those that it says', () => {
    const shape = { wordsV4: 0, wordsV6: 0, places: 0, countries: [], subdivisions: [] };
    assert.equal(imageBytes(shape), 0);
    const lines = [encodeLine({ kind: 'map', shape }), encodeLine({ kind: 'whole', crc32: 0 })];
    assert.deepEqual(
      readAll(Buffer.from(lines.join(''))).map(({ kind }) => kind),
      ['map'],
    );
  });
});
