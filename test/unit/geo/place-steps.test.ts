import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findInSteps, type PlaceSteps } from '../../../src/geo/place-steps.ts';
import { listIntervals, outlinePlaceMap, type PlaceInterval, writeIntervals } from '../../support/place-intervals.ts';

const LAST = 2n ** 64n - 1n;

/** Ascending from 0; neighbours in different places. Lengths of a few bits, of many, and of the whole address space. */
const someIntervals: fc.Arbitrary<readonly PlaceInterval[]> = fc
  .array(
    fc.oneof(
      fc.bigInt({ min: 1n, max: LAST }),
      fc.integer({ min: 0, max: 63 }).map((bit) => 1n << BigInt(bit)),
      fc.bigInt({ min: 1n, max: 5000n }),
      fc.bigInt({ min: 1n, max: 2n ** 32n - 1n }).map((high) => high << 32n),
    ),
    { maxLength: 40 },
  )
  .map((starts) => [...new Set([0n, ...starts])].sort((a, b) => (a < b ? -1 : 1)))
  .map((starts) => starts.map((start, index) => ({ start, place: index % 2 === 0 ? 0 : 2 ** 24 - index })));

function stepsOf(intervals: readonly PlaceInterval[]): PlaceSteps {
  return outlinePlaceMap({ v4: [], v6: intervals, places: 1, countries: [''], subdivisions: [''] }).v6;
}

function findAt(steps: PlaceSteps, address: bigint): number {
  return findInSteps(steps, Number(address >> 32n), Number(address & 0xffffffffn));
}

describe('the words of a place map', () => {
  it('say what was written, for stretches of any length', () => {
    fc.assert(
      fc.property(someIntervals, (intervals) => {
        assert.deepEqual(listIntervals(stepsOf(intervals)), intervals);
      }),
    );
  });

  it('tell the place of every address, at both ends of a stretch and in between', () => {
    fc.assert(
      fc.property(someIntervals, (intervals) => {
        const steps = stepsOf(intervals);
        intervals.forEach(({ start, place }, index) => {
          const end = (intervals[index + 1]?.start ?? LAST + 1n) - 1n;
          for (const address of [start, (start + end) / 2n, end]) assert.equal(findAt(steps, address), place);
        });
      }),
    );
  });

  it('tell the place of an address behind any number of marks', () => {
    const intervals = Array.from({ length: 5000 }, (_, index) => ({ start: BigInt(index) * 7n, place: index + 1 }));
    const steps = stepsOf(intervals);
    assert.ok(steps.marksHigh.length > 4);
    for (const { start, place } of intervals) {
      assert.equal(findAt(steps, start), place);
      assert.equal(findAt(steps, start + 6n), place);
    }
  });

  it('are one for each prefix, or fewer', () => {
    assert.equal(writeIntervals([{ start: 0n, place: 0 }]).length, 2, 'half the address space is the most in one word');
    const start = 0x2001_0db8n << 32n;
    const words = writeIntervals([
      { start: 0n, place: 0 },
      { start, place: 1 },
      { start: start + (3n << 16n), place: 2 },
    ]);
    assert.equal([...words].filter((word) => word >>> 8 === 1).length, 1, 'three /48s');
  });
});
