// Opens the store that the settings name.

import type { Settings } from '../model/settings.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import { openEmbeddedStore } from '../store/embedded/open-embedded-store.ts';
import type { HealthStore } from '../store/health-store.ts';
import type { HintStore } from '../store/hint-store.ts';
import { openRedisStore, type RedisStoreOptions } from '../store/redis/open-redis-store.ts';

export type Store = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  readonly hints: HintStore;
  close(): Promise<void>;
};

/** @throws StoreError when the embedded store cannot be opened; a Redis that is not there is no error. */
export function openStore(settings: Settings, name: string): Store {
  const { store, stateDirectory } = settings;
  if (store.driver === 'embedded') return openEmbeddedStore(stateDirectory);
  return openRedisStore(store.url, { name, ...redisOptionsOf(settings) });
}

function redisOptionsOf({ redis }: Settings): Pick<RedisStoreOptions, 'sentinel'> {
  const { username, password, tls } = redis.sentinel;
  const login = { ...(username !== '' && { username }), ...(password !== '' && { password }) };
  return { sentinel: { login, tls } };
}
