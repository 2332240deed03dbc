import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash32, hash52 } from '../../../src/health/hash.ts';

test('stays the same for ever, since ids and the split of work are made of it', () => {
  assert.equal(hash32(''), 2872998923);
  assert.equal(hash52('web-eu/a'), 1877473910413992);
});

test('spreads similar texts evenly', () => {
  const buckets = new Uint32Array(16);
  const count = 16_000;
  for (let index = 0; index < count; index++) {
    const bucket = hash32(`web-eu/e${index}`) >>> 28;
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const bucket of buckets) assert.ok(Math.abs(bucket - count / 16) < count / 16 / 5, `${bucket} of ${count / 16}`);
});

test('finds no two alike among 100,000 texts in 52 bits', () => {
  const seen = new Set(Array.from({ length: 100_000 }, (_, index) => hash52(`c${index % 317}/e${index}`)));
  assert.equal(seen.size, 100_000);
  for (const hash of seen) assert.ok(Number.isSafeInteger(hash) && hash < 2 ** 52);
});
