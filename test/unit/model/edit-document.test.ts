import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  deleteItem,
  deleteRecord,
  findItem,
  findRecord,
  keyOfItem,
  keyOfRecord,
  listItems,
  normalizeKey,
  putItem,
  putRecord,
  recordKeyIn,
} from '../../../src/model/edit-document.ts';

const ZONE = {
  name: 'Example.COM.',
  ns: ['ns1'],
  records: [
    { name: 'www', type: 'A', data: ['192.0.2.1'] },
    { name: '@', type: 'MX', data: ['10 mail'] },
  ],
};
const DOCUMENT = {
  zones: [ZONE],
  regions: [{ id: 'eu' }, { id: 'us' }],
  services: [{ name: 'www', zone: 'Example.com', clusters: ['c'] }],
  overrides: [{ kind: 'endpoints', id: 'c/a', state: 'drain' }],
};

describe('editing a document', () => {
  test('items are found by their keys, names in whatever way they are written', () => {
    assert.equal(findItem(DOCUMENT, 'regions', 'us')?.index, 1);
    assert.equal(findItem(DOCUMENT, 'zones', 'example.com')?.item, ZONE);
    assert.equal(findItem(DOCUMENT, 'zones', normalizeKey('zones', 'EXAMPLE.com.'))?.item, ZONE);
    assert.equal(findItem(DOCUMENT, 'services', 'www.example.com')?.index, 0);
    assert.equal(findItem(DOCUMENT, 'overrides', 'endpoints/c/a')?.index, 0);
    assert.equal(findItem(DOCUMENT, 'regions', 'asia'), undefined);
    assert.equal(findItem(DOCUMENT, 'clusters', 'c'), undefined);
  });

  test('an item without a key has none', () => {
    assert.equal(keyOfItem('regions', { name: 'x' }), undefined);
    assert.equal(keyOfItem('services', { name: 'www' }), undefined);
    assert.equal(keyOfItem('zones', { name: 7 }), undefined);
  });

  test('a put replaces in place or adds at the end, and leaves the document before as it was', () => {
    const replaced = putItem(DOCUMENT, 'regions', 'eu', { id: 'eu', bias: 5 });
    assert.deepEqual(replaced['regions'], [{ id: 'eu', bias: 5 }, { id: 'us' }]);
    const added = putItem(DOCUMENT, 'clusters', 'c', { id: 'c' });
    assert.deepEqual(added['clusters'], [{ id: 'c' }]);
    assert.equal(added['zones'], DOCUMENT.zones);
    assert.deepEqual(DOCUMENT.regions, [{ id: 'eu' }, { id: 'us' }]);
  });

  test('a delete takes one item away; a list that it empties is left out', () => {
    assert.deepEqual(listItems(deleteItem(DOCUMENT, 'regions', 'eu'), 'regions'), [{ id: 'us' }]);
    assert.equal('overrides' in deleteItem(DOCUMENT, 'overrides', 'endpoints/c/a'), false);
    assert.deepEqual(deleteItem(DOCUMENT, 'zones', 'example.com')['zones'], []);
    assert.equal(deleteItem(DOCUMENT, 'regions', 'asia'), DOCUMENT);
  });

  test('records are found by full name and type, whatever the way in which they are written', () => {
    for (const name of ['@', 'example.com', 'EXAMPLE.com.']) {
      assert.equal(keyOfRecord('example.com', name, 'mx'), 'example.com/MX');
    }
    assert.equal(findRecord(ZONE, 'www.example.com/A')?.index, 0);
    assert.equal(findRecord(ZONE, 'www.example.com/AAAA'), undefined);
    assert.equal(keyOfRecord('example.com', 'two..dots', 'A'), undefined);
  });

  test('finding a record by its texts agrees with the keys of all records', () => {
    const names = [
      '@',
      'www',
      'WWW.',
      'www.example.com',
      'Example.com.',
      'a.b',
      'com',
      'x.example.com.',
      'example.com.com',
      '\\097',
      'a\\.',
      'A\\.b',
      '\\119ww.example.com',
      'b\\.c.example.com.',
      'x\\.example.com',
    ];
    for (const zoneName of ['example.com', 'com']) {
      const records = names.map((name) => ({ name, type: 'a', data: [] }));
      const zone = { name: zoneName, records };
      for (const record of records) {
        const key = recordKeyIn(zone)(record) ?? '';
        const first = records.findIndex((each) => recordKeyIn(zone)(each) === key);
        assert.equal(findRecord(zone, key)?.index, first, `${record.name} in ${zoneName}`);
      }
    }
  });

  test('records are put and deleted without touching their neighbours', () => {
    const record = { name: 'www', type: 'A', data: ['192.0.2.9'] };
    const { zone, index } = putRecord(ZONE, 'www.example.com/A', record);
    assert.equal(index, 0);
    assert.equal(putRecord(ZONE, 'new.example.com/A', record).index, 2);
    assert.deepEqual(zone['records'], [record, ZONE.records[1]]);
    assert.deepEqual(deleteRecord(zone, 'www.example.com/A')['records'], [ZONE.records[1]]);
    assert.equal(deleteRecord(zone, 'nope.example.com/A'), zone);
  });
});
