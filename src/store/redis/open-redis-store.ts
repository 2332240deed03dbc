// All stores over Redis. One server (or one primary, wherever it is) is spoken to over two connections: a quick one for heads,
// heartbeats and messages, and a bulk one for manifests and objects, which has more patience. Of several independent servers
// the first keeps the configuration, and all of them health. Opening does not wait: a node starts without Redis.

import {
  formatStoreAddress,
  type GuidedAddress,
  parseStoreAddress,
  type RedisAddress,
  type RedisLogin,
} from '../../model/store-address.ts';
import { type ConfigurationStore, HISTORY_LIMIT, POLL_INTERVAL_MS } from '../configuration-store.ts';
import type { HealthStore } from '../health-store.ts';
import type { HintStore } from '../hint-store.ts';
import { createMergedHealthStore } from '../merged/health.ts';
import { createMergedHintStore } from '../merged/hints.ts';
import { createStoreError } from '../store-error.ts';
import { createStoreCounters, type StoreCounters, type StoreServer } from '../store-server.ts';
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
  /** The first keeps the configuration. */
  readonly servers: readonly StoreServer[];
  /** Ends all connections; so does `close` of either store. */
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
  const [address, others] =
    parsed.value.kind === 'several' ? [parsed.value.home, parsed.value.others] : [parsed.value, []];
  const home = openServer(address, options);
  const bulk = home.connect('-bulk', options.bulkTimeoutMs ?? BULK_TIMEOUT_MS);
  const members = [home, ...others.map((other) => openServer(other, options))];
  const health = others.length === 0 ? home.health : createMergedHealthStore(members);
  const merged = others.length === 0 ? undefined : createMergedHintStore(members.map(({ hints }) => hints));
  const close = async (): Promise<void> => {
    merged?.close();
    await Promise.all([bulk.close(), ...members.map((member) => member.close())]);
  };
  const configuration = createRedisConfigurationStore(
    {
      pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
      historyLimit: Math.max(1, options.historyLimit ?? HISTORY_LIMIT),
    },
    { quick: home.quick, bulk },
  );
  return {
    configuration: { ...configuration, close },
    health: { ...health, close },
    hints: merged ?? home.hints,
    servers: members.map(({ server }) => server),
    close,
  };
}

type OpenServer = {
  readonly quick: RedisConnection;
  readonly health: Omit<HealthStore, 'close'>;
  readonly hints: HintStore;
  readonly counters: StoreCounters;
  readonly server: StoreServer;
  /** One more connection to it, which whoever asks closes. */
  connect(suffix: string, commandTimeoutMs: number): RedisConnection;
  close(): Promise<void>;
};

function openServer(address: RedisAddress | GuidedAddress, options: RedisStoreOptions): OpenServer {
  const name = options.name ?? 'azimuth';
  const title = formatStoreAddress(address);
  const counters = createStoreCounters();
  const place = address.kind === 'server' ? address.endpoint : openFinder(address, title, name, options);
  const connect: OpenServer['connect'] = (suffix, commandTimeoutMs) =>
    new RedisConnection({
      server: place,
      title,
      login: address.login,
      database: address.database,
      tls: address.tls ? (options.tls ?? (() => ({}))) : undefined,
      name: `${name}${suffix}`,
      commandTimeoutMs,
    });
  const quick = connect('', options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS);
  const hints = createRedisHintStore(quick);
  let hasStood = false;
  quick.onPresence((isConnected, isOther) => {
    if (isConnected && isOther) counters.primaryChanges++;
    if (!isConnected && hasStood) counters.losses++;
    hasStood ||= isConnected;
  });
  return {
    quick,
    hints,
    counters,
    connect,
    health: createRedisHealthStore({ pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS }, quick, counters),
    server: {
      name: title,
      counters,
      get isConnected() {
        return quick.isConnected;
      },
      onPresence: (listener) => quick.onPresence((isConnected) => listener(isConnected, quick.absence)),
    },
    async close() {
      hints.close();
      await Promise.all([quick.close(), 'close' in place ? place.close() : undefined]);
    },
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
