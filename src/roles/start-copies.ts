// What the api role needs to copy zones from their primaries: the TSIG keys, the sockets, the hints of nodes that heard a NOTIFY.

import type { Logger } from 'pino';
import type { Settings } from '../model/settings.ts';
import { fetchZone } from '../replication/fetch-zone.ts';
import { watchKeyFile } from '../replication/watch-key-file.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';
import { formatName } from '../wire/name.ts';
import type { RunningWriter } from './configuration-writer.ts';
import { type CopyKeeper, startCopyKeeper } from './copy-keeper.ts';
import { addCopyMetrics } from './copy-metrics.ts';
import type { Store } from './open-store.ts';

export type RunningCopies = { readonly keeper: CopyKeeper; stop(): Promise<void> };

export function startCopies(
  { dns }: Settings,
  store: Pick<Store, 'hints'>,
  writer: RunningWriter,
  metrics: Metrics,
  logger: Logger,
): RunningCopies {
  const keys = watchKeyFile({ file: dns.tsig.keyFile }, logger, () => undefined);
  const keeper = startCopyKeeper({
    writer,
    fetch: fetchZone,
    findKey: (name) => keys.keys.find((key) => formatName(key.name) === name),
    logger,
    nowMs: Date.now,
    steadyMs: () => performance.now(),
    chance: Math.random,
  });
  const hints = store.hints.follow(
    (hint) => keeper.hint(hint),
    (word) => logger.warn(word),
  );
  addCopyMetrics(metrics, keeper, Date.now);
  return {
    keeper,
    async stop() {
      hints.close();
      keys.close();
      await keeper.stop();
    },
  };
}
