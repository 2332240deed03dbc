// Opens the store that the settings name.

import type { Settings } from '../model/settings.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import { openEmbeddedStore } from '../store/embedded/open-embedded-store.ts';
import type { HealthStore } from '../store/health-store.ts';
import { makeDirectory } from '../store/make-directory.ts';
import { openRedisStore } from '../store/redis/open-redis-store.ts';

export type Store = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  close(): Promise<void>;
};

/** @throws StoreError when the embedded store cannot be opened; a Redis that is not there is no error. */
export function openStore(settings: Settings, name: string): Store {
  const { store, stateDirectory } = settings;
  if (store.driver === 'embedded') return openEmbeddedStore(stateDirectory);
  try {
    makeDirectory(stateDirectory);
  } catch {
    // Whoever wants to keep something there will say that it cannot; answers need no disk.
  }
  return openRedisStore(store.url, { name });
}
