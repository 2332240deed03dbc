// Gives the users of roles their rights at a server, as its administrator.

import { Redis } from 'ioredis';
import type { RedisAddress } from '../../model/store-address.ts';
import { formatStoreAddress } from '../../model/store-address.ts';
import { createStoreError, describeCause } from '../store-error.ts';
import type { ReadTls } from './server-connector.ts';
import { createServerConnector } from './server-connector.ts';

export type UserRules = { readonly user: string; readonly rules: readonly string[] };

const TIMEOUT_MS = 5000;

/**
 * Makes or replaces the users, and has the server keep them in its ACL file.
 * @returns whether it keeps them: one without an ACL file has forgotten them after a restart.
 * @throws StoreError
 */
export async function applyAccess(
  address: RedisAddress,
  tls: ReadTls | undefined,
  users: readonly UserRules[],
): Promise<{ readonly isKept: boolean }> {
  const admin = new Redis({
    Connector: createServerConnector({ server: address.endpoint, tls, onServer: () => {} }),
    ...(tls && { tls: {} }),
    ...address.login,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    disableClientInfo: true,
  });
  let lastError: Error | undefined;
  admin.on('error', (error: Error) => {
    lastError = error;
  });
  try {
    await admin.connect();
    for (const { user, rules } of users) await admin.call('ACL', 'SETUSER', user, ...rules);
    return { isKept: await saveUsers(admin) };
  } catch (cause) {
    const first = lastError ?? cause;
    const isRefused = first instanceof Error && first.name === 'ReplyError';
    throw createStoreError(
      isRefused ? 'STORE_REJECTED' : 'STORE_UNAVAILABLE',
      `the users cannot be set at ${formatStoreAddress(address)}: ${describeCause(first)}`,
      cause,
    );
  } finally {
    admin.disconnect();
  }
}

async function saveUsers(admin: Redis): Promise<boolean> {
  try {
    await admin.call('ACL', 'SAVE');
    return true;
  } catch {
    return false;
  }
}
