// A worker that may run out of file descriptors says so when it starts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses } from '../support/processes.ts';

test('a worker is warned of by itself when its checks may need more file descriptors than there are', async (context) => {
  const processes = await openProcesses();
  context.after(() => processes.close());
  const probe = processes.azimuth(['probe'], {
    name: 'probe',
    prefix: ['sh', '-c', 'ulimit -n 1100 && exec "$0" "$@"'],
    environment: {
      AZIMUTH_STORE: 'redis://127.0.0.1:1',
      AZIMUTH_STATE_DIRECTORY: processes.makeDirectory('state'),
      AZIMUTH_PROBE_VANTAGE: 'paris',
      AZIMUTH_TELEMETRY_LISTEN: `127.0.0.1:${await findFreePort()}`,
      AZIMUTH_LOG_FORMAT: 'json',
    },
  });
  const [line] = await probe.waitFor(/^.*fewer file descriptors.*$/m);
  const { level, concurrency, limit } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual([level, concurrency, limit], ['warn', 1024, 1100]);
});
