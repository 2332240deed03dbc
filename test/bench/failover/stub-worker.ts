// A worker over a real store whose checks are not made: each takes 5 ms, and a share of them fails. So what is measured is
// what votes cost, not what checks do. A process of its own: `stub-worker.ts URL VANTAGE TARGETS FAILING_SHARE`.

import { listTargets } from '../../../src/health/target.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { systemClock } from '../../../src/native/system-clock.ts';
import { ProbeWorker } from '../../../src/probe/worker.ts';
import { followSlotTable } from '../../../src/store/follow-slots.ts';
import { openRedisStore } from '../../../src/store/redis/open-redis-store.ts';
import { composeStoreDocument } from './store-document.ts';

const HEARTBEAT_MS = 1000;
const LATENCY_MS = 5;
const CONCURRENCY = 1024;
/** It must not abstain where the machine is busy: what its votes cost is the question here. */
const TOLERATED_LAG_MS = 60_000;
const SILENT_LOGGER = { info: () => undefined, warn: () => undefined };

const [url = '', vantage = '', targets = '0', failing = '0'] = process.argv.slice(2);
const failingShare = Number(failing);
process.on('disconnect', () => process.exit());

const parsed = parseConfiguration(composeStoreDocument(Number(targets)), {
  resolveLocation: () => ({ latitude: 0, longitude: 0 }),
});
if (!parsed.ok) throw new Error(`the configuration is refused: ${JSON.stringify(parsed.problems[0])}`);
const { health } = openRedisStore(url, { name: `stub-${vantage}` });
const worker = new ProbeWorker(
  { vantage, worker: 'a', heartbeatMs: HEARTBEAT_MS, concurrency: CONCURRENCY, toleratedLagMs: TOLERATED_LAG_MS },
  {
    health,
    followSlots: (onChange) => followSlotTable(health, { onError: () => undefined }, onChange),
    clock: systemClock,
    random: Math.random,
    logger: SILENT_LOGGER,
    runCheck: async () => {
      await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
      const ok = Math.random() >= failingShare;
      return { ok, reason: ok ? 'connected' : 'connection refused', durationMs: LATENCY_MS };
    },
  },
);
worker.setTargets(listTargets(parsed.value), parsed.value.vantages);
worker.start();
