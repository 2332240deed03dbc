// One connection to Redis over ioredis, which reconnects by itself. What it adds: a call answers or rejects soon, and
// nothing is kept for a server that is not there; foreign errors become StoreErrors; subscriptions return with the
// connection. It takes RESP3 (Redis 6 and later), so that one connection subscribes and runs commands.
//
//   connecting ──► ready ──► close ──► reconnecting (at most 1 s) ──► connecting …
//   calls wait     calls     calls reject at once
//   (bounded)      run

import { isIP } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Redis, type Result } from 'ioredis';
import { createStoreError, describeCause, type StoreError } from '../store-error.ts';
import { formatRedisAddress, type RedisAddress } from './address.ts';
import { COMMIT_SCRIPT } from './commit-script.ts';
import { WRITE_LOAD_SCRIPT } from './load-script.ts';
import { ALLOCATE_EPOCH_SCRIPT, REMOVE_SLOT_SCRIPT, WRITE_SLOT_SCRIPT } from './slot-scripts.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    commitRevision(...keysAndArguments: readonly (string | Buffer | number)[]): Result<unknown, Context>;
    allocateEpoch(...keysAndArguments: readonly (string | Buffer | number)[]): Result<unknown, Context>;
    writeSlot(...keysAndArguments: readonly (string | Buffer | number)[]): Result<unknown, Context>;
    removeSlot(...keysAndArguments: readonly (string | Buffer | number)[]): Result<unknown, Context>;
    writeLoad(...keysAndArguments: readonly (string | Buffer | number)[]): Result<unknown, Context>;
  }
}

export type RedisConnectionOptions = {
  readonly address: RedisAddress;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** How long a call may take, and a handshake step. */
  readonly commandTimeoutMs: number;
  readonly tls?: TlsOptions;
};

/** The longest pause between two attempts to connect. */
const RECONNECT_LIMIT_MS = 1000;
const FIRST_RECONNECT_MS = 50;
const CONNECT_TIMEOUT_MS = 2000;
const DISCONNECT_TIMEOUT_MS = 500;
const KEEP_ALIVE_MS = 10_000;
const RESUBSCRIBE_MS = 1000;

/** How long a call waits for an attempt to connect that is under way. */
const ATTEMPT_WAIT_LIMIT_MS = 1000;

/** How many calls may wait so; further ones reject at once. */
const WAITING_LIMIT = 256;

export class RedisConnection {
  readonly #redis: Redis;
  readonly #options: RedisConnectionOptions;
  readonly #channels = new Map<string, Set<(payload: Buffer) => void>>();
  readonly #readyListeners = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #lastError: Error | undefined;
  #resubscribeTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#redis = createClient(options);
    this.#redis.on('error', (error: Error) => {
      this.#lastError = error;
    });
    this.#redis.on('ready', () => void this.#becomeReady());
    this.#redis.on('close', () => this.#endWaiting());
    this.#redis.on('end', () => this.#endWaiting());
    this.#redis.on('messageBuffer', (channel: Buffer, payload: Buffer) => {
      for (const listener of this.#channels.get(channel.toString()) ?? []) listener(payload);
    });
  }

  /** An attempt to connect is under way, which calls wait for. */
  get isConnecting(): boolean {
    return isUnderWay(this.#redis.status);
  }

  /** Runs commands. @throws StoreError, within the command timeout per command and once more for the connection. */
  async call<Value>(run: (redis: Redis) => Promise<Value>): Promise<Value> {
    if (this.isConnecting && this.#waiting.size < WAITING_LIMIT) await this.#waitForAttempt();
    if (this.#closed) throw createStoreError('STORE_CLOSED', 'the store is closed');
    if (this.#redis.status !== 'ready') throw this.#describeAbsence(this.#lastError);
    try {
      return await run(this.#redis);
    } catch (cause) {
      throw this.#mapError(cause);
    }
  }

  /** Calls `listener` with each message; subscribes anew after every loss of the connection. */
  subscribe(channel: string, listener: (payload: Buffer) => void): { close(): void } {
    const listeners = this.#channels.get(channel) ?? new Set();
    listeners.add(listener);
    this.#channels.set(channel, listeners);
    if (listeners.size === 1 && this.#redis.status === 'ready') void this.#subscribeAll();
    return {
      close: () => {
        listeners.delete(listener);
        if (listeners.size > 0 || this.#channels.get(channel) !== listeners) return;
        this.#channels.delete(channel);
        // A channel too many does no harm: its messages find no listener.
        if (this.#redis.status === 'ready') this.#redis.unsubscribe(channel).catch(() => {});
      },
    };
  }

  /** Calls `listener` each time the connection has come up and its subscriptions stand: time to catch up. */
  onReady(listener: () => void): { close(): void } {
    this.#readyListeners.add(listener);
    return { close: () => this.#readyListeners.delete(listener) };
  }

  /** Ends the connection; calls under way reject. Resolves when the socket is gone. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#resubscribeTimer);
    this.#readyListeners.clear();
    this.#channels.clear();
    const open = this.#redis.status === 'ready' || this.isConnecting;
    const gone = open ? this.#waitForEnd() : undefined;
    this.#redis.disconnect();
    this.#endWaiting();
    await gone;
  }

  async #becomeReady(): Promise<void> {
    this.#lastError = undefined;
    const subscribed = this.#subscribeAll();
    this.#endWaiting();
    await subscribed;
    for (const listener of this.#readyListeners) listener();
  }

  /** ioredis's own resubscription leaves a rejection unhandled when the connection is lost again, hence ours. */
  async #subscribeAll(): Promise<void> {
    clearTimeout(this.#resubscribeTimer);
    const channels = [...this.#channels.keys()];
    if (channels.length === 0) return;
    try {
      await this.#redis.subscribe(...channels);
    } catch (cause) {
      this.#lastError = cause instanceof Error ? cause : new Error(String(cause));
      if (this.#closed) return;
      this.#resubscribeTimer = setTimeout(() => {
        if (this.#redis.status === 'ready') void this.#subscribeAll();
      }, RESUBSCRIBE_MS).unref();
    }
  }

  #waitForAttempt(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(this.#options.commandTimeoutMs, ATTEMPT_WAIT_LIMIT_MS));
      this.#waiting.add(done);
    });
  }

  #endWaiting(): void {
    for (const done of [...this.#waiting]) done();
  }

  #waitForEnd(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 2 * DISCONNECT_TIMEOUT_MS);
      this.#redis.once('end', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #mapError(cause: unknown): StoreError {
    const message = describeCause(cause);
    const where = formatRedisAddress(this.#options.address);
    if (this.#closed) return createStoreError('STORE_CLOSED', 'the store was closed during the call', cause);
    if (message === 'Command timed out') {
      const limit = this.#options.commandTimeoutMs;
      return createStoreError('STORE_TIMEOUT', `${where} did not answer within ${limit} ms`, cause);
    }
    if (cause instanceof Error && cause.name === 'ReplyError') {
      return createStoreError('STORE_REJECTED', `${where} refused: ${message}`, cause);
    }
    return this.#describeAbsence(cause);
  }

  /** A server that is reached but turns us away, as for a wrong password, is told apart by its message. */
  #describeAbsence(cause: unknown): StoreError {
    const where = formatRedisAddress(this.#options.address);
    const reason = cause === undefined ? 'not connected' : describeCause(cause);
    const code = cause instanceof Error && cause.name === 'ReplyError' ? 'STORE_REJECTED' : 'STORE_UNAVAILABLE';
    return createStoreError(code, `no connection to ${where}: ${reason}`, cause);
  }
}

function isUnderWay(status: string): boolean {
  return status === 'connecting' || status === 'connect';
}

function createClient(options: RedisConnectionOptions): Redis {
  const { address, commandTimeoutMs } = options;
  return new Redis({
    host: address.host,
    port: address.port,
    db: address.database,
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: { ...(isIP(address.host) === 0 && { servername: address.host }), ...options.tls } }),
    connectionName: options.name,
    protocol: 3,
    // Nothing queues, and nothing is sent twice: a worker writes its whole state again in a second anyway.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    commandTimeout: commandTimeoutMs,
    // A server that says nothing for so long while calls wait is gone, whatever its socket pretends.
    socketTimeout: 2 * commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    failoverDetector: true,
    // A primary that became a replica: the name or address may lead to the new one by now.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    retryStrategy: (attempt) => {
      const ceiling = Math.min(RECONNECT_LIMIT_MS, FIRST_RECONNECT_MS * 2 ** Math.min(attempt - 1, 10));
      return ceiling * (0.5 + Math.random() / 2);
    },
    scripts: {
      commitRevision: { lua: COMMIT_SCRIPT, numberOfKeys: 5 },
      allocateEpoch: { lua: ALLOCATE_EPOCH_SCRIPT, numberOfKeys: 3 },
      writeSlot: { lua: WRITE_SLOT_SCRIPT, numberOfKeys: 3 },
      removeSlot: { lua: REMOVE_SLOT_SCRIPT, numberOfKeys: 3 },
      writeLoad: { lua: WRITE_LOAD_SCRIPT, numberOfKeys: 3 },
    },
  });
}
