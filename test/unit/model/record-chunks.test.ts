import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileShape } from '../../../src/model/check-shape.ts';
import { joinObjects, splitObjects } from '../../../src/model/objects.ts';
import { isRecordDocument } from '../../../src/model/parse-record.ts';
import { cutChunks, WHOLE_ZONE_RECORDS } from '../../../src/model/record-chunks.ts';
import { type RecordDocument, RecordSchema } from '../../../src/model/zone.ts';
import { createDocument } from './fixtures.ts';

function recordsOf(count: number): RecordDocument[] {
  return Array.from({ length: count }, (_, index) => ({ name: `host-${index}`, type: 'A', data: ['192.0.2.1'] }));
}

function documentWith(records: RecordDocument[]) {
  const document = createDocument();
  const [zone] = document.zones;
  assert.ok(zone);
  return { ...document, zones: [{ ...zone, records }] };
}

/** The objects that are different, or new. */
function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const known = new Set(before.values());
  return [...after].filter(([, text]) => !known.has(text)).map(([name]) => name);
}

describe('the records of a large zone', () => {
  it('stand in chunks, which together are the records in their order', () => {
    const records = recordsOf(20_000);
    const chunks = cutChunks(records);
    assert.deepEqual(chunks.flat(), records);
    assert.ok(chunks.length > 10 && chunks.length < 100, `${chunks.length} chunks`);
    const document = documentWith(records);
    assert.deepEqual(joinObjects(splitObjects(document)), { ok: true, value: document });
  });

  it('stand in chunks of bounded size, whatever the records are', () => {
    const alike = Array.from({ length: 20_000 }, () => ({ name: 'a', type: 'A', data: ['192.0.2.1'] }));
    const ending = recordsOf(20_000).find((record) => cutChunks(Array(1000).fill(record)).length > 1);
    assert.ok(ending);
    assert.deepEqual(
      cutChunks(alike).map(({ length }) => length),
      [8192, 8192, 3616],
    );
    assert.deepEqual(
      cutChunks(Array(300).fill(ending)).map(({ length }) => length),
      [128, 128, 44],
    );
  });

  it('stay in the zone’s own object while there are few', () => {
    const count = (records: number) => splitObjects(documentWith(recordsOf(records))).size;
    assert.equal(count(WHOLE_ZONE_RECORDS), count(1));
    assert.ok(count(WHOLE_ZONE_RECORDS + 1) > count(1));
  });

  it('keep all chunks but one or two when a record is changed, put in, or taken out', () => {
    const records = recordsOf(20_000);
    const before = splitObjects(documentWith(records));
    const other = { name: 'other', type: 'TXT', data: ['x'] };
    const edits = {
      change: records.with(9000, { ...(records[9000] ?? other), data: ['192.0.2.9'] }),
      putIn: records.toSpliced(9000, 0, other),
      takeOut: records.toSpliced(9000, 1),
    };
    for (const [edit, list] of Object.entries(edits)) {
      const names = changed(before, splitObjects(documentWith(list)));
      assert.ok(names.length >= 1 && names.length <= 2, `${edit}: ${names.join(', ')}`);
    }
  });

  it('are refused when a chunk is missing or broken, and by whoever does not know of chunks', () => {
    const objects = splitObjects(documentWith(recordsOf(3000)));
    const chunk = [...objects.keys()].find((name) => name.startsWith('records/')) ?? '';
    const without = new Map(objects);
    without.delete(chunk);
    const missing = joinObjects(without);
    assert.ok(!missing.ok && missing.problems[0]?.path === `/${chunk.replaceAll('/', '~1')}`);
    assert.equal(joinObjects(new Map(objects).set(chunk, '[')).ok, false);
    const zone = [...objects].find(([name]) => name.startsWith('zones/'))?.[1] ?? '';
    assert.match(zone, /"recordChunks":\d+/);
  });

  it('are refused when their number is none: a zone is never served without its records', () => {
    const objects = splitObjects(documentWith(recordsOf(3000)));
    const [name, zone] = [...objects].find(([each]) => each.startsWith('zones/')) ?? ['', ''];
    for (const count of ['"3"', '[1]', 'null', '-1', '0', '1.5', '1e9']) {
      const joined = joinObjects(new Map(objects).set(name, zone.replace(/(?<="recordChunks":)\d+/, count)));
      const paths = joined.ok ? [] : joined.problems.map(({ path }) => path);
      assert.deepEqual(paths, [`/${name.replaceAll('/', '~1')}/recordChunks`], count);
    }
  });
});

describe('isRecordDocument', () => {
  it('accepts what the schema accepts', () => {
    const { accepts } = compileShape(RecordSchema);
    const key = fc.constantFrom('name', 'type', 'ttl', 'data', 'extra');
    const text = fc.oneof(
      fc.constantFrom('', 'a', 'A', 'TYPE65280', '1a', 'A_', 'x'.repeat(33), 'x'.repeat(1021), '🙂'.repeat(1020)),
      fc.string(),
    );
    const value = fc.oneof(
      text,
      fc.constantFrom(0, -1, 300, 1.5, null, true, undefined),
      fc.array(fc.oneof(text, fc.integer()), { maxLength: 3 }),
    );
    const near = fc.record({
      name: text,
      type: fc.constantFrom('A', 'mx', '1a', ''),
      data: fc.array(text, { maxLength: 3 }),
    });
    const any = fc.oneof(
      near,
      fc.tuple(near, key, value).map(([record, name, item]) => ({ ...record, [name]: item })),
      fc
        .tuple(near, key)
        .map(([record, name]) => Object.fromEntries(Object.entries(record).filter(([k]) => k !== name))),
      value,
    );
    fc.assert(
      fc.property(any, (item) => {
        assert.equal(isRecordDocument(item), accepts(item), JSON.stringify(item));
      }),
      { numRuns: 3000 },
    );
  });
});
