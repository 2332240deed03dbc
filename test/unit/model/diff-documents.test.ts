import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diffDocuments, isEqual, MAX_CHANGES } from '../../../src/model/diff-documents.ts';

const ZONE = { name: 'example.com', ns: ['ns1'], records: [{ name: 'www', type: 'A', data: ['192.0.2.1'] }] };

describe('the difference of two documents', () => {
  test('names what was added, changed and removed, and where an item differs', () => {
    const before = { regions: [{ id: 'eu', location: { latitude: 1, longitude: 2 } }, { id: 'us' }] };
    const after = { regions: [{ id: 'asia' }, { id: 'eu', location: { latitude: 1, longitude: 3 }, bias: 2 }] };
    assert.deepEqual(diffDocuments(before, after), [
      { change: 'changed', item: 'regions/eu', fields: ['/location/longitude', '/bias'] },
      { change: 'removed', item: 'regions/us' },
      { change: 'added', item: 'regions/asia' },
    ]);
  });

  test('takes the head of a zone and each of its records apart', () => {
    const records = [
      { name: 'www', type: 'A', data: ['192.0.2.2'] },
      { name: 'mail', type: 'A', data: ['192.0.2.3'] },
    ];
    assert.deepEqual(diffDocuments({ zones: [ZONE] }, { zones: [{ ...ZONE, ns: ['ns2'], records }] }), [
      { change: 'changed', item: 'zones/example.com', fields: ['/ns'] },
      { change: 'changed', item: 'zones/example.com/records/www.example.com/A', fields: ['/data'] },
      { change: 'added', item: 'zones/example.com/records/mail.example.com/A' },
    ]);
  });

  test('is nothing when only the order of keys or of items differs', () => {
    const before = { regions: [{ id: 'eu', bias: 1 }, { id: 'us' }] };
    assert.deepEqual(diffDocuments(before, { regions: [{ id: 'us' }, { bias: 1, id: 'eu' }] }), []);
  });

  test('lists no more than its limit', () => {
    const regions = Array.from({ length: MAX_CHANGES + 5 }, (_, index) => ({ id: `r${index}` }));
    assert.equal(diffDocuments({}, { regions }).length, MAX_CHANGES);
  });

  test('equality looks into lists and mappings, and takes a key without a value for none', () => {
    assert.equal(isEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }], c: undefined }), true);
    assert.equal(isEqual({ a: [1, 2] }, { a: [2, 1] }), false);
    assert.equal(isEqual({ a: null }, {}), false);
    assert.equal(isEqual([], {}), false);
  });
});
