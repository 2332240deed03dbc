// Tokens: made, listed and revoked by whoever has the scope admin. A token never changes, so nothing of it can be stale:
// these writes need no If-Match.

import { Type } from 'typebox';
import { formatDuration, MAX_DURATION_MS } from '../model/duration.ts';
import { durationSchema, readDurationMs, textSchema } from '../model/scalar.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { callerOf } from './authorize.ts';
import { readCurrent } from './change.ts';
import { cutPage, PageQuery } from './page.ts';
import { describeRoute, MomentSchema, NothingSchema, pageSchema } from './route-schema.ts';
import { createToken, hasScope, isInForce, MAX_TOKENS, SCOPES, type TokenRecord } from './token.ts';

const SCOPE_LIST = Type.Array(Type.Enum([...SCOPES]), {
  minItems: 1,
  maxItems: SCOPES.length,
  description: 'write includes read, admin includes everything; load reports load and nothing else.',
});

const TOKEN = {
  id: Type.String(),
  name: Type.String({ description: 'Who or what uses it: the author of what it changes.' }),
  scopes: SCOPE_LIST,
  createdAt: MomentSchema,
  expiresAt: Type.Optional(MomentSchema),
};
const TokenSchema = Type.Object(TOKEN);
export const TokenPageSchema = pageSchema(TokenSchema, 'A page of tokens; never the tokens themselves.');
export const CreatedTokenSchema = Type.Object({
  ...TOKEN,
  token: Type.String({ description: 'The token itself: shown this once, and kept nowhere.' }),
});
const TokenBody = Type.Object(
  {
    name: textSchema({ examples: ['deploy'] }),
    scopes: SCOPE_LIST,
    for: Type.Optional(durationSchema({ description: 'How long it is valid; until it is revoked when not given.' })),
  },
  { additionalProperties: false },
);

const TAG = 'tokens';
const admin = { config: { scope: 'admin' } } as const;

export function addTokenRoutes({ server, writer, desk, nowMs }: ApiContext): void {
  server.get(
    '/v1/tokens',
    {
      ...admin,
      schema: {
        ...describeRoute(
          { operationId: 'listTokens', tag: TAG, summary: 'List tokens, expired ones included' },
          { 200: TokenPageSchema },
        ),
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
      },
    },
    async (request) => {
      const { tokens } = await readCurrent(writer);
      const { items, ...rest } = cutPage(tokens, ({ id }) => id, request.query);
      return { items: items.map(describeToken), ...rest };
    },
  );

  server.post(
    '/v1/tokens',
    {
      ...admin,
      schema: {
        ...describeRoute(
          { operationId: 'createToken', tag: TAG, summary: 'Create a token' },
          { 201: CreatedTokenSchema },
        ),
        body: TokenBody,
      },
    },
    async (request, reply) => {
      const { name, scopes, for: duration } = request.body;
      const createdAtMs = nowMs();
      const expiry = duration === undefined ? {} : { expiresAtMs: createdAtMs + readLifetimeMs(duration) };
      const { text, record } = createToken({ name, scopes, createdAtMs, ...expiry });
      await desk.commitInTurn(({ id, tokens }) => {
        // Those that expired are of no use to anyone: a new one takes their place.
        const kept = tokens.filter((token) => isInForce(token, createdAtMs));
        if (kept.length >= MAX_TOKENS) throw refuse('INVALID', `There are ${MAX_TOKENS} tokens: revoke some first.`);
        const change = { expected: id, author: callerOf(request).name, message: `create token ${name}` };
        return writer.commitTokens({ ...change, tokens: [...kept, record] });
      });
      reply.status(201).header('location', `/v1/tokens/${record.id}`).header('cache-control', 'no-store');
      return { ...describeToken(record), token: text };
    },
  );

  server.delete(
    '/v1/tokens/:id',
    {
      ...admin,
      schema: {
        ...describeRoute({ operationId: 'revokeToken', tag: TAG, summary: 'Revoke a token' }, { 204: NothingSchema }),
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
      },
    },
    async (request, reply) => {
      await desk.commitInTurn(({ id, tokens }) => {
        const rest = tokens.filter((token) => token.id !== request.params.id);
        checkStillGoverned(tokens, rest, nowMs());
        const change = { expected: id, author: callerOf(request).name, message: `revoke token ${request.params.id}` };
        return writer.commitTokens({ ...change, tokens: rest });
      });
      return reply.status(204).send();
    },
  );
}

/** Without any token that may make others, nobody could ever get in again. */
function checkStillGoverned(before: readonly TokenRecord[], after: readonly TokenRecord[], nowMs: number): void {
  const isAdmin = (token: TokenRecord) => hasScope(token, 'admin') && isInForce(token, nowMs);
  if (before.some(isAdmin) && !after.some(isAdmin)) {
    throw refuse('IN_USE', 'This is the last token with the scope admin: create another one first.');
  }
}

function readLifetimeMs(duration: string | number): number {
  const lifetimeMs = readDurationMs(duration);
  if (lifetimeMs !== undefined && lifetimeMs > 0) return lifetimeMs;
  const detail = `must be a duration such as 90d or 12h, at most ${formatDuration(MAX_DURATION_MS)}`;
  throw refuse('INVALID', `/for: ${detail}.`, [{ in: 'body', pointer: '/for', detail }]);
}

function describeToken({ id, name, scopes, createdAtMs, expiresAtMs }: TokenRecord) {
  return {
    id,
    name,
    scopes: [...scopes],
    createdAt: new Date(createdAtMs).toISOString(),
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
  };
}
