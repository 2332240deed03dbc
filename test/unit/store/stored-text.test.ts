// The texts that stores keep, read back as the foreign input that they are: manifests, load reports, addresses, hashes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashObject } from '../../../src/store/hash-object.ts';
import { composeHint, MAX_HINT_LENGTH, parseHint } from '../../../src/store/hint-text.ts';
import { composeLoadReport, parseStoredLoadReport } from '../../../src/store/load-report-text.ts';
import { composeManifest, parseManifest } from '../../../src/store/manifest-text.ts';
import { createStoreError, isStoreError, STORE_ERRORS } from '../../../src/store/store-error.ts';
import { makeRevision } from '../../support/store-contract.ts';

test('an object is named by the SHA-256 of its UTF-8 text (FIPS 180-4, the example "abc")', () => {
  assert.equal(hashObject('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.notEqual(hashObject('é'), hashObject('e\u0301'));
});

test('a manifest is the same text whatever the order of its objects, and comes back as it was', () => {
  const { manifest } = makeRevision(2, 1, { a: '1', b: '2' });
  const { a = '', b = '' } = manifest.objects;
  assert.equal(
    composeManifest({ ...manifest, objects: { b, a } }),
    composeManifest({ ...manifest, objects: { a, b } }),
  );
  assert.deepEqual(parseManifest(composeManifest(manifest)), manifest);
  assert.ok(!composeManifest({ ...manifest, message: 'two\nlines' }).includes('\n'));
});

test('what is no manifest is undefined, field by field, and never throws', () => {
  const { manifest } = makeRevision(1, null, { a: '1' });
  const faults = [
    { id: { generation: 1, number: -1 } },
    { id: { generation: 1.5, number: 1 } },
    { id: 'x' },
    { parent: 5 },
    { author: 5 },
    { message: null },
    { createdAtMs: 'now' },
    { objects: { a: 'ABC' } },
    { objects: [] },
  ];
  for (const fault of faults) {
    assert.equal(parseManifest(JSON.stringify({ ...manifest, ...fault })), undefined, JSON.stringify(fault));
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseManifest(text) === undefined));
});

test('an object may be called __proto__ and does no harm', () => {
  const text = `{"id":{"generation":1,"number":1},"parent":null,"author":"","message":"","createdAtMs":0,"objects":{"__proto__":"${hashObject('')}"}}`;
  const manifest = parseManifest(text);
  assert.ok(manifest && Object.hasOwn(manifest.objects, '__proto__'));
  assert.equal(composeManifest(manifest), text);
});

test('a load report comes back with its sequence, and impossible quantities are left out', () => {
  const report = { subject: 'web-eu/a', connections: 3, capacity: 10, utilisation: 0.25 };
  assert.deepEqual(parseStoredLoadReport(`17 ${composeLoadReport(report)}`), { ...report, sequence: 17 });
  assert.deepEqual(parseStoredLoadReport('17 {"subject":"a","connections":-1,"capacity":"9","utilisation":null}'), {
    subject: 'a',
    sequence: 17,
  });
  for (const junk of ['', '17', '17 {', '17 {"subject":5}', 'x {"subject":"a"}', '17 []']) {
    assert.equal(parseStoredLoadReport(junk), undefined, junk);
  }
});

test('an error of the store has a code, advice and its cause', () => {
  const cause = new Error('ECONNREFUSED');
  const error = createStoreError('STORE_UNAVAILABLE', 'no connection', cause);
  assert.equal(error.advice, STORE_ERRORS.STORE_UNAVAILABLE);
  assert.equal(error.cause, cause);
  assert.ok(isStoreError(error) && !isStoreError(cause) && !isStoreError('STORE_UNAVAILABLE'));
});

test('a hint comes back as it was, of the longest name too', () => {
  const label = '\\000'.repeat(63);
  const longest = [label, label, label, label.slice(0, 4 * 61)].join('.');
  for (const zone of ['copy.test', 'a\\.b.test', longest]) {
    for (const address of ['192.0.2.1', '2001:db8::1']) {
      const text = composeHint({ zone, address });
      assert.ok(text.length <= MAX_HINT_LENGTH);
      assert.deepEqual(parseHint(text), { zone, address });
    }
  }
});

test('what is no hint is undefined, and never throws', () => {
  const hint = { zone: 'copy.test', address: '192.0.2.1' };
  const faults: unknown[] = [
    { ...hint, zone: 'Copy.test' },
    { ...hint, zone: 'copy.test.' },
    { ...hint, zone: '' },
    { ...hint, zone: 'a..b' },
    { ...hint, zone: 5 },
    { ...hint, address: '2001:DB8::1' },
    { ...hint, address: '192.0.2.1/32' },
    { ...hint, address: 'host.test' },
    { ...hint, address: null },
    { ...hint, more: 1 },
    { zone: hint.zone },
    [hint.zone, hint.address],
    null,
    7,
  ];
  assert.deepEqual(parseHint(JSON.stringify(hint)), hint);
  for (const fault of faults) assert.equal(parseHint(JSON.stringify(fault)), undefined, JSON.stringify(fault));
  assert.equal(parseHint(`${JSON.stringify(hint)}${' '.repeat(MAX_HINT_LENGTH)}`), undefined);
  fc.assert(fc.property(fc.string(), (text) => parseHint(text) === undefined));
});
