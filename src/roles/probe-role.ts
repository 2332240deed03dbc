// The probe role: one worker at one vantage, checking what the configuration in force names.

import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { listTargets } from '../health/target.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Settings } from '../model/settings.ts';
import { systemClock } from '../native/system-clock.ts';
import { createRunCheck } from '../probe/run-check.ts';
import { ProbeWorker } from '../probe/worker.ts';
import { followSlotTable } from '../store/follow-slots.ts';
import type { HealthStore } from '../store/health-store.ts';
import { describeFailure } from '../store/store-error.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';

export type ProbeRoleDependencies = {
  readonly health: HealthStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

export type ProbeRole = {
  setConfiguration(configuration: Configuration): void;
  close(): Promise<void>;
};

export function startProbeRole(settings: Settings, { health, logger, metrics }: ProbeRoleDependencies): ProbeRole {
  const { vantage, worker, heartbeatMs, concurrency, allowNetworks, clientCertificates, authorities } = settings.probe;
  const onError = (error: Error) =>
    logger.warn(describeFailure(error), 'other workers cannot be followed: checking goes on alone');
  const probe = new ProbeWorker(
    { vantage, worker: worker === '' ? `${hostname()}-${process.pid}` : worker, heartbeatMs, concurrency },
    {
      health,
      followSlots: (onChange) => followSlotTable(health, { onError }, onChange),
      clock: systemClock,
      random: Math.random,
      logger,
      runCheck: createRunCheck({ allowNetworks, tlsFiles: { clientCertificates, authorities } }),
    },
  );
  addProbeMetrics(metrics, probe);
  probe.start();
  return {
    setConfiguration: (configuration) => probe.setTargets(listTargets(configuration), configuration.vantages),
    close: () => probe.stop(),
  };
}

function addProbeMetrics(metrics: Metrics, probe: ProbeWorker): void {
  metrics.addCounter({
    name: 'azimuth_probe_checks_total',
    help: 'Checks that were made.',
    labels: ['type', 'outcome'],
    collect: (set) => {
      for (const [type, counts] of Object.entries(probe.counters.checks)) {
        set(counts.succeeded, { type, outcome: 'succeeded' });
        set(counts.failed, { type, outcome: 'failed' });
        set(counts.inconclusive, { type, outcome: 'inconclusive' });
        set(counts.heldUp, { type, outcome: 'held-up' });
      }
    },
  });
  metrics.addCounter({
    name: 'azimuth_probe_slot_writes_total',
    help: 'Writes of the vote slot.',
    labels: ['outcome'],
    collect: (set) => {
      set(probe.counters.slotsStored, { outcome: 'stored' });
      set(probe.counters.slotsDropped, { outcome: 'dropped' });
      set(probe.counters.slotsRefused, { outcome: 'refused' });
    },
  });
  metrics.addGauge({
    name: 'azimuth_probe_targets',
    help: 'Targets that this worker checks.',
    collect: (set) => set(probe.status().checked),
  });
}
