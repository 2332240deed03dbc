import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, MAX_DURATION_MS, parseDuration } from '../../../src/model/duration.ts';

describe('durations', () => {
  test('a number with a unit is read as milliseconds', () => {
    const read = ['0s', '200ms', '5s', '1.5s', '2m', '1h', '366d', '0.4ms'].map(parseDuration);
    assert.deepEqual(read, [0, 200, 5_000, 1_500, 120_000, 3_600_000, MAX_DURATION_MS, 0]);
  });

  test('anything without exactly one number and one unit is refused', () => {
    for (const text of [
      '',
      '5',
      's',
      '-5s',
      '+5s',
      '5 s',
      ' 5s',
      '5s ',
      '1m30s',
      '5S',
      '5sec',
      '1e3s',
      '.5s',
      '5.s',
      'Infinitys',
    ]) {
      assert.equal(parseDuration(text), undefined, text);
    }
  });

  test('more than a year is refused, so that no timer overflows', () => {
    assert.equal(parseDuration('367d'), undefined);
    assert.equal(parseDuration('999999999999d'), undefined);
  });

  test('a written duration uses the largest unit that loses nothing', () => {
    const written = [0, 1, 1_000, 1_500, 60_000, 90_000, 3_600_000, 86_400_000].map(formatDuration);
    assert.deepEqual(written, ['0s', '1ms', '1s', '1500ms', '1m', '90s', '1h', '1d']);
  });

  test('what is written reads back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (durationMs) => {
        assert.equal(parseDuration(formatDuration(durationMs)), durationMs);
      }),
    );
  });
});
