import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Copy, isCopyChunkObject, readCopies, splitCopy, zoneOfCopyObject } from '../../../src/model/copies.ts';
import { formatCanonicalJson, joinObjects, readOutline } from '../../../src/model/objects.ts';
import { parseJson } from '../../../src/model/record-chunks.ts';

const ZONE = '0/25.2.0.192.in-addr.arpa';
const HEAD = {
  zone: ZONE,
  serial: 4_294_967_295,
  soa: { mname: 'ns.test.', rname: 'h.test.', refresh: 1, retry: 2, expire: 3, minimum: 4, ttl: 5 },
  ns: ['ns.test.'],
  nsTtl: 300,
  longestTtl: 300,
  primary: '192.0.2.1 port 53',
  obtainedAtMs: 1,
  checkedAtMs: 2,
};

function copyOf(count: number): Copy {
  const records = Array.from({ length: count }, (_, index) => ({
    name: `h${index}`,
    type: 'A',
    ttl: 60,
    data: ['192.0.2.1'],
  }));
  return { head: HEAD, records };
}

const ZONE_OBJECT = [`zones/${ZONE}`, JSON.stringify({ name: ZONE, primaries: [{ address: '192.0.2.1' }] })] as const;
const outlineOf = (texts: ReadonlyMap<string, string>) =>
  readOutline(new Set(texts.keys()), (name) => parseJson(texts.get(name) ?? ''));

describe('copies as objects', () => {
  for (const count of [0, 3, 5000]) {
    test(`${count} records come back as they went in, of a zone with a slash in its name`, () => {
      const copy = copyOf(count);
      const texts = splitCopy(copy, formatCanonicalJson);
      for (const name of texts.keys()) assert.equal(zoneOfCopyObject(name), ZONE);
      assert.deepEqual(readCopies(texts), new Map([[ZONE, copy]]));
    });
  }

  test('a small change of a large copy changes two objects: the head and a chunk', () => {
    const copy = copyOf(5000);
    const records = copy.records.map((record, at) => (at === 2500 ? { ...record, data: ['192.0.2.2'] } : record));
    const before = splitCopy(copy, formatCanonicalJson);
    const after = splitCopy({ head: { ...HEAD, serial: 1 }, records }, formatCanonicalJson);
    assert.equal([...after].filter(([name, text]) => before.get(name) !== text).length, 2);
  });

  test('a configuration names the objects of the copy where the zone has its records', () => {
    const texts = new Map([ZONE_OBJECT, ...splitCopy(copyOf(5000), formatCanonicalJson)]);
    const outline = outlineOf(texts);
    assert.ok(outline.ok);
    const [objects] = outline.value.recordObjects;
    assert.deepEqual(objects?.chunks, [...texts.keys()].filter(isCopyChunkObject));
    assert.equal(objects?.isCopied, true);
    assert.equal(outline.value.copies.get(ZONE)?.serial, HEAD.serial);
  });

  test('the document is what its author wrote, without what was copied', () => {
    for (const count of [3, 5000]) {
      const texts = new Map([ZONE_OBJECT, ...splitCopy(copyOf(count), formatCanonicalJson)]);
      const joined = joinObjects(texts);
      assert.ok(joined.ok);
      assert.deepEqual(joined.value.zones, [JSON.parse(ZONE_OBJECT[1])]);
    }
  });

  test('a copy that is broken or not whole is a problem that names its object', () => {
    const whole = new Map([ZONE_OBJECT, ...splitCopy(copyOf(5000), formatCanonicalJson)]);
    const [chunk = ''] = [...whole.keys()].filter(isCopyChunkObject);
    const without = new Map(whole);
    without.delete(chunk);
    const strange = new Map(whole).set(`copies/${ZONE}`, '{"zone":"other.test"}');
    for (const [texts, message] of [
      [without, /missing/],
      [strange, /cannot be read/],
    ] as const) {
      const outline = outlineOf(texts);
      assert.ok(!outline.ok);
      assert.match(outline.problems[0]?.message ?? '', message);
    }
    assert.deepEqual(readCopies(strange), new Map());
  });
});
