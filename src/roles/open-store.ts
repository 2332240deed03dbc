// Opens the store that the settings name.

import type { Settings } from '../model/settings.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import { openEmbeddedStore } from '../store/embedded/open-embedded-store.ts';
import type { HealthStore } from '../store/health-store.ts';
import type { HintStore } from '../store/hint-store.ts';
import { openRedisStore, type RedisStoreOptions } from '../store/redis/open-redis-store.ts';
import { openTlsFiles } from '../store/redis/tls-files.ts';
import type { StoreServer } from '../store/store-server.ts';

export type Store = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  readonly hints: HintStore;
  /** None for the embedded store. */
  readonly servers: readonly StoreServer[];
  close(): Promise<void>;
};

/** @throws StoreError when the embedded store, or the files for TLS, cannot be opened; a Redis that is not there is no error. */
export function openStore(settings: Settings, name: string): Store {
  const { store, stateDirectory } = settings;
  if (store.driver === 'embedded') return { ...openEmbeddedStore(stateDirectory), servers: [] };
  return openRedisStore(store.url, { name, ...redisOptionsOf(settings) });
}

/** @throws StoreError STORE_BAD_TLS */
function redisOptionsOf({ store, redis }: Settings): Pick<RedisStoreOptions, 'sentinel' | 'tls'> {
  const { username, password, tls } = redis.sentinel;
  const login = { ...(username !== '' && { username }), ...(password !== '' && { password }) };
  const isTls = store.driver === 'redis' && store.url.startsWith('rediss');
  return { sentinel: { login, tls }, ...(isTls && { tls: openTlsFiles(redis.tls) }) };
}
