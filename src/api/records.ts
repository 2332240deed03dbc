// The static records of a zone: one RRset per name and type. A name is written relative to the zone (`@` for the zone
// itself) or in full, and kept as it was written.

import { Type } from 'typebox';
import {
  type Draft,
  deleteRecord,
  type Found,
  findItem,
  findRecord,
  type Item,
  keyOfItem,
  keyOfRecord,
  listRecords,
  normalizeKey,
  putItem,
  putRecord,
  recordKeyIn,
} from '../model/edit-document.ts';
import { MAX_DOCUMENT_LENGTH, MAX_NAME_TEXT_LENGTH } from '../model/limits.ts';
import { RecordSchema } from '../model/zone.ts';
import { formatRecordType, parseRecordType } from '../wire/record-types.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { readCurrent } from './change.ts';
import { checkDelete, checkPut, fillKey, itemOf, refuseMissing, sendChanged, sendDeleted } from './item-change.ts';
import { cutPage, PageQuery } from './page.ts';
import type { CurrentConfiguration } from './ports.ts';
import { sendTagged, tagContent, tagRevision } from './precondition.ts';
import { ChangedSchema, DryRunQuery, describeRoute, NothingSchema, pageSchema, writtenSchema } from './route-schema.ts';

const NAME = Type.String({ minLength: 1, maxLength: MAX_NAME_TEXT_LENGTH });
const ZoneParams = Type.Object({ zone: NAME });
const RecordParams = Type.Object({
  zone: NAME,
  name: Type.String({
    minLength: 1,
    maxLength: MAX_NAME_TEXT_LENGTH,
    description: 'Relative to the zone; @ is the zone.',
  }),
  type: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9-]{0,15}$', examples: ['MX'] }),
});
const Dry = Type.Object(DryRunQuery, { additionalProperties: false });

const RECORD = '/v1/zones/:zone/records/:name/:type';
const TAG = 'records';
const READ = { config: { scope: 'read' } } as const;
const WRITE = { config: { scope: 'write' }, bodyLimit: MAX_DOCUMENT_LENGTH } as const;

export function addRecordRoutes(context: ApiContext): void {
  addListRoute(context);
  addGetRoute(context);
  addPutRoute(context);
  addDeleteRoute(context);
}

function addListRoute({ server, writer }: ApiContext): void {
  server.get(
    '/v1/zones/:zone/records',
    {
      ...READ,
      schema: {
        ...describeRoute(
          { operationId: 'listRecords', tag: TAG, summary: 'List the records of a zone, copied ones too' },
          { 200: pageSchema(RecordSchema, 'A page of records.') },
        ),
        params: ZoneParams,
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const current = await readCurrent(writer);
      const { id } = current;
      const zone = readZone(current, request.params.zone);
      const keyOf = recordKeyIn(zone);
      return sendTagged(request, reply, tagRevision(id), () =>
        cutPage(listRecords(zone), (record) => keyOf(record) ?? '', request.query),
      );
    },
  );
}

function addGetRoute({ server, writer }: ApiContext): void {
  server.get(
    RECORD,
    {
      ...READ,
      schema: {
        ...describeRoute({ operationId: 'getRecord', tag: TAG, summary: 'Get one RRset' }, { 200: RecordSchema }),
        params: RecordParams,
      },
    },
    async (request, reply) => {
      const zone = readZone(await readCurrent(writer), request.params.zone);
      const key = keyOf(zone, request.params);
      const found = findRecord(zone, key);
      if (found === undefined) throw refuseMissing('Record', key);
      return sendTagged(request, reply, tagContent(found.item), () => found.item);
    },
  );
}

function addPutRoute({ server, desk }: ApiContext): void {
  server.put(
    RECORD,
    {
      ...WRITE,
      preValidation: async (request) =>
        fillKey(request, { name: request.params.name, type: readType(request.params.type) }),
      schema: {
        ...describeRoute(
          {
            operationId: 'putRecord',
            tag: TAG,
            summary: 'Create or replace one RRset',
            description: 'Name and type may be left out of the body.',
            isConditional: true,
          },
          { 200: writtenSchema(RecordSchema), 201: RecordSchema },
        ),
        params: RecordParams,
        body: RecordSchema,
        querystring: Dry,
      },
    },
    async (request, reply) => {
      const record = itemOf(request.body);
      let isNew = false;
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `put record ${request.params.name} ${request.params.type} of ${request.params.zone}`,
        edit: ({ document }) => {
          const zone = findZone(document, request.params.zone);
          const key = keyOf(zone.item, request.params);
          checkSame(key, recordKeyIn(zone.item)(record));
          const found = findRecord(zone.item, key);
          isNew = found === undefined;
          checkPut(request, found?.item, record);
          const edited = putRecord(zone.item, key, record);
          const bodyAt = `/zones/${zone.index}/records/${edited.index}`;
          return { draft: putZone(document, edited.zone), bodyAt };
        },
      });
      return sendChanged(reply, changed, record, isNew ? 201 : 200);
    },
  );
}

function addDeleteRoute({ server, desk }: ApiContext): void {
  server.delete(
    RECORD,
    {
      ...WRITE,
      schema: {
        ...describeRoute(
          { operationId: 'deleteRecord', tag: TAG, summary: 'Delete one RRset', isConditional: true },
          { 204: NothingSchema, 200: ChangedSchema },
        ),
        params: RecordParams,
        querystring: Dry,
      },
    },
    async (request, reply) => {
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `delete record ${request.params.name} ${request.params.type} of ${request.params.zone}`,
        takesAway: request.params.name,
        edit: ({ document }) => {
          const { item: zone } = findZone(document, request.params.zone);
          const key = keyOf(zone, request.params);
          checkDelete(request, findRecord(zone, key)?.item);
          return { draft: putZone(document, deleteRecord(zone, key)) };
        },
      });
      return sendDeleted(reply, changed);
    },
  );
}

function findZone(document: Draft, name: string): Found {
  const key = normalizeKey('zones', name);
  const found = findItem(document, 'zones', key);
  if (found === undefined) throw refuseMissing('Zone', key);
  return found;
}

/** To be read only: of a zone that has primaries, the records are those of its copy. */
function readZone({ document, copies }: CurrentConfiguration, name: string): Item {
  const { item } = findZone(document, name);
  const copy = copies.get(normalizeKey('zones', name));
  return copy === undefined ? item : { ...item, records: copy.records };
}

function putZone(document: Draft, zone: Item): Draft {
  return putItem(document, 'zones', keyOfItem('zones', zone) ?? '', zone);
}

function keyOf(zone: Item, { name, type }: { readonly name: string; readonly type: string }): string {
  const key = keyOfRecord(keyOfItem('zones', zone) ?? '', name, readType(type));
  if (key !== undefined) return key;
  const detail = 'is no name in this zone';
  throw refuse('MALFORMED', `"${name}" ${detail}.`, [{ in: 'path', pointer: '/name', detail }]);
}

/** `type15` and `mx` are MX. */
function readType(text: string): string {
  const type = parseRecordType(text);
  if (type !== undefined) return formatRecordType(type);
  const detail = 'is no record type: write a name such as A or TXT, or TYPE and its number';
  throw refuse('MALFORMED', `"${text}" ${detail}.`, [{ in: 'path', pointer: '/type', detail }]);
}

function checkSame(key: string, own: string | undefined): void {
  if (own === key) return;
  const detail = `the body is about ${own ?? 'no name of this zone'}, the URL about ${key}: make them agree`;
  throw refuse('INVALID', `${detail}.`, [{ in: 'body', pointer: '/name', detail }]);
}
