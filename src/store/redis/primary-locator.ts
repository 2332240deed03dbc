// What a connection asks where the server is that takes writes.

import type { Endpoint } from '../../model/store-address.ts';

export type PrimaryLocator = {
  /** Asks now. Rejects, soon, when nobody knows. */
  locate(): Promise<Endpoint>;
  /** Calls `listener` whenever it is looked, every second, with what was found. */
  watch(listener: (primary: Endpoint) => void): { close(): void };
};

export function isLocator(server: Endpoint | PrimaryLocator): server is PrimaryLocator {
  return 'locate' in server;
}
