// A zone as a master file (RFC 1035 section 5), for whoever keeps zones as files or takes one along from another server.

import { Type } from 'typebox';
import { findItem, normalizeKey, putItem } from '../model/edit-document.ts';
import { MAX_DOCUMENT_LENGTH, MAX_NAME_TEXT_LENGTH } from '../model/limits.ts';
import { parseRecords } from '../model/parse-record.ts';
import { parseZone } from '../model/parse-zone.ts';
import { ZoneSchema } from '../model/zone.ts';
import { parseNameText } from '../wire/name.ts';
import { formatMasterFile } from '../zone/master-file/format-master-file.ts';
import { type FilePlace, readMasterFile } from '../zone/master-file/read-master-file.ts';
import { toZoneDocument } from '../zone/master-file/zone-document.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { readCurrent } from './change.ts';
import { checkPut, refuseMissing, sendChanged } from './item-change.ts';
import { sendTagged, tagContent } from './precondition.ts';
import { DryRunQuery, describeRoute, writtenSchema } from './route-schema.ts';
import { listFaults, summarize } from './validation.ts';

/** RFC 4027. */
export const MASTER_FILE_TYPE = 'text/dns';
const ZoneParams = Type.Object({ zone: Type.String({ minLength: 1, maxLength: MAX_NAME_TEXT_LENGTH }) });
const TAG = 'zones';
const PATH = '/v1/zones/:zone/file';

export function addZoneFileRoutes(context: ApiContext): void {
  context.server.addContentTypeParser(MASTER_FILE_TYPE, { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  addGetRoute(context);
  addPutRoute(context);
}

function addGetRoute({ server, writer }: ApiContext): void {
  server.get(
    PATH,
    {
      config: { scope: 'read' },
      schema: {
        ...describeRoute(
          {
            operationId: 'getZoneFile',
            tag: TAG,
            summary: 'Get a zone as a master file',
            description: 'Steered names are not in it. Of a zone that has primaries it is what was copied.',
          },
          { 200: Type.String({ description: 'The file, as text/dns.' }) },
        ),
        produces: [MASTER_FILE_TYPE],
        params: ZoneParams,
      },
    },
    async (request, reply) => {
      const { id, document, copies } = await readCurrent(writer);
      const key = normalizeKey('zones', request.params.zone);
      const found = findItem(document, 'zones', key);
      if (found === undefined) throw refuseMissing('Zone', key);
      const stated = document.zones[found.index];
      const copy = copies.get(key);
      if (stated?.primaries !== undefined && copy === undefined) throw refuseMissing('Copy of zone', key);
      const options = { ...NOTHING_ELSE, copies: new Map(copy && [[key, copy.head]]), report: () => undefined };
      const zone = stated && parseZone(stated, '', options);
      if (zone === undefined) throw new Error(`the zone ${key} was committed and cannot be read`);
      const copied = copy && parseRecords(copy.records, key, true).records.filter((record) => record !== undefined);
      const whole = { ...zone.value, ...(copied && { records: copied }) };
      const tag = tagContent(copy === undefined ? found.item : { ...found.item, serial: copy.head.serial });
      // A string as it is, where the server's own serializer would make JSON of it.
      reply.type(MASTER_FILE_TYPE).serializer((text: string) => text);
      return sendTagged(request, reply, tag, () =>
        [...formatMasterFile(whole, copy?.head.serial ?? id.number)].join(''),
      );
    },
  );
}

function addPutRoute({ server, desk }: ApiContext): void {
  server.put(
    PATH,
    {
      config: { scope: 'write' },
      bodyLimit: MAX_DOCUMENT_LENGTH,
      schema: {
        ...describeRoute(
          {
            operationId: 'putZoneFile',
            tag: TAG,
            summary: 'Create a zone from a master file, or replace it',
            description:
              'As text/dns. $INCLUDE is not read. The serial of its SOA is not kept: serials are those of revisions.',
            isConditional: true,
          },
          { 200: writtenSchema(ZoneSchema), 201: ZoneSchema },
        ),
        consumes: [MASTER_FILE_TYPE],
        params: ZoneParams,
        body: Type.String({ description: 'The file.' }),
        querystring: Type.Object(DryRunQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      if (request.headers['content-type']?.toLowerCase().startsWith(MASTER_FILE_TYPE) !== true) {
        throw refuse('UNSUPPORTED_MEDIA_TYPE', `A master file is sent as ${MASTER_FILE_TYPE}.`);
      }
      const key = normalizeKey('zones', request.params.zone);
      const { zone, locate } = readBody(key, request.body);
      let isNew = false;
      let item: typeof zone = zone;
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `put the file of zone ${key}`,
        edit: ({ document }) => {
          const found = findItem(document, 'zones', key);
          isNew = found === undefined;
          // What no master file can say stays as it is.
          const { dnssec, transfers } = found === undefined ? {} : (document.zones[found.index] ?? {});
          item = { ...zone, ...(dnssec && { dnssec }), ...(transfers && { transfers }) };
          checkPut(request, found?.item, item);
          const draft = putItem(document, 'zones', key, item);
          const placeInBody = (pointer: string) => describePlace(locate(pointer));
          return { draft, bodyAt: `/zones/${findItem(draft, 'zones', key)?.index ?? 0}`, placeInBody };
        },
      });
      return sendChanged(reply, changed, item, isNew ? 201 : 200);
    },
  );
}

/** What parsing a zone asks of the rest of a document: nothing. */
const NOTHING_ELSE = {
  resolveLocation: () => undefined,
  declared: {
    regions: new Set<string>(),
    vantages: new Set<string>(),
    vantageGroups: [],
    hasVantageGroups: false,
    monitors: new Set<string>(),
    clusters: new Set<string>(),
    endpoints: new Set<string>(),
    zones: new Set<string>(),
  },
};

function readBody(key: string, text: string) {
  const name = parseNameText(key);
  if (!(name instanceof Uint8Array)) {
    throw refuse('MALFORMED', `${name.problem}.`, [{ in: 'path', pointer: '/zone', detail: name.problem }]);
  }
  const read = readMasterFile({ file: '', text, zone: name });
  const made = read.ok ? toZoneDocument(name, read.sets, '') : read;
  if (made.ok) return made;
  const problems = made.problems.map((problem) => ({
    path: '',
    message: `${describePlace(problem)}: ${problem.message}`,
  }));
  throw refuse('INVALID', summarize(problems), listFaults('body', problems));
}

function describePlace(place: FilePlace | undefined): string | undefined {
  return place && `line ${place.line}, column ${place.column}`;
}
