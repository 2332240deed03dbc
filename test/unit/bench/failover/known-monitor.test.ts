import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readMonitor } from '../../../bench/failover/known-monitor.ts';
import { composeMonitor } from '../../../bench/failover/stage-document.ts';

describe('monitors of the failover bench', () => {
  test('are read with the defaults of the product', () => {
    const monitor = readMonitor(composeMonitor('http', { interval: '1s' }));
    assert.deepEqual([monitor?.intervalMs, monitor?.timeoutMs, monitor?.fall, monitor?.rise], [1000, 1000, 3, 2]);
  });

  test('are nothing where the product has no such kind', () => {
    assert.equal(readMonitor({ id: 'a', type: 'telepathy' }), undefined);
  });
});
