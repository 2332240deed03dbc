// Overrides: an operator's word about a region, a cluster or an endpoint. Part of the configuration like everything else,
// so that they are replicated, persisted, and seen in the history with who gave them and why.

import { Type } from 'typebox';
import { formatDuration, MAX_DURATION_MS } from '../model/duration.ts';
import { type Draft, deleteItem, findItem, type Item, keyOfItem, listItems, putItem } from '../model/edit-document.ts';
import { OverrideSchema } from '../model/override.ts';
import { durationSchema, readDurationMs, textSchema } from '../model/scalar.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { callerOf } from './authorize.ts';
import { readCurrent } from './change.ts';
import { checkDelete, refuseMissing, sendChanged, sendDeleted } from './item-change.ts';
import { cutPage, PageQuery } from './page.ts';
import { checkPrecondition, sendTagged, tagContent, tagRevision } from './precondition.ts';
import { ChangedSchema, DryRunQuery, describeRoute, NothingSchema, pageSchema, writtenSchema } from './route-schema.ts';

const { state, expiresAt } = OverrideSchema.properties;
const OverrideBody = Type.Object(
  {
    state,
    reason: textSchema({ description: 'Why: for whoever finds this override later.' }),
    for: Type.Optional(durationSchema({ description: 'How long it holds; or else give expiresAt, or neither.' })),
    expiresAt,
  },
  { additionalProperties: false, description: 'The author is the name of the token.' },
);

const ID = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' });
const Dry = Type.Object(DryRunQuery, { additionalProperties: false });
const TAG = 'overrides';

/** The two forms of a place: an endpoint has its cluster's id before its own. */
const PLACES = [
  {
    url: '/v1/overrides/:kind/:id',
    noun: 'Override',
    params: Type.Object({ kind: Type.Enum(['regions', 'clusters']), id: ID }),
  },
  {
    url: '/v1/overrides/endpoints/:cluster/:id',
    noun: 'EndpointOverride',
    params: Type.Object({ cluster: ID, id: ID }),
  },
] as const;

type PlaceRoutes = (typeof PLACES)[number];

type Place = { readonly kind?: string; readonly cluster?: string; readonly id: string };

export function addOverrideRoutes(context: ApiContext): void {
  const { server, writer } = context;
  server.get(
    '/v1/overrides',
    {
      config: { scope: 'read' },
      schema: {
        ...describeRoute(
          { operationId: 'listOverrides', tag: TAG, summary: 'List overrides, expired ones included' },
          { 200: pageSchema(OverrideSchema, 'A page of overrides.') },
        ),
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const { id, document } = await readCurrent(writer);
      const items = listItems(document, 'overrides');
      return sendTagged(request, reply, tagRevision(id), () => cutPage(items, keyOf, request.query));
    },
  );
  for (const place of PLACES) {
    addGetRoute(context, place);
    addPutRoute(context, place);
    addDeleteRoute(context, place);
  }
}

function addGetRoute({ server, writer }: ApiContext, { url, noun, params }: PlaceRoutes): void {
  server.get(
    url,
    {
      config: { scope: 'read' },
      schema: {
        ...describeRoute({ operationId: `get${noun}`, tag: TAG, summary: 'Get an override' }, { 200: OverrideSchema }),
        params,
      },
    },
    async (request, reply) => {
      const { document } = await readCurrent(writer);
      const { key } = readPlace(request.params);
      const found = findItem(document, 'overrides', key);
      if (found === undefined) throw refuseMissing('Override', key);
      return sendTagged(request, reply, tagContent(found.item), () => found.item);
    },
  );
}

function addPutRoute({ server, desk, nowMs }: ApiContext, { url, noun, params }: PlaceRoutes): void {
  server.put(
    url,
    {
      config: { scope: 'write' },
      schema: {
        ...describeRoute(
          {
            operationId: `put${noun}`,
            tag: TAG,
            summary: 'Set an override',
            description:
              'force-down > drain > force-up > what the monitors say. Expired overrides are dropped on the way.',
            isConditional: true,
          },
          { 200: writtenSchema(OverrideSchema), 201: OverrideSchema },
        ),
        params,
        body: OverrideBody,
        querystring: Dry,
      },
    },
    async (request, reply) => {
      const { kind, id, key } = readPlace(request.params);
      const override = { kind, id, ...readWord(request.body, nowMs()), author: callerOf(request).name };
      let isNew = false;
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `override ${key}: ${override.state}, ${override.reason}`,
        edit: ({ document }) => {
          const found = findItem(document, 'overrides', key);
          isNew = found === undefined;
          checkPrecondition(request, found && tagContent(found.item));
          const draft = putItem(dropExpired(document, nowMs()), 'overrides', key, override);
          return { draft, bodyAt: `/overrides/${findItem(draft, 'overrides', key)?.index ?? 0}` };
        },
      });
      return sendChanged(reply, changed, override, isNew ? 201 : 200);
    },
  );
}

function addDeleteRoute({ server, desk, nowMs }: ApiContext, { url, noun, params }: PlaceRoutes): void {
  server.delete(
    url,
    {
      config: { scope: 'write' },
      schema: {
        ...describeRoute(
          { operationId: `delete${noun}`, tag: TAG, summary: 'Clear an override', isConditional: true },
          { 204: NothingSchema, 200: ChangedSchema },
        ),
        params,
        querystring: Dry,
      },
    },
    async (request, reply) => {
      const { key } = readPlace(request.params);
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `clear override ${key}`,
        edit: ({ document }) => {
          checkDelete(request, findItem(document, 'overrides', key)?.item);
          return { draft: deleteItem(dropExpired(document, nowMs()), 'overrides', key) };
        },
      });
      return sendDeleted(reply, changed);
    },
  );
}

function readPlace({ kind = 'endpoints', cluster, id }: Place) {
  const full = cluster === undefined ? id : `${cluster}/${id}`;
  return { kind, id: full, key: `${kind}/${full}` };
}

type Word = {
  readonly state: string;
  readonly reason: string;
  readonly for?: string | number;
  readonly expiresAt?: string;
};

function readWord({ state, reason, for: duration, expiresAt }: Word, nowMs: number) {
  if (duration === undefined) return { state, reason, ...(expiresAt !== undefined && { expiresAt }) };
  const durationMs = readDurationMs(duration);
  if (expiresAt !== undefined) throw refuseFor('give for or expiresAt, not both');
  if (durationMs === undefined || durationMs === 0)
    throw refuseFor(`must be a duration such as 30m or 2h, at most ${formatDuration(MAX_DURATION_MS)}`);
  return { state, reason, expiresAt: new Date(nowMs + durationMs).toISOString() };
}

function refuseFor(detail: string) {
  return refuse('INVALID', `/for: ${detail}.`, [{ in: 'body', pointer: '/for', detail }]);
}

/** What has expired says nothing any more; whoever changes an override sweeps it out. */
function dropExpired(document: Draft, nowMs: number): Draft {
  const expired = listItems(document, 'overrides').filter(({ expiresAt }) => {
    return typeof expiresAt === 'string' && Date.parse(expiresAt) <= nowMs;
  });
  return expired.reduce<Draft>((draft, item) => deleteItem(draft, 'overrides', keyOf(item)), document);
}

function keyOf(item: Item): string {
  return keyOfItem('overrides', item) ?? '';
}
