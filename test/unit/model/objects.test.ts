import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatCanonicalJson, joinObjects, splitObjects } from '../../../src/model/objects.ts';
import { createDocument } from './fixtures.ts';

describe('splitObjects and joinObjects', () => {
  it('give the document back as it was written', () => {
    const document = createDocument();
    assert.deepEqual(joinObjects(splitObjects(document)), { ok: true, value: document });
    assert.deepEqual(joinObjects(splitObjects({ zones: [], regions: [] })), {
      ok: true,
      value: { zones: [], regions: [] },
    });
  });

  it('keep each zone in an object of its own, named after it in lower case', () => {
    const [zone] = createDocument().zones;
    assert.ok(zone);
    const objects = splitObjects({
      zones: [
        { ...zone, name: 'B.example.' },
        { ...zone, name: 'a.example' },
      ],
    });
    assert.deepEqual([...objects.keys()], ['zones/b.example', 'zones/a.example']);
    const joined = joinObjects(objects);
    assert.deepEqual(joined.ok && joined.value.zones.map(({ name }) => name), ['B.example.', 'a.example']);
  });

  it('change one object when one region changes', () => {
    const before = splitObjects(createDocument());
    const document = createDocument();
    document.regions?.reverse();
    const after = splitObjects(document);
    const changed = [...after].filter(([name, text]) => before.get(name) !== text).map(([name]) => name);
    assert.deepEqual(changed, ['regions']);
  });

  it('pass over objects that are no part of a configuration', () => {
    const joined = joinObjects(
      new Map([
        ['tokens', '[]'],
        ['zones', '[]'],
      ]),
    );
    assert.deepEqual(joined, { ok: true, value: { zones: [] } });
  });

  it('answer a damaged object with a problem that names it', () => {
    const joined = joinObjects(
      new Map([
        ['regions', '[{'],
        ['zones/a', ''],
      ]),
    );
    assert.deepEqual(!joined.ok && joined.problems.map(({ path }) => path), ['/regions', '/zones~1a']);
    const misshapen = joinObjects(new Map([['regions', '[{"id":"x"}]']]));
    assert.deepEqual(!misshapen.ok && misshapen.problems.map(({ path }) => path), ['/regions/0/location']);
  });
});

describe('formatCanonicalJson', () => {
  it('is the same text for the same value, whatever the order of its keys', () => {
    assert.equal(formatCanonicalJson({ b: [2, 1], a: { d: null, c: 'é' } }), '{"a":{"c":"é","d":null},"b":[2,1]}');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        assert.equal(formatCanonicalJson(value), formatCanonicalJson(reversed));
        assert.equal(formatCanonicalJson(JSON.parse(formatCanonicalJson(value))), formatCanonicalJson(value));
      }),
    );
  });
});
