// Copies of this node's zones: what they may be signed with, what has changed since they were made, and who is told.

import type { Logger } from 'pino';
import type { Configuration } from '../model/configuration.ts';
import { NOTIFY_OUTCOMES, type Notice, Notifier } from '../replication/notifier.ts';
import { watchKeyFile } from '../replication/watch-key-file.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';
import type { JournalStep } from '../transfer/journal.ts';
import { serialOf, soaOf, viewZone } from '../transfer/zone-records.ts';
import { formatName } from '../wire/name.ts';
import type { TsigKey } from '../wire/tsig.ts';
import { ChangeRecorder } from './change-recorder.ts';
import type { Serving } from './serving.ts';

/** Of keys that are missing, as many are named. */
const MAX_TOLD_KEYS = 20;

export type ReplicationDependencies = {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Who answers. */
  readonly threads: {
    setKeys(keys: readonly TsigKey[]): void;
    advanceJournal(step: JournalStep): void;
  };
};

export type Replication = {
  /** The snapshot is answered from. Returns at once. */
  note(serving: Serving): void;
  close(): Promise<void>;
};

/** Reads the keys, and waits for snapshots. */
export function startReplication(keyFile: string, { logger, metrics, threads }: ReplicationDependencies): Replication {
  let keys: ReadonlyMap<string, TsigKey> = new Map();
  let configuration: Configuration | undefined;
  let told = '';
  let isFirst = true;
  const watch = watchKeyFile({ file: keyFile }, logger, (read) => {
    keys = new Map(read.map((key) => [formatName(key.name), key]));
    threads.setKeys(read);
    tellMissing();
  });
  const notifier = new Notifier({}, { findKey: (name) => keys.get(name), logger });
  const recorder = new ChangeRecorder({
    onStep(step, snapshot) {
      threads.advanceJournal(step);
      if (configuration !== undefined)
        notifier.notify(listNotices(configuration, snapshot, isFirst ? undefined : step));
      isFirst = false;
    },
    onError: (error) => logger.error({ err: error }, 'what changed in the zones could not be found out'),
  });
  addMetrics(metrics, notifier);
  return {
    note(serving) {
      configuration = serving.configuration;
      tellMissing();
      recorder.note(serving.snapshot);
    },
    async close() {
      watch.close();
      notifier.close();
      await recorder.close();
    },
  };

  /** Once for each set of keys that are missing. */
  function tellMissing(): void {
    if (configuration === undefined) return;
    const missing = findMissingKeys(configuration, new Set(keys.keys()));
    const names = missing.slice(0, MAX_TOLD_KEYS).join(', ');
    if (names !== '' && names !== told) {
      const fields = { keys: names, count: missing.length };
      logger.warn(fields, 'zones name TSIG keys that dns.tsig.keyFile does not hold: nobody can use them');
    }
    told = names;
  }
}

/** Names of keys that zones name and nobody has, in order, each once. */
export function findMissingKeys(
  { zones }: Pick<Configuration, 'zones'>,
  known: ReadonlySet<string>,
): readonly string[] {
  const named = zones.flatMap(({ transfers, primaries = [] }) => [
    ...(transfers?.allow ?? []),
    ...(transfers?.notify ?? []),
    ...primaries,
  ]);
  const names = named.flatMap(({ key }) => (key === undefined || known.has(key) ? [] : [key]));
  return [...new Set(names)].toSorted();
}

/**
 * Each zone to each of its secondaries, at the start too: what changed while this node was down, nobody told. A serial that
 * changed alone counts, for it is what secondaries compare; zones with serials of their own changed if the step says so.
 */
function* listNotices({ zones }: Configuration, snapshot: Snapshot, step: JournalStep | undefined): Generator<Notice> {
  const changed = step && new Set([...step.changes.map(({ zone }) => zone), ...step.resets]);
  const indices = new Map(snapshot.zones.names.map((name, index) => [name, index]));
  for (const { name, transfers } of zones) {
    if (transfers === undefined || transfers.notify.length === 0) continue;
    const view = viewZone(snapshot, indices.get(name) ?? -1);
    if (view === undefined || view.image.isWithheld) continue;
    if (view.image.hasOwnSerial && changed?.has(name) === false) continue;
    const { ttlSeconds, data } = soaOf(view, serialOf(view));
    const soa = { ttlSeconds, data: data.subarray(2) };
    for (const target of transfers.notify) yield { zone: view.image.name, soa, target };
  }
}

function addMetrics(metrics: Metrics, notifier: Notifier): void {
  metrics.addCounter({
    name: 'azimuth_notify_total',
    help: 'Secondaries that were to be told of a zone that changed, by what came of it.',
    labels: ['outcome'],
    collect: (set) => {
      for (const outcome of NOTIFY_OUTCOMES) set(notifier.counts[outcome], { outcome });
    },
  });
  metrics.addGauge({
    name: 'azimuth_notify_pending',
    help: 'Secondaries that have not yet said that they heard of a change, of each zone.',
    collect: (set) => set(notifier.pending),
  });
}
