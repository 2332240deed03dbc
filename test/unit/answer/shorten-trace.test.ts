import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shortenTrace } from '../../../src/answer/shorten-trace.ts';
import type { Trace, TraceStep } from '../../../src/answer/trace.ts';

const pass = (number: number, lowest = 4): TraceStep => ({ step: 'pass', pass: number, lowest });
const skip = (cluster: number, because: 'family' | 'health' = 'health'): TraceStep => ({
  step: 'skip',
  cluster,
  because,
});
const consider = (cluster: number): TraceStep => ({ step: 'consider', cluster, weight: 1, room: 1 });
const service: TraceStep = { step: 'service', service: 0 };

describe('shortenTrace', () => {
  test('says once of each cluster that it is passed over, however often the tiers are gone through', () => {
    const out: Trace = [skip(0), skip(1), skip(2, 'family')];
    const trace = [
      service,
      pass(0),
      ...out,
      pass(1),
      ...out,
      pass(2),
      ...out,
      pass(2, 3),
      ...out,
      pass(2, 1),
      consider(0),
    ];
    assert.deepEqual(shortenTrace(trace), [service, pass(0), ...out, pass(2, 1), consider(0)]);
  });

  test('keeps a pass in which something happened besides, with what happened', () => {
    const trace = [service, pass(0), skip(0), consider(1), pass(1), skip(0), consider(1)];
    assert.deepEqual(shortenTrace(trace), [service, pass(0), skip(0), consider(1), pass(1), consider(1)]);
  });

  test('keeps what ends the last pass, and what begins anew behind it', () => {
    for (const step of ['refused', 'no-data', 'no-hints'] as const) {
      assert.deepEqual(shortenTrace([service, pass(0), skip(0), pass(1), skip(0), { step }]), [
        service,
        pass(0),
        skip(0),
        { step },
      ]);
    }
  });

  test('tells the same of another service, and of hints at another family, once more', () => {
    for (const again of [service, { step: 'hints', family: 2 } as const]) {
      const trace: Trace = [service, pass(0), skip(0), consider(1), again, pass(0), skip(0), consider(1)];
      assert.deepEqual(shortenTrace(trace), trace);
    }
  });
});
