// The address of a Redis server, as operators write it. ioredis would take any of its own options from the query part, the
// safety-relevant ones among them, so the address is read here and everything unknown refused.

import { isIP } from 'node:net';
import { createStoreError, describeCause } from '../store-error.ts';

export type RedisAddress = {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  readonly tls: boolean;
};

const DEFAULT_PORT = 6379;
const DATABASE = /^\/(\d{1,4})?$/;

/** @throws StoreError STORE_BAD_ADDRESS for anything but redis:// and rediss:// with user, password, host, port, database. */
export function parseRedisAddress(text: string): RedisAddress {
  const url = parseUrl(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') refuse(`${url.protocol}// is no address of Redis`);
  if (url.hostname === '') refuse('the address of Redis names no host');
  if (url.search !== '' || url.hash !== '') refuse('the address of Redis takes no parameters');
  const database = DATABASE.exec(url.pathname === '' ? '/' : url.pathname);
  if (!database) refuse(`${url.pathname} is no database of Redis: a number is`);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    ...(url.username !== '' && { username: decode(url.username) }),
    ...(url.password !== '' && { password: decode(url.password) }),
    database: Number(database[1] ?? 0),
    tls: url.protocol === 'rediss:',
  };
}

/** For messages and logs: without credentials. */
export function formatRedisAddress(address: RedisAddress): string {
  const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
  return `${address.tls ? 'rediss' : 'redis'}://${host}:${address.port}/${address.database}`;
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // Without the text: it may hold a password.
    return refuse('the address of Redis is no URL');
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    return refuse(`the credentials in the address of Redis are not percent-encoded: ${describeCause(cause)}`);
  }
}

function refuse(message: string): never {
  throw createStoreError('STORE_BAD_ADDRESS', message);
}
