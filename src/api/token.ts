// API tokens: 256 random bits, shown once. What is kept is their SHA-256, which is enough to recognise one and of no use to
// whoever reads it: with so much randomness in a token there is nothing to guess, so no slow hash is needed.

import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

/** `write` includes `read`, `admin` includes everything; `load` reports load and nothing else. */
export const SCOPES = ['read', 'write', 'load', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What is kept of a token: never the token. */
export type TokenRecord = {
  readonly id: string;
  /** Who or what uses it: the author of what it changes. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Lower-case hex. */
  readonly sha256: string;
  readonly createdAtMs: number;
  /** Absent: until it is revoked. */
  readonly expiresAtMs?: number;
};

export type NewToken = Pick<TokenRecord, 'name' | 'scopes' | 'createdAtMs' | 'expiresAtMs'>;

export const TOKEN_PREFIX = 'azm_';
const TOKEN_BYTES = 32;
const TOKEN_TEXT = /^azm_[A-Za-z0-9_-]{43}$/;
/** More is a fault of a script that creates tokens in a loop. */
export const MAX_TOKENS = 1_000;

/** Makes a token. `text` is the only time that it can be read. */
export function createToken(token: NewToken): { readonly text: string; readonly record: TokenRecord } {
  const text = TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  return { text, record: { ...token, id: randomUUID(), sha256: hashToken(text).toString('hex') } };
}

/** The record of a token that is valid at `nowMs` (wall clock); undefined for any other text. */
export function findToken(tokens: readonly TokenRecord[], text: string, nowMs: number): TokenRecord | undefined {
  if (!TOKEN_TEXT.test(text)) return undefined;
  const hash = hashToken(text);
  let found: TokenRecord | undefined;
  // All are compared, each in constant time: how long it takes says nothing of which matched, or how nearly.
  for (const record of tokens) {
    const kept = Buffer.from(record.sha256, 'hex');
    if (kept.length === hash.length && timingSafeEqual(kept, hash)) found = record;
  }
  return found !== undefined && isInForce(found, nowMs) ? found : undefined;
}

export function isInForce({ expiresAtMs }: TokenRecord, nowMs: number): boolean {
  return expiresAtMs === undefined || expiresAtMs > nowMs;
}

export function hasScope({ scopes }: Pick<TokenRecord, 'scopes'>, wanted: Scope): boolean {
  return scopes.some((scope) => scope === wanted || INCLUDES[scope].includes(wanted));
}

const INCLUDES: Readonly<Record<Scope, readonly Scope[]>> = {
  read: [],
  load: [],
  write: ['read'],
  admin: ['read', 'write', 'load'],
};

/** The text of the manifest's object `tokens`: the same for the same tokens. */
export function composeTokens(tokens: readonly TokenRecord[]): string {
  const rows = tokens.map(({ id, name, scopes, sha256, createdAtMs, expiresAtMs }) => ({
    id,
    name,
    scopes,
    sha256,
    createdAtMs,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  }));
  return JSON.stringify(rows);
}

/** Inverse of `composeTokens`. What is no token is left out: nobody gets in by it. */
export function parseTokens(text: string): readonly TokenRecord[] {
  const rows: unknown = parseJson(text);
  return Array.isArray(rows) ? rows.slice(0, MAX_TOKENS).filter(isTokenRecord) : [];
}

function hashToken(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTokenRecord(value: unknown): value is TokenRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, scopes, sha256, createdAtMs, expiresAtMs }: Partial<Record<keyof TokenRecord, unknown>> = value;
  return (
    typeof id === 'string' &&
    typeof name === 'string' &&
    Array.isArray(scopes) &&
    scopes.every((scope) => SCOPES.includes(scope)) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof createdAtMs === 'number' &&
    (expiresAtMs === undefined || typeof expiresAtMs === 'number')
  );
}
