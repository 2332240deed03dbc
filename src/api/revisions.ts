// The history: every revision that the store keeps, what differs between two, and going back to one. Going back is a new
// revision with old content: nothing is ever rewritten.

import { Type } from 'typebox';
import { ConfigurationSchema } from '../model/configuration.ts';
import { diffDocuments } from '../model/diff-documents.ts';
import type { Draft } from '../model/edit-document.ts';
import { formatRevisionId, parseRevisionId, type RevisionId } from '../model/revision.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { describeChange, REVISION_HEADER } from './change.ts';
import { refuseMissing } from './item-change.ts';
import { PageQuery, readCursor, writeCursor } from './page.ts';
import type { RevisionSummary, StoredRevision } from './ports.ts';
import { checkPrecondition, tagRevision } from './precondition.ts';
import { ChangedSchema, ChangeSchema, DryRunQuery, describeRoute, MomentSchema, pageSchema } from './route-schema.ts';

const RevisionText = Type.String({
  title: 'a revision: generation.number',
  examples: ['1.42'],
  pattern: '^\\d{1,10}\\.\\d{1,10}$',
});
const SUMMARY = {
  id: RevisionText,
  parent: Type.Union([RevisionText, Type.Null()], { description: 'What it replaced; null for the first of a store.' }),
  author: Type.String(),
  message: Type.String(),
  createdAt: MomentSchema,
};
const SummarySchema = Type.Object(SUMMARY);
export const RevisionPageSchema = pageSchema(SummarySchema, 'A page of revisions.');
const RevisionSchema = Type.Object({ ...SUMMARY, configuration: ConfigurationSchema });
export const DiffSchema = Type.Object({ from: RevisionText, to: RevisionText, changes: Type.Array(ChangeSchema) });

const TAG = 'revisions';
const DEFAULT_PAGE_SIZE = 100;

export function addRevisionRoutes({ server, writer, desk }: ApiContext): void {
  const read = { config: { scope: 'read' } } as const;

  server.get(
    '/v1/revisions',
    {
      ...read,
      schema: {
        ...describeRoute(
          { operationId: 'listRevisions', tag: TAG, summary: 'List revisions, newest first' },
          { 200: RevisionPageSchema },
        ),
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
      },
    },
    async (request) => {
      const { limit = DEFAULT_PAGE_SIZE, cursor } = request.query;
      const before = cursor === undefined ? undefined : parseRevision(readCursor(cursor));
      // One more than is shown tells whether there is a next page.
      const found = await writer.history(limit + 1, before);
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      const next = found.length > limit && last !== undefined ? { next: writeCursor(formatRevisionId(last.id)) } : {};
      return { items: shown.map(describeRevision), ...next };
    },
  );

  server.get(
    '/v1/revisions/:id',
    {
      ...read,
      schema: {
        ...describeRoute(
          { operationId: 'getRevision', tag: TAG, summary: 'Get a revision with its configuration' },
          { 200: RevisionSchema },
        ),
        params: Type.Object({ id: RevisionText }),
      },
    },
    async (request) => {
      const revision = await findRevision(request.params.id);
      return { ...describeRevision(revision), configuration: revision.document };
    },
  );

  server.get(
    '/v1/revisions/:a/diff/:b',
    {
      ...read,
      schema: {
        ...describeRoute(
          { operationId: 'diffRevisions', tag: TAG, summary: 'List what differs from one revision to another' },
          { 200: DiffSchema },
        ),
        params: Type.Object({ a: RevisionText, b: RevisionText }),
      },
    },
    async (request) => {
      const [from, to] = await Promise.all([findRevision(request.params.a), findRevision(request.params.b)]);
      const changes = diffDocuments(from.document, to.document);
      return { from: formatRevisionId(from.id), to: formatRevisionId(to.id), changes: [...changes] };
    },
  );

  server.post(
    '/v1/revisions/:id/rollback',
    {
      config: { scope: 'write' },
      schema: {
        ...describeRoute(
          {
            operationId: 'rollback',
            tag: TAG,
            summary: 'Commit the content of an older revision anew',
            description: 'Overrides and tokens stay as they are now. The ETag is that of the configuration.',
            isConditional: true,
          },
          { 200: ChangedSchema },
        ),
        params: Type.Object({ id: RevisionText }),
        querystring: Type.Object(DryRunQuery, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const revision = await findRevision(request.params.id);
      const changed = await desk.change({
        request,
        dryRun: request.query.dryRun === true,
        message: `roll back to ${formatRevisionId(revision.id)}`,
        edit: (current) => {
          checkPrecondition(request, tagRevision(current.id));
          return { draft: withOverridesOf(current.document, revision.document) };
        },
      });
      reply.header(REVISION_HEADER, formatRevisionId(changed.revision));
      return describeChange(changed);
    },
  );

  async function findRevision(text: string): Promise<StoredRevision> {
    const revision = await writer.readRevision(parseRevision(text));
    if (revision === undefined) throw refuseMissing('Revision', text);
    return revision;
  }
}

function parseRevision(text: string): RevisionId {
  const id = parseRevisionId(text);
  if (id === undefined) throw refuse('MALFORMED', `"${text}" is no revision: write generation.number, such as 1.42.`);
  return id;
}

function describeRevision({ id, parent, author, message, createdAtMs }: RevisionSummary) {
  return {
    id: formatRevisionId(id),
    parent: parent && formatRevisionId(parent),
    author,
    message,
    createdAt: new Date(createdAtMs).toISOString(),
  };
}

/** Old overrides are about incidents that are over; those of now are about one that may not be. */
function withOverridesOf(current: Draft, old: Draft): Draft {
  const { overrides: _, ...rest } = old;
  return current['overrides'] === undefined ? rest : { ...rest, overrides: current['overrides'] };
}
