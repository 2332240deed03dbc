// What the schemas of routes have in common, so that each route's own says only what is its own. They check what arrives;
// for what leaves they are documentation, and tests hold the replies to them.

import { type TSchema, Type } from 'typebox';
import { PROBLEM_TYPE } from './problem-reply.ts';

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'Where this kind of error is explained: docs/errors.md of this server.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; for programs.' }),
    detail: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          in: Type.Enum(['body', 'query', 'path', 'header', 'configuration']),
          pointer: Type.String({ description: 'JSON pointer (RFC 6901) into that part.' }),
          detail: Type.String(),
        }),
        { description: 'Every fault that was found.' },
      ),
    ),
  },
  { description: 'An error (RFC 9457).' },
);

export const ChangeSchema = Type.Object(
  {
    change: Type.Enum(['added', 'changed', 'removed']),
    item: Type.String({ examples: ['regions/eu-west'] }),
    fields: Type.Optional(Type.Array(Type.String(), { description: 'JSON pointers into the item.' })),
  },
  { description: 'One item that differs.' },
);

export const ChangedSchema = Type.Object(
  {
    dryRun: Type.Boolean(),
    revision: Type.String({ description: 'The revision that holds the change; of a dry run, what it would be.' }),
    changes: Type.Array(ChangeSchema),
  },
  { description: 'What changed, or would change.' },
);

export const MomentSchema = Type.String({ format: 'date-time', description: 'ISO 8601, UTC.' });

/** Wall clock, milliseconds since 1970. */
export function formatMoment(ms: number): string {
  return new Date(ms).toISOString();
}

export const DryRunQuery = {
  dryRun: Type.Optional(
    Type.Boolean({ default: false, description: 'Check everything and say what would change; change nothing.' }),
  ),
};

const CONDITIONAL = 'Needs If-Match with the ETag of what was read (or *), or If-None-Match: * to create.';

type RouteWords = {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** True: If-Match or If-None-Match must be sent. */
  readonly isConditional?: boolean;
};

const ConditionHeaders = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'The ETag of what was read, or * for whatever is there.' })),
  'if-none-match': Type.Optional(Type.String({ description: '*: only create, never replace.' })),
});

/** What a write answers: the item as it is now, or of a dry run what would change. */
export function writtenSchema(item: TSchema) {
  return Type.Union([item, ChangedSchema], { description: 'The item as it is now; of a dry run, what would change.' });
}

/** Responses are left untyped: they document what leaves, and do not shape it. */
type RouteDescription = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly headers?: TSchema;
  readonly response: unknown;
};

/** The words of a route, and the responses that every route may give. */
export function describeRoute(
  { operationId, tag, summary, description, isConditional = false }: RouteWords,
  response: Readonly<Record<number, TSchema>>,
): RouteDescription {
  const words = [description, isConditional ? CONDITIONAL : undefined].filter((text) => text !== undefined);
  const problem = { description: 'An error (RFC 9457).', content: { [PROBLEM_TYPE]: { schema: ProblemSchema } } };
  return {
    operationId,
    tags: [tag],
    summary,
    ...(words.length > 0 && { description: words.join(' ') }),
    ...(isConditional && { headers: ConditionHeaders }),
    response: { ...response, default: problem },
  };
}

export function pageSchema<Item extends TSchema>(item: Item, description: string) {
  return Type.Object(
    {
      items: Type.Array(item),
      next: Type.Optional(Type.String({ description: 'The cursor of the next page; absent on the last.' })),
    },
    { description },
  );
}

/** No body. */
export const NothingSchema = Type.Null({ description: 'Done; no body.' });
