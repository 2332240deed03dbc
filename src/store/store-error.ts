// The one shape in which a store fails: a code for programs, a message that says what happened, advice that says what to
// do. Foreign errors (ioredis, SQLite, the file system) are mapped to it at the edge of each driver, and kept as `cause`.

/** Every code, with what it means and what the operator can do. */
export const STORE_ERRORS = {
  STORE_UNAVAILABLE: 'check that the store runs and is reachable; calls work again by themselves once it is back',
  STORE_UNWRITABLE:
    'choose another stateDirectory (AZIMUTH_STATE_DIRECTORY), or let the user that runs this process write there',
  STORE_TIMEOUT: 'the store was too slow, and may still carry the call out: read before repeating it',
  STORE_REJECTED: 'read the message of the store: often credentials, permissions, memory or disk',
  STORE_CLOSED: 'the process is shutting down',
  STORE_LOCKED: 'stop that one, or give this one a state directory of its own (AZIMUTH_STATE_DIRECTORY)',
  STORE_DAMAGED: 'restore what is named from a backup, or move it away and commit the configuration again',
  STORE_INCOMPLETE: 'pass every object that the manifest names and that the store does not hold yet',
  STORE_BAD_ADDRESS:
    'write redis://[user:password@]host[:port][/database], redis+sentinel://host:port,…/NAME or redis+cluster://host:port,…; rediss for TLS',
  STORE_BAD_TLS:
    'correct the paths of PEM files in the settings (redis.tls, health.pull, probe.serve), which must be readable',
} as const;

export type StoreErrorCode = keyof typeof STORE_ERRORS;

export type StoreError = Error & { readonly code: StoreErrorCode; readonly advice: string };

export function createStoreError(code: StoreErrorCode, message: string, cause?: unknown): StoreError {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  error.name = 'StoreError';
  return Object.assign(error, { code, advice: STORE_ERRORS[code] });
}

export function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code in STORE_ERRORS;
}

/** What a log line says of a failure: its words, and its code if it has one. Where the store fails, a stack tells nothing. */
export function describeFailure(error: unknown): { readonly reason: string; readonly code?: StoreErrorCode } {
  return { ...(isStoreError(error) && { code: error.code }), reason: describeCause(error) };
}

/** What is wrong with a store that cannot be used, for the beginning of a sentence. */
export function nameStoreFault(error: unknown): string {
  return isStoreError(error) && error.code === 'STORE_REJECTED' ? 'the store refuses us' : 'the store does not answer';
}

/** The message of anything that was thrown. */
export function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
