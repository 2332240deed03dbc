// The whole configuration as one document: the declarative way.

import { Type } from 'typebox';
import { ConfigurationSchema } from '../model/configuration.ts';
import type { Draft } from '../model/edit-document.ts';
import { MAX_DOCUMENT_LENGTH } from '../model/limits.ts';
import { formatRevisionId, parseRevisionId } from '../model/revision.ts';
import type { ApiContext } from './api-context.ts';
import { describeChange, REVISION_HEADER, readCurrent } from './change.ts';
import { itemOf } from './item-change.ts';
import { checkPrecondition, sendTagged, tagRevision } from './precondition.ts';
import { ChangedSchema, DryRunQuery, describeRoute } from './route-schema.ts';

const TAG = 'configuration';
/** The commit finds every fault of a document at once, references included; the route only asks for a mapping. */
/** Ids have ten digits: so much room is left above whatever is named here by mistake. */
const AboveQuery = {
  above: Type.Optional(
    Type.String({
      pattern: '^\\d{1,9}\\.\\d{1,9}$',
      description:
        'A revision, such as 1.42, that the new one is to be newer than, beside the present one: for nodes that serve what the store has lost for good.',
    }),
  ),
};
const DocumentBody = Type.Object({}, { description: 'The document that GET returns: see its schema.' });

export function addConfigurationRoutes({ server, writer, desk }: ApiContext): void {
  server.get(
    '/v1/configuration',
    {
      config: { scope: 'read' },
      schema: describeRoute(
        { operationId: 'getConfiguration', tag: TAG, summary: 'Get the whole configuration, as it was written' },
        { 200: ConfigurationSchema },
      ),
    },
    async (request, reply) => {
      const { id, document } = await readCurrent(writer);
      reply.header(REVISION_HEADER, formatRevisionId(id));
      return sendTagged(request, reply, tagRevision(id), () => document);
    },
  );

  server.put(
    '/v1/configuration',
    {
      config: { scope: 'write' },
      bodyLimit: MAX_DOCUMENT_LENGTH,
      schema: {
        ...describeRoute(
          {
            operationId: 'putConfiguration',
            tag: TAG,
            summary: 'Replace the whole configuration',
            description: 'A document without overrides keeps those that are set: say "overrides": [] to clear them.',
            isConditional: true,
          },
          { 200: ChangedSchema },
        ),
        body: DocumentBody,
        querystring: Type.Object({ ...DryRunQuery, ...AboveQuery }, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const document = itemOf(request.body);
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: 'apply configuration',
        above: request.query.above === undefined ? undefined : parseRevisionId(request.query.above),
        edit: (current) => {
          checkPrecondition(request, tagRevision(current.id));
          return { draft: keepOverrides(current.document, document), bodyAt: '' };
        },
      });
      reply.header(REVISION_HEADER, formatRevisionId(changed.revision));
      if (!changed.dryRun) reply.header('etag', tagRevision(changed.revision));
      return reply.send(describeChange(changed));
    },
  );
}

/**
 * An override is an operator's word about now. Whoever applies a file says what traffic should do in general, and must not
 * undo by that what was decided in the middle of an incident.
 */
export function keepOverrides(current: Draft, wanted: Draft): Draft {
  const { overrides } = current;
  return wanted['overrides'] !== undefined || overrides === undefined ? wanted : { ...wanted, overrides };
}
