// Who may do what: bearer tokens (RFC 6750), and the scope that each route states. In two steps, so that the limit on
// requests stands between them: first who calls, then whether they may.

import type { FastifyRequest } from 'fastify';
import { refuse } from './api-error.ts';
import type { ConfigurationWriter } from './ports.ts';
import { findToken, hasScope, type Scope, type TokenRecord } from './token.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token the request bears; undefined: none, or not a valid one. */
    caller: TokenRecord | undefined;
  }
  interface FastifyContextConfig {
    /** What a token must allow for this route; `public` needs none. Every route states it. */
    scope?: Scope | 'public';
  }
}

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** Recognises the caller, and refuses nobody yet. */
export function identify(writer: Pick<ConfigurationWriter, 'tokens'>, nowMs: () => number) {
  return async (request: FastifyRequest): Promise<void> => {
    const text = BEARER.exec(request.headers.authorization ?? '')?.[1];
    request.caller = text === undefined ? undefined : findToken(writer.tokens() ?? [], text, nowMs());
  };
}

/** Refuses whoever may not do what the route does. Unknown routes tell nothing to strangers, so they need a token too. */
export async function authorize(request: FastifyRequest): Promise<void> {
  const { scope = 'read' } = request.routeOptions.config;
  if (scope === 'public') return;
  const { caller } = request;
  if (caller === undefined) {
    const hasTried = request.headers.authorization !== undefined;
    const why = hasTried ? 'The token is unknown, expired or revoked.' : 'There is no token.';
    throw refuse('UNAUTHENTICATED', `${why} Send one as: Authorization: Bearer azm_…`);
  }
  if (request.is404 || hasScope(caller, scope)) return;
  const has = caller.scopes.join(', ');
  throw refuse('FORBIDDEN', `This needs the scope "${scope}"; the token "${caller.name}" has ${has}.`);
}

/** The caller of a route that needed one. */
export function callerOf(request: FastifyRequest): TokenRecord {
  if (request.caller === undefined) throw new Error('a route that acts for a caller must not be public');
  return request.caller;
}
