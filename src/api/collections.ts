// Regions, vantages, monitors, clusters, services and zones: collections of configuration items, all with the same verbs.
// What a body must look like is the model's own schema; what it may refer to, the commit checks.

import { type TSchema, Type } from 'typebox';
import { checkShape, compileShape, type Shape } from '../model/check-shape.ts';
import { ClusterSchema } from '../model/cluster.ts';
import {
  type Collection,
  type Draft,
  deleteItem,
  findItem,
  type Item,
  keyOfItem,
  listItems,
  normalizeKey,
  putItem,
} from '../model/edit-document.ts';
import { MAX_DOCUMENT_LENGTH, MAX_NAME_TEXT_LENGTH } from '../model/limits.ts';
import { MonitorSchema } from '../model/monitor.ts';
import { RegionSchema } from '../model/region.ts';
import { ServiceSchema } from '../model/service.ts';
import { VantageSchema } from '../model/vantage.ts';
import { ZoneSchema } from '../model/zone.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { readCurrent } from './change.ts';
import { checkDelete, checkPut, fillKey, itemOf, refuseMissing, sendChanged, sendDeleted } from './item-change.ts';
import { applyMergePatch } from './merge-patch.ts';
import { cutPage, PageQuery } from './page.ts';
import { checkPrecondition, sendTagged, tagContent, tagRevision } from './precondition.ts';
import { ChangedSchema, DryRunQuery, describeRoute, NothingSchema, pageSchema, writtenSchema } from './route-schema.ts';
import { listFaults, summarize } from './validation.ts';

type CollectionRoutes = {
  readonly collection: Collection;
  /** One of it, capitalised. */
  readonly noun: string;
  readonly schema: TSchema;
  /** Parts of an item that its place in the URL tells, so that a PUT need not repeat them. */
  readonly keyOf: (key: string) => Item;
};

const byId = (id: string) => ({ id });
const byName = (name: string) => ({ name });

export const COLLECTION_ROUTES: readonly CollectionRoutes[] = [
  { collection: 'regions', noun: 'Region', schema: RegionSchema, keyOf: byId },
  { collection: 'vantages', noun: 'Vantage', schema: VantageSchema, keyOf: byId },
  { collection: 'monitors', noun: 'Monitor', schema: MonitorSchema, keyOf: byId },
  { collection: 'clusters', noun: 'Cluster', schema: ClusterSchema, keyOf: byId },
  // Which part of the full name is the zone's, only the body can say.
  { collection: 'services', noun: 'Service', schema: ServiceSchema, keyOf: () => ({}) },
  { collection: 'zones', noun: 'Zone', schema: ZoneSchema, keyOf: byName },
];

const KeyParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: MAX_NAME_TEXT_LENGTH }) });
const READ = { config: { scope: 'read' } } as const;
const WRITE = { config: { scope: 'write' }, bodyLimit: MAX_DOCUMENT_LENGTH } as const;
const PatchBody = Type.Object({}, { description: 'A JSON merge patch (RFC 7396).' });

export function addCollectionRoutes(context: ApiContext, routes: CollectionRoutes): void {
  addListRoute(context, routes);
  addGetRoute(context, routes);
  addCreateRoute(context, routes);
  addPutRoute(context, routes);
  addPatchRoute(context, routes);
  addDeleteRoute(context, routes);
}

function addListRoute({ server, writer }: ApiContext, { collection, schema, noun }: CollectionRoutes): void {
  server.get(
    `/v1/${collection}`,
    {
      ...READ,
      schema: {
        ...describeRoute(
          { operationId: `list${noun}s`, tag: collection, summary: `List ${collection}` },
          { 200: pageSchema(schema, `A page of ${collection}.`) },
        ),
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const { id, document } = await readCurrent(writer);
      const items = listItems(document, collection);
      return sendTagged(request, reply, tagRevision(id), () =>
        cutPage(items, (item) => keyOfItem(collection, item) ?? '', request.query),
      );
    },
  );
}

function addGetRoute({ server, writer }: ApiContext, { collection, noun, schema }: CollectionRoutes): void {
  server.get(
    `/v1/${collection}/:id`,
    {
      ...READ,
      schema: {
        ...describeRoute(
          { operationId: `get${noun}`, tag: collection, summary: `Get one of the ${collection}` },
          { 200: schema },
        ),
        params: KeyParams,
      },
    },
    async (request, reply) => {
      const { document } = await readCurrent(writer);
      const key = normalizeKey(collection, request.params.id);
      const found = findItem(document, collection, key);
      if (found === undefined) throw refuseMissing(noun, key);
      return sendTagged(request, reply, tagContent(found.item), () => found.item);
    },
  );
}

function addCreateRoute({ server, desk }: ApiContext, { collection, noun, schema }: CollectionRoutes): void {
  server.post(
    `/v1/${collection}`,
    {
      ...WRITE,
      schema: {
        ...describeRoute(
          { operationId: `create${noun}`, tag: collection, summary: `Create one of the ${collection}` },
          { 201: schema, 200: ChangedSchema },
        ),
        body: schema,
        querystring: Type.Object(DryRunQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const item = itemOf(request.body);
      const key = keyOfItem(collection, item) ?? '';
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `create ${collection}/${key}`,
        edit: ({ document }) => {
          if (findItem(document, collection, key)) {
            throw refuse('ALREADY_EXISTS', `${noun} "${key}" is there already: change it with PUT or PATCH.`);
          }
          return editItem(document, collection, key, item);
        },
      });
      reply.header('location', `/v1/${collection}/${encodeURIComponent(key)}`);
      return sendChanged(reply, changed, item, 201);
    },
  );
}

function addPutRoute({ server, desk }: ApiContext, { collection, schema, keyOf, noun }: CollectionRoutes): void {
  server.put(
    `/v1/${collection}/:id`,
    {
      ...WRITE,
      preValidation: async (request) => fillKey(request, keyOf(request.params.id)),
      schema: {
        ...describeRoute(
          {
            operationId: `put${noun}`,
            tag: collection,
            summary: `Create or replace one of the ${collection}`,
            description: 'What the URL says already (id or name) may be left out of the body.',
            isConditional: true,
          },
          { 200: writtenSchema(schema), 201: schema },
        ),
        params: KeyParams,
        body: schema,
        querystring: Type.Object(DryRunQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const key = normalizeKey(collection, request.params.id);
      const item = itemOf(request.body);
      checkKey(collection, key, item);
      let isNew = false;
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `put ${collection}/${key}`,
        edit: ({ document }) => {
          const found = findItem(document, collection, key);
          isNew = found === undefined;
          checkPut(request, found?.item, item);
          return editItem(document, collection, key, item);
        },
      });
      return sendChanged(reply, changed, item, isNew ? 201 : 200);
    },
  );
}

function addPatchRoute({ server, desk }: ApiContext, { collection, noun, schema }: CollectionRoutes): void {
  const shape = compileLazily(schema);
  server.patch(
    `/v1/${collection}/:id`,
    {
      ...WRITE,
      schema: {
        ...describeRoute(
          {
            operationId: `patch${noun}`,
            tag: collection,
            summary: `Change parts of one of the ${collection}`,
            isConditional: true,
          },
          { 200: writtenSchema(schema) },
        ),
        consumes: ['application/merge-patch+json', 'application/json'],
        params: KeyParams,
        body: PatchBody,
        querystring: Type.Object(DryRunQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const key = normalizeKey(collection, request.params.id);
      let patched: Item = {};
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `patch ${collection}/${key}`,
        edit: ({ document }) => {
          const found = findItem(document, collection, key);
          if (found === undefined) throw refuseMissing(noun, key);
          checkPrecondition(request, tagContent(found.item));
          patched = checkItem(shape(), applyMergePatch(found.item, request.body));
          checkKey(collection, key, patched);
          return editItem(document, collection, key, patched);
        },
      });
      return sendChanged(reply, changed, patched, 200);
    },
  );
}

function addDeleteRoute({ server, desk }: ApiContext, { collection, noun }: CollectionRoutes): void {
  server.delete(
    `/v1/${collection}/:id`,
    {
      ...WRITE,
      schema: {
        ...describeRoute(
          {
            operationId: `delete${noun}`,
            tag: collection,
            summary: `Delete one of the ${collection}`,
            isConditional: true,
          },
          { 204: NothingSchema, 200: ChangedSchema },
        ),
        params: KeyParams,
        querystring: Type.Object(DryRunQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const key = normalizeKey(collection, request.params.id);
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `delete ${collection}/${key}`,
        takesAway: key,
        edit: ({ document }) => {
          checkDelete(request, findItem(document, collection, key)?.item);
          return { draft: deleteItem(document, collection, key) };
        },
      });
      return sendDeleted(reply, changed);
    },
  );
}

function checkKey(collection: Collection, key: string, item: Item): void {
  const own = keyOfItem(collection, item);
  if (own === key) return;
  const pointer = collection === 'zones' || collection === 'services' ? '/name' : '/id';
  const detail = `the body is about "${own ?? ''}", the URL about "${key}": make them agree`;
  throw refuse('INVALID', `${pointer}: ${detail}.`, [{ in: 'body', pointer, detail }]);
}

function checkItem(shape: Shape<unknown>, value: unknown): Item {
  const checked = checkShape(shape, value);
  if (!checked.ok) throw refuse('INVALID', summarize(checked.problems), listFaults('body', checked.problems));
  return itemOf(checked.value);
}

function editItem(document: Draft, collection: Collection, key: string, item: Item) {
  const draft = putItem(document, collection, key, item);
  const index = findItem(draft, collection, key)?.index ?? 0;
  return { draft, bodyAt: `/${collection}/${index}` };
}

/** Compiling takes milliseconds: only what is used is compiled. */
function compileLazily(schema: TSchema): () => Shape<unknown> {
  let shape: Shape<unknown> | undefined;
  return () => {
    shape ??= compileShape(schema);
    return shape;
  };
}
