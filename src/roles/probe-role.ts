// The probe role: one worker at one vantage, checking what the configuration in force names.

import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { listTargets } from '../health/target.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Settings } from '../model/settings.ts';
import { readFileLimit } from '../native/file-limit.ts';
import { systemClock } from '../native/system-clock.ts';
import { createRunCheck } from '../probe/run-check.ts';
import { ProbeWorker } from '../probe/worker.ts';
import { followSlotTable, type SlotsSubscription } from '../store/follow-slots.ts';
import type { HealthStore } from '../store/health-store.ts';
import { describeFailure } from '../store/store-error.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';
import { SlotAdmission } from './slot-admission.ts';
import { openSlotKey } from './slot-key-file.ts';
import { openSlotService } from './slot-service.ts';

export type ProbeRoleDependencies = {
  readonly health: HealthStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

/** Anchors are in the settings of this process: whoever writes them may reach what it reaches. */
const ANYWHERE = ['0.0.0.0/0', '::/0'];
/** Descriptors for all that a worker has open beside its checks. */
const OTHER_FILES = 128;

export type ProbeRole = {
  setConfiguration(configuration: Configuration): void;
  readonly admission: SlotAdmission;
  close(): Promise<void>;
};

/** Rejects, with nothing left open, when its key cannot be had, or its slot cannot be served where the settings ask for it. */
export async function openProbeRole(
  settings: Settings,
  { health: store, logger, metrics }: ProbeRoleDependencies,
): Promise<ProbeRole> {
  const key = await openSlotKey(settings);
  const { health, close: closeService } = await openSlotService(settings, store, logger);
  const { vantage, worker, heartbeatMs, concurrency, anchors, allowNetworks, clientCertificates, authorities } =
    settings.probe;
  const onError = (error: Error) =>
    logger.warn(describeFailure(error), 'other workers cannot be followed: checking goes on alone');
  const admission = new SlotAdmission(logger);
  let following: SlotsSubscription | undefined;
  logger.info({ vantage, publicKey: key.publicKey }, 'votes are signed with this key');
  warnOfFileLimit(concurrency, logger);
  const probe = new ProbeWorker(
    { vantage, worker: worker === '' ? `${hostname()}-${process.pid}` : worker, heartbeatMs, concurrency, anchors },
    {
      health,
      followSlots: (onChange) => {
        following = followSlotTable(health, { onError, admission }, onChange);
        return following;
      },
      seal: key.seal,
      clock: systemClock,
      random: Math.random,
      logger,
      runCheck: createRunCheck({ allowNetworks, tlsFiles: { clientCertificates, authorities } }),
      runAnchorCheck: createRunCheck({ allowNetworks: ANYWHERE }),
    },
  );
  addProbeMetrics(metrics, probe);
  probe.start();
  return {
    admission,
    setConfiguration(configuration) {
      admission.setVantages(configuration.vantages);
      following?.recheck();
      probe.setTargets(listTargets(configuration), configuration.vantages);
    },
    async close() {
      await probe.stop();
      await closeService();
    },
  };
}

/** A worker that runs out of descriptors abstains: it should be known before the day on which everything falls silent. */
function warnOfFileLimit(concurrency: number, logger: Logger): void {
  const limit = readFileLimit();
  if (limit === undefined || concurrency + OTHER_FILES <= limit) return;
  logger.warn(
    { concurrency, limit },
    'fewer file descriptors than probe.concurrency may need: raise the limit (ulimit -n, LimitNOFILE) or lower the setting',
  );
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
        set(counts.cutOff, { type, outcome: 'cut-off' });
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
  metrics.addCounter({
    name: 'azimuth_probe_late_checks_total',
    help: 'Checks that were not answered in the time that their target usually takes.',
    collect: (set) => set(probe.counters.late),
  });
  metrics.addGauge({
    name: 'azimuth_probe_abstaining',
    help: 'Whether the worker trusts none of its checks, by cause.',
    labels: ['cause'],
    collect: (set) => {
      const cause = probe.status().abstention?.cause;
      set(cause === 'lag' ? 1 : 0, { cause: 'lag' });
      set(cause === 'anchors' ? 1 : 0, { cause: 'anchors' });
    },
  });
  metrics.addGauge({
    name: 'azimuth_probe_targets',
    help: 'Targets that this worker checks.',
    collect: (set) => set(probe.status().checked),
  });
}
