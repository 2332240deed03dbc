import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseJitterMs, choosePhaseMs, delayToPhaseMs, JITTER_SHARE } from '../../../src/probe/schedule.ts';

test('puts three vantages a third of an interval apart on the same target', () => {
  const phases = [0, 1, 2].map((index) => choosePhaseMs('web/a#x', index, 3, 3000)).toSorted((a, b) => a - b);
  const [first = 0, second = 0, third = 0] = phases;
  assert.ok(Math.abs(second - first - 1000) < 1e-6 && Math.abs(third - second - 1000) < 1e-6);
});

test('spreads targets over the whole interval', () => {
  const phases = Array.from({ length: 1000 }, (_, index) => choosePhaseMs(`web/e${index}`, 0, 1, 1000));
  for (let from = 0; from < 1000; from += 100) {
    const count = phases.filter((phase) => phase >= from && phase < from + 100).length;
    assert.ok(count > 60 && count < 140, `${count} of about 100 in ${from}..${from + 100}`);
  }
});

test('leads to the next point of the phase: later than now, within an interval', () => {
  const double = (max: number) => fc.double({ min: 0, max, noNaN: true });
  fc.assert(
    fc.property(double(2e12), fc.integer({ min: 100, max: 3_600_000 }), double(0.999), (wallMs, intervalMs, share) => {
      const phaseMs = share * intervalMs;
      const delayMs = delayToPhaseMs(wallMs, phaseMs, intervalMs);
      assert.ok(delayMs > 0 && delayMs <= intervalMs);
      const off = Math.abs(((wallMs + delayMs) % intervalMs) - phaseMs);
      assert.ok(Math.min(off, intervalMs - off) < 0.01, `${off} ms off`);
    }),
  );
});

test('adds no more than a small share of the interval by chance', () => {
  assert.equal(chooseJitterMs(1000, 0), 0);
  assert.ok(chooseJitterMs(1000, 0.999999) <= JITTER_SHARE * 1000);
});
