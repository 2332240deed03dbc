// One connection to Redis over ioredis, which reconnects by itself. What it adds: a call answers or rejects soon, and
// nothing is kept for a server that is not there; foreign errors become StoreErrors; subscriptions return with the
// connection. It takes RESP3 (Redis 6 and later), so that one connection subscribes and runs commands.
//
//   connecting ──► ready ──► close ──► reconnecting (at most 1 s) ──► connecting …
//   calls wait     calls     calls reject at once
//   (bounded)      run

import type { Redis } from 'ioredis';
import { type Endpoint, formatEndpoint } from '../../model/store-address.ts';
import { createStoreError, describeCause, type StoreError } from '../store-error.ts';
import { createClient, type RedisClientOptions } from './client.ts';
import { isLocator } from './primary-locator.ts';

export type RedisConnectionOptions = Omit<RedisClientOptions, 'onServer'> & {
  /** What messages call it: without credentials. */
  readonly title: string;
};

const RESUBSCRIBE_MS = 1000;

/** How long `close` waits for a socket to be gone. */
const CLOSE_LIMIT_MS = 1000;

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
  readonly #watch: { close(): void } | undefined;
  /** The one that is connected to, or that is being connected to; undefined while it is looked for. */
  #server: Endpoint | undefined;
  /** Where it was connected last. */
  #lastServer: string | undefined;
  /** Undefined until the first attempt to connect has ended. */
  #isConnected: boolean | undefined;
  /** When it came back after a loss (monotonic). */
  #returnedAtMs = Number.NEGATIVE_INFINITY;
  readonly #presenceListeners = new Set<(isConnected: boolean, isOther: boolean) => void>();
  #lastError: Error | undefined;
  #resubscribeTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#redis = createClient({
      ...options,
      onServer: (server) => {
        this.#server = server;
      },
    });
    if (isLocator(options.server)) this.#watch = options.server.watch((primary) => this.#leaveUnless(primary));
    this.#redis.on('error', (error: Error) => {
      this.#lastError = error;
    });
    this.#redis.on('ready', () => void this.#becomeReady());
    this.#redis.on('close', () => this.#becomeAbsent());
    this.#redis.on('end', () => this.#becomeAbsent());
    this.#redis.on('messageBuffer', (channel: Buffer, payload: Buffer) => {
      for (const listener of this.#channels.get(channel.toString()) ?? []) listener(payload);
    });
  }

  get isConnected(): boolean | undefined {
    return this.#isConnected;
  }

  /** Whether it asks where its server is. */
  get isGuided(): boolean {
    return isLocator(this.#options.server);
  }

  /** Milliseconds since it came back after a loss; infinite where it never was lost. */
  get returnedForMs(): number {
    return performance.now() - this.#returnedAtMs;
  }

  /** Why it is not connected, in words. */
  get absence(): string {
    return this.#lastError === undefined ? 'the connection was closed' : describeCause(this.#lastError);
  }

  /** Calls whenever it is lost, and whenever it is back: at another server than before? The first attempt counts as either. */
  onPresence(listener: (isConnected: boolean, isOther: boolean) => void): void {
    this.#presenceListeners.add(listener);
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
    this.#watch?.close();
    clearTimeout(this.#resubscribeTimer);
    this.#readyListeners.clear();
    this.#presenceListeners.clear();
    this.#channels.clear();
    const open = this.#redis.status === 'ready' || this.isConnecting;
    const gone = open ? this.#waitForEnd() : undefined;
    this.#redis.disconnect();
    this.#endWaiting();
    await gone;
  }

  /** The server may be sound, yet cut off from the others, or on its way to becoming a replica. */
  #leaveUnless({ host, port }: Endpoint): void {
    const server = this.#server;
    if (this.#closed || server === undefined || (server.host === host && server.port === port)) return;
    this.#server = undefined;
    this.#redis.disconnect(true);
  }

  async #becomeReady(): Promise<void> {
    this.#lastError = undefined;
    const server = this.#server === undefined ? '' : formatEndpoint(this.#server);
    const isOther = this.#lastServer !== undefined && this.#lastServer !== server;
    if (this.#lastServer !== undefined) this.#returnedAtMs = performance.now();
    this.#lastServer = server;
    this.#tellPresence(true, isOther);
    const subscribed = this.#subscribeAll();
    this.#endWaiting();
    await subscribed;
    for (const listener of this.#readyListeners) listener();
  }

  #becomeAbsent(): void {
    this.#endWaiting();
    if (!this.#closed) this.#tellPresence(false, false);
  }

  #tellPresence(isConnected: boolean, isOther: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    for (const listener of this.#presenceListeners) listener(isConnected, isOther);
  }

  /** ioredis's own resubscription leaves a rejection unhandled when the connection is lost again, hence ours. */
  async #subscribeAll(): Promise<void> {
    clearTimeout(this.#resubscribeTimer);
    const channels = [...this.#channels.keys()];
    if (channels.length === 0) return;
    try {
      await this.#redis.subscribe(...channels);
    } catch {
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
      const timer = setTimeout(resolve, CLOSE_LIMIT_MS);
      this.#redis.once('end', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  get #where(): string {
    const { title } = this.#options;
    return !isLocator(this.#options.server) || this.#server === undefined
      ? title
      : `${title} (${formatEndpoint(this.#server)})`;
  }

  #mapError(cause: unknown): StoreError {
    const message = describeCause(cause);
    const where = this.#where;
    if (this.#closed) return createStoreError('STORE_CLOSED', 'the store was closed during the call', cause);
    if (message === 'Command timed out') {
      const limit = this.#options.commandTimeoutMs;
      return createStoreError('STORE_TIMEOUT', `${where} did not answer within ${limit} ms`, cause);
    }
    if (cause instanceof Error && cause.name === 'ReplyError') {
      return createStoreError('STORE_REJECTED', `${where} refused: ${message}`, cause);
    }
    // What ioredis calls it when a connection breaks under a call says nothing of why.
    if (cause instanceof Error && cause.name === 'MaxRetriesPerRequestError') {
      return this.#describeAbsence(this.#lastError ?? new Error('the connection was closed', { cause }));
    }
    return this.#describeAbsence(cause);
  }

  /** A server that is reached but turns us away, as for a wrong password, is told apart by its message. */
  #describeAbsence(cause: unknown): StoreError {
    const where = this.#where;
    const reason = cause === undefined ? 'not connected' : describeCause(cause);
    const code = cause instanceof Error && cause.name === 'ReplyError' ? 'STORE_REJECTED' : 'STORE_UNAVAILABLE';
    return createStoreError(code, `no connection to ${where}: ${reason}`, cause);
  }
}

function isUnderWay(status: string): boolean {
  return status === 'connecting' || status === 'connect';
}
