// All stores of a single process that needs no server: the configuration in SQLite under its state directory, health, load
// and hints in memory, for they are worth nothing after a restart.

import { join } from 'node:path';
import { type ConfigurationStore, HISTORY_LIMIT, POLL_INTERVAL_MS } from '../configuration-store.ts';
import type { HealthStore } from '../health-store.ts';
import type { HintStore } from '../hint-store.ts';
import { createEmbeddedConfigurationStore } from './configuration.ts';
import { DATABASE_FILE, openDatabase } from './database.ts';
import { createEmbeddedHealthStore } from './health.ts';
import { createEmbeddedHintStore } from './hints.ts';

export type EmbeddedStoreOptions = {
  /** How many revisions are kept; default HISTORY_LIMIT. */
  readonly historyLimit?: number;
  /** How often followers hear the index of slots; default POLL_INTERVAL_MS. */
  readonly pollIntervalMs?: number;
  /** The store's clock; default the system's. */
  readonly nowMs?: () => number;
};

export type EmbeddedStore = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  readonly hints: HintStore;
  /** Closes all and gives the directory free; so does `close` of either store. */
  close(): Promise<void>;
};

/**
 * @param directory made if it is not there; belongs to this process alone until `close`.
 * @throws StoreError STORE_LOCKED, STORE_DAMAGED, STORE_UNWRITABLE or STORE_UNAVAILABLE, each naming the file.
 */
export function openEmbeddedStore(directory: string, options: EmbeddedStoreOptions = {}): EmbeddedStore {
  const database = openDatabase(directory);
  const file = join(directory, DATABASE_FILE);
  const historyLimit = Math.max(1, options.historyLimit ?? HISTORY_LIMIT);
  const configuration = createEmbeddedConfigurationStore({ file, historyLimit }, database);
  const health = createEmbeddedHealthStore({
    pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
    nowMs: options.nowMs ?? Date.now,
  });
  const hints = createEmbeddedHintStore();
  const close = async (): Promise<void> => {
    hints.close();
    await health.close();
    configuration.stopFollowing();
    if (database.isOpen) database.close();
  };
  return { configuration: { ...configuration, close }, health: { ...health, close }, hints, close };
}
