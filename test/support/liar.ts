// A real worker whose every check fails, whatever the target does: it votes that the whole world is down, and signs on as
// one of a vantage.

import { listTargets } from '../../src/health/target.ts';
import { parseConfiguration } from '../../src/model/parse-configuration.ts';
import { systemClock } from '../../src/native/system-clock.ts';
import { ProbeWorker } from '../../src/probe/worker.ts';
import { followSlotTable } from '../../src/store/follow-slots.ts';
import { openRedisStore } from '../../src/store/redis/open-redis-store.ts';

/** @param document the configuration, as the API has it. */
export function startLiar(url: string, document: unknown, vantage: string): { stop(): Promise<void> } {
  const parsed = parseConfiguration(document, { resolveLocation: () => ({ latitude: 0, longitude: 0 }) });
  if (!parsed.ok) throw new Error(`the configuration cannot be read: ${JSON.stringify(parsed.problems)}`);
  const store = openRedisStore(url, { name: 'liar' });
  const ignore = () => undefined;
  const worker = new ProbeWorker(
    { vantage, worker: 'liar', heartbeatMs: 1000, concurrency: 8 },
    {
      health: store.health,
      followSlots: (onChange) => followSlotTable(store.health, { onError: ignore }, onChange),
      clock: systemClock,
      random: Math.random,
      logger: { info: ignore, warn: ignore },
      runCheck: async () => ({ ok: false, reason: 'a lie', durationMs: 1 }),
    },
  );
  worker.setTargets(listTargets(parsed.value), parsed.value.vantages);
  worker.start();
  return {
    async stop(): Promise<void> {
      await worker.stop();
      await store.close();
    },
  };
}
