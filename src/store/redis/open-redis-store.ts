// All stores over one Redis server, sharing two connections: a quick one for heads, heartbeats and messages, and a bulk
// one for manifests and objects, which has more patience. Opening does not wait: a node starts without Redis.

import {
  formatStoreAddress,
  type GuidedAddress,
  parseStoreAddress,
  type RedisLogin,
} from '../../model/store-address.ts';
import { type ConfigurationStore, HISTORY_LIMIT, POLL_INTERVAL_MS } from '../configuration-store.ts';
import type { HealthStore } from '../health-store.ts';
import type { HintStore } from '../hint-store.ts';
import { createStoreError } from '../store-error.ts';
import { createRedisConfigurationStore } from './configuration.ts';
import { RedisConnection } from './connection.ts';
import { openGuides } from './guides.ts';
import { createRedisHealthStore } from './health.ts';
import { createRedisHintStore } from './hints.ts';
import { PrimaryFinder } from './primary-finder.ts';
import type { ReadTls } from './server-connector.ts';

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
  /** For rediss://; default: the authorities that Node knows, and no certificate of our own. */
  readonly tls?: ReadTls;
  /** How to speak to Sentinels: whom they know us as, and whether over TLS, which is as with the servers unless given. */
  readonly sentinel?: { readonly login: RedisLogin; readonly tls?: boolean };
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
 * @param text an address as parseStoreAddress reads it. Redis 6 or later.
 * @throws StoreError STORE_BAD_ADDRESS; a server that is not there is no error.
 */
export function openRedisStore(text: string, options: RedisStoreOptions = {}): RedisStore {
  const parsed = parseStoreAddress(text);
  if (!parsed.ok) throw createStoreError('STORE_BAD_ADDRESS', parsed.message);
  const address = parsed.value;
  const pollIntervalMs = options.pollIntervalMs ?? POLL_INTERVAL_MS;
  const name = options.name ?? 'azimuth';
  const title = formatStoreAddress(address);
  const place = address.kind === 'server' ? address.endpoint : openFinder(address, title, name, options);
  const shared = {
    server: place,
    title,
    login: address.login,
    database: address.database,
    tls: address.tls ? (options.tls ?? (() => ({}))) : undefined,
  };
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
    await Promise.all([quick.close(), bulk.close(), 'close' in place ? place.close() : undefined]);
  };
  return {
    configuration: { ...createRedisConfigurationStore({ pollIntervalMs, historyLimit }, { quick, bulk }), close },
    health: { ...createRedisHealthStore({ pollIntervalMs }, quick), close },
    hints,
    close,
  };
}

/** Whoever finds the primary among several servers. */
function openFinder(
  address: GuidedAddress,
  title: string,
  name: string,
  { tls = () => ({}), sentinel }: RedisStoreOptions,
): PrimaryFinder {
  const isSentinel = address.kind === 'sentinel';
  const login = isSentinel ? (sentinel?.login ?? {}) : address.login;
  const isTls = address.tls && (!isSentinel || sentinel?.tls !== false);
  return new PrimaryFinder(title, openGuides(address, { name, login, tls: isTls ? tls : undefined }));
}
