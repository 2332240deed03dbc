import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeTimes, mean, median, medianRatio, percentile, round } from '../../bench/figures.ts';

describe('figures of the bench', () => {
  test('the median of an even number of values lies between the middle two', () => {
    assert.equal(median([4, 1, 3]), 3);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  test('a ratio is taken in each round before the median, so that a slow round does not tilt it', () => {
    // The machine was ten times slower in the second round, for both.
    assert.equal(medianRatio([4, 40, 5], [5, 50, 4]), 0.8);
    assert.notEqual(median([4, 40, 5]) / median([5, 50, 4]), 0.8);
  });

  test('rounds that only one of the two has do not count', () => {
    assert.equal(medianRatio([1, 2, 9], [2, 4]), 0.5);
  });

  test('times are told by median, 99th percentile, least and most', () => {
    const times = { trials: 3, medianMs: 12, p99Ms: 100, minMs: 10, maxMs: 100 };
    assert.deepEqual(describeTimes([12.4, 10.1, 99.9]), times);
  });

  test('a percentile is a value that was measured, and leaves no more than its share above', () => {
    const hundreds = Array.from({ length: 200 }, (_, index) => 200 - index);
    assert.equal(percentile(hundreds, 0.99), 198);
    assert.equal(percentile([5], 0.99), 5);
    assert.equal(percentile([1, 2], 0), 1);
    assert.ok(Number.isNaN(percentile([], 0.5)));
  });

  test('means and roundings', () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.equal(round(1.23456, 2), 1.23);
  });
});
