// Health as a node follows it: from the store, and, where the settings name workers, from these themselves as well, so that
// votes arrive while no server of the store does.

import type { Logger } from 'pino';
import type { Settings } from '../model/settings.ts';
import { POLL_INTERVAL_MS } from '../store/configuration-store.ts';
import type { HealthStore } from '../store/health-store.ts';
import { mergeSlotSources } from '../store/merged/slots.ts';
import { openWorkerSource, type WorkerSource } from '../store/pull/worker-source.ts';
import { openTlsFiles } from '../store/redis/tls-files.ts';
import { describeFailure } from '../store/store-error.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';

export type PulledHealth = { readonly health: HealthStore; close(): void };

/** How long files that were read are used before they are read again. */
const FILES_FRESH_MS = 30_000;

/** @throws StoreError STORE_BAD_TLS */
export function openPulledHealth(
  { health: { pull } }: Settings,
  store: HealthStore,
  metrics: Metrics,
  logger: Logger,
): PulledHealth {
  if (pull.workers.length === 0) return { health: store, close: () => {} };
  const tls = keepFresh(openTlsFiles({ ...pull, serverName: '' }, 'the workers'));
  const workers = pull.workers.map((address) => openWorkerSource({ address, tls, pollIntervalMs: POLL_INTERVAL_MS }));
  addPullMetrics(metrics, workers);
  const told = workers.map(
    (worker): WorkerSource => ({
      ...worker,
      followSlots: (listener) =>
        worker.followSlots({
          ...listener,
          onError(error) {
            logger.warn({ worker: worker.name, ...describeFailure(error) }, 'a worker cannot be asked for its slot');
            listener.onError(error);
          },
        }),
    }),
  );
  return {
    health: { ...store, ...mergeSlotSources([store, ...told]) },
    close: () => workers.forEach((worker) => void worker.close()),
  };
}

function keepFresh<Value>(read: () => Value): () => Value {
  let kept: { readonly value: Value; readonly atMs: number } | undefined;
  return () => {
    if (kept === undefined || performance.now() - kept.atMs > FILES_FRESH_MS)
      kept = { value: read(), atMs: performance.now() };
    return kept.value;
  };
}

function addPullMetrics(metrics: Metrics, workers: readonly WorkerSource[]): void {
  metrics.addCounter({
    name: 'azimuth_health_pulls_total',
    help: 'Questions to workers themselves.',
    labels: ['worker', 'outcome'],
    collect: (set) => {
      for (const { name, counters } of workers) {
        for (const [outcome, count] of Object.entries(counters)) set(count, { worker: name, outcome });
      }
    },
  });
}
