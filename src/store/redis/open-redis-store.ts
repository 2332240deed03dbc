// All stores over one Redis server, sharing two connections: a quick one for heads, heartbeats and messages, and a bulk
// one for manifests and objects, which has more patience. Opening does not wait: a node starts without Redis.

import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { type ConfigurationStore, HISTORY_LIMIT, POLL_INTERVAL_MS } from '../configuration-store.ts';
import type { HealthStore } from '../health-store.ts';
import type { HintStore } from '../hint-store.ts';
import { parseRedisAddress } from './address.ts';
import { createRedisConfigurationStore } from './configuration.ts';
import { RedisConnection } from './connection.ts';
import { createRedisHealthStore } from './health.ts';
import { createRedisHintStore } from './hints.ts';

export type RedisStoreOptions = {
  /** How long a call may take; default COMMAND_TIMEOUT_MS. */
  readonly commandTimeoutMs?: number;
  /** How long a command with manifests or objects may take; default BULK_TIMEOUT_MS. */
  readonly bulkTimeoutMs?: number;
  /** Default POLL_INTERVAL_MS. */
  readonly pollIntervalMs?: number;
  /** How many revisions are kept; default HISTORY_LIMIT. */
  readonly historyLimit?: number;
  /** How CLIENT LIST names the connections; default `azimuth`. */
  readonly name?: string;
  /** Certificates and the like for rediss://. */
  readonly tls?: TlsOptions;
};

export type RedisStore = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  readonly hints: HintStore;
  /** Ends both connections; so does `close` of either store. */
  close(): Promise<void>;
};

export const COMMAND_TIMEOUT_MS = 1000;
export const BULK_TIMEOUT_MS = 10_000;

/**
 * @param url `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. Redis 6 or later.
 * @throws StoreError STORE_BAD_ADDRESS; a server that is not there is no error.
 */
export function openRedisStore(url: string, options: RedisStoreOptions = {}): RedisStore {
  const address = parseRedisAddress(url);
  const pollIntervalMs = options.pollIntervalMs ?? POLL_INTERVAL_MS;
  const name = options.name ?? 'azimuth';
  const shared = { address, ...(options.tls && { tls: options.tls }) };
  const quick = new RedisConnection({
    ...shared,
    name,
    commandTimeoutMs: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
  });
  const bulk = new RedisConnection({
    ...shared,
    name: `${name}-bulk`,
    commandTimeoutMs: options.bulkTimeoutMs ?? BULK_TIMEOUT_MS,
  });
  const historyLimit = Math.max(1, options.historyLimit ?? HISTORY_LIMIT);
  const hints = createRedisHintStore(quick);
  const close = async (): Promise<void> => {
    hints.close();
    await Promise.all([quick.close(), bulk.close()]);
  };
  return {
    configuration: { ...createRedisConfigurationStore({ pollIntervalMs, historyLimit }, { quick, bulk }), close },
    health: { ...createRedisHealthStore({ pollIntervalMs }, quick), close },
    hints,
    close,
  };
}
