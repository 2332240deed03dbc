// The ioredis client of one connection, with every option that makes it keep the rules of connection.ts: nothing queues,
// nothing is sent twice, and whatever hangs is given up.

import { Redis, type Result } from 'ioredis';
import type { RedisLogin } from '../../model/store-address.ts';
import { COMMIT_SCRIPT } from './commit-script.ts';
import { WRITE_LOAD_SCRIPT } from './load-script.ts';
import { isLocator } from './primary-locator.ts';
import { createServerConnector, type ServerConnectorOptions } from './server-connector.ts';
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

export type RedisClientOptions = ServerConnectorOptions & {
  readonly login: RedisLogin;
  readonly database: number;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** How long a call may take, and a handshake step. */
  readonly commandTimeoutMs: number;
  /** A Sentinel, or any node of a cluster: asked where the primary is, and nothing else. */
  readonly isGuide?: boolean;
};

/** The longest pause between two attempts to connect. */
const RECONNECT_LIMIT_MS = 1000;
/** And where another server may have become the primary meanwhile, whom asking costs little. */
const GUIDED_RECONNECT_LIMIT_MS = 250;
const FIRST_RECONNECT_MS = 50;
const CONNECT_TIMEOUT_MS = 2000;
const KEEP_ALIVE_MS = 10_000;

/** Replies of a server that is not, or no longer, the one that takes our writes: another one does by now. */
const MISPLACED = /^(?:READONLY|MOVED) /;

export function createClient(options: RedisClientOptions): Redis {
  const { server, login, commandTimeoutMs, isGuide = false } = options;
  const limitMs = isLocator(server) ? GUIDED_RECONNECT_LIMIT_MS : RECONNECT_LIMIT_MS;
  return new Redis({
    Connector: createServerConnector(options),
    // The connector speaks TLS; ioredis must only know to wait for it.
    ...(options.tls && { tls: {} }),
    ...login,
    db: options.database,
    connectionName: options.name,
    // Its name and version are nobody's business, and commands that a user may not give fill the server's ACL log.
    disableClientInfo: true,
    protocol: 3,
    // Nothing queues, and nothing is sent twice: a worker writes its whole state again in a second anyway.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    enableReadyCheck: !isGuide,
    commandTimeout: commandTimeoutMs,
    // A server that says nothing for so long while calls wait is gone, whatever its socket pretends.
    socketTimeout: 2 * commandTimeoutMs,
    connectTimeout: isGuide ? commandTimeoutMs : CONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    reconnectOnError: (error) => MISPLACED.test(error.message),
    retryStrategy: (attempt) => {
      const ceiling = Math.min(limitMs, FIRST_RECONNECT_MS * 2 ** Math.min(attempt - 1, 10));
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
