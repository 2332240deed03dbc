import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '../../../src/model/configuration.ts';
import { compileSnapshot, createRankMapCache } from '../../../src/snapshot/compile-snapshot.ts';
import { createKeptTables } from '../../../src/snapshot/kept-tables.ts';
import { type PartCache, readParts, type StatedRecords } from '../../../src/snapshot/part-cache.ts';
import { encodeName } from '../../support/dns-client.ts';
import { createFixture, placeMapOf } from '../../support/snapshot-fixture.ts';

const { configuration: base } = createFixture({
  zones: ['a.example', 'b.example'].map((name) => ({ name, ns: ['ns1.elsewhere.example'] })),
  clusters: [{ id: 'eu', region: 'eu-west', endpoints: [{ id: 'a', address: '198.51.100.1' }] }],
  services: [{ name: 'www', zone: 'b.example', clusters: ['eu'] }],
});

const one = JSON.stringify([{ name: 'one', type: 'A', data: ['192.0.2.1'] }]);
const two = JSON.stringify([{ name: 'two', type: 'A', data: ['192.0.2.2'] }]);
const bad = JSON.stringify([
  { name: 'x', type: 'A', data: ['192.0.2.2'] },
  { name: 'y', type: 'A', data: ['no address'] },
  { name: 'z', kind: 'A' },
]);
const TEXTS = new Map(Object.entries({ one, two, bad, broken: '{' }));

const stated = (a: readonly string[], b: readonly string[]): StatedRecords[] => [
  { zone: 'a.example', hashes: a },
  { zone: 'b.example', hashes: b },
];

function open() {
  const parts: PartCache = new Map();
  const kept = createKeptTables();
  const cache = createRankMapCache(() => placeMapOf([]));
  return (records: StatedRecords[], configuration: Configuration = base, serial = 1, texts = TEXTS) =>
    compileSnapshot({ configuration, records: readParts(records, texts, parts), serial }, cache, kept);
}

function imagesOf(compiled: ReturnType<ReturnType<typeof open>>) {
  assert.ok(compiled.ok);
  return compiled.value.snapshot.zones.images;
}

describe('what is kept from one snapshot to the next', () => {
  it('is every zone of which nothing changed, whatever else did', () => {
    const compile = open();
    const first = imagesOf(compile(stated(['one'], ['two'])));
    const second = imagesOf(compile(stated(['one'], ['two', 'one']), base, 2));
    assert.equal(second[0], first[0]);
    assert.notEqual(second[1], first[1]);
    const again = imagesOf(compile(stated(['one'], ['two', 'one']), structuredClone(base), 3));
    assert.deepEqual([again[0] === second[0], again[1] === second[1]], [true, true]);
  });

  it('is not a zone whose head or whose services changed', () => {
    const compile = open();
    const first = imagesOf(compile(stated(['one'], ['two'])));
    const [a, b] = base.zones;
    assert.ok(a && b);
    const retimed = { ...base, zones: [{ ...a, nsTtlSeconds: 1 }, b] };
    const second = imagesOf(compile(stated(['one'], ['two']), retimed));
    assert.deepEqual([second[0] === first[0], second[1] === first[1]], [false, true]);
    const third = imagesOf(compile(stated(['one'], ['two']), { ...retimed, services: [] }));
    assert.deepEqual([third[0] === second[0], third[1] === second[1]], [true, false]);
  });

  it('is never the records of one zone for another, though the text be the same', () => {
    const relative = JSON.stringify([{ name: 'www', type: 'CNAME', data: ['one'] }]);
    const compile = open();
    const [a, b] = imagesOf(
      compile(stated(['relative'], ['relative']), { ...base, services: [] }, 1, new Map([['relative', relative]])),
    );
    assert.ok(a && b);
    for (const [image, target] of [[a, 'one.a.example.'] as const, [b, 'one.b.example.'] as const]) {
      assert.ok(Buffer.from(image.bytes).includes(Buffer.from(encodeName(target))), target);
    }
  });

  it('is only what the last snapshot needed', () => {
    const parts: PartCache = new Map();
    readParts(stated(['one'], ['two']), TEXTS, parts);
    readParts(stated(['one'], ['one']), TEXTS, parts);
    assert.equal(parts.size, 2);
  });

  it('is the parts that were read: their texts are not needed again', () => {
    const compile = open();
    const first = imagesOf(compile(stated(['one'], ['one'])));
    const second = imagesOf(compile(stated(['one'], ['one']), base, 2, new Map()));
    assert.equal(second[1], first[1]);
    assert.throws(() => compile(stated(['two'], ['one']), base, 2, new Map()), /neither given nor kept/);
  });

  it('survives a revision that is refused, of which every problem is told with its place in the document', () => {
    const compile = open();
    const first = imagesOf(compile(stated(['one'], ['two'])));
    const refused = compile(stated(['one', 'bad'], ['broken']));
    assert.ok(!refused.ok);
    assert.deepEqual(
      refused.problems.map(({ path }) => path),
      ['/zones/0/records/3', '/zones/0/records/2/data/0', '/zones/1/records'],
    );
    const after = imagesOf(compile(stated(['one'], ['two'])));
    assert.equal(after.length, first.length);
  });

  it('tells problems of later parts by their place in the whole list, whatever was faulty before', () => {
    const compile = open();
    const late = JSON.stringify([{ name: 'late', type: 'A', data: ['no address'] }]);
    const alias = JSON.stringify([{ name: 'one', type: 'CNAME', data: ['two'] }]);
    const texts = new Map([...TEXTS, ['late', late], ['alias', alias]]);
    const pathsOf = (hashes: readonly string[]) => {
      const refused = compile(stated(hashes, []), { ...base, services: [] }, 1, texts);
      return refused.ok ? [] : refused.problems.map(({ path }) => path);
    };
    assert.deepEqual(pathsOf(['bad', 'late']), [
      '/zones/0/records/2',
      '/zones/0/records/1/data/0',
      '/zones/0/records/3/data/0',
    ]);
    assert.deepEqual(pathsOf(['two', 'one', 'alias']), ['/zones/0/records/2']);
  });
});
