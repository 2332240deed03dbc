// What the documents of several kinds of monitor have in common: how often and how strictly they check, ports, and the
// texts that they look for.

import { type Static, type TSchemaOptions, Type } from 'typebox';
import { MAX_CHECK_TEXT_LENGTH, MAX_FALL_RISE } from '../limits.ts';
import type { ParseContext } from '../parse-context.ts';
import { joinPointer } from '../pointer.ts';
import { QuorumSchema } from '../quorum.ts';
import { durationSchema, IdSchema } from '../scalar.ts';
import { compilePattern } from './compile-pattern.ts';

/** Every monitor has these keys. */
export const MONITOR_FIELDS = {
  id: IdSchema,
  interval: Type.Optional(
    durationSchema({
      default: '5s',
      description: 'From one check of an endpoint to the next, per worker; 100ms to 1h.',
    }),
  ),
  timeout: Type.Optional(
    durationSchema({
      default: '2s',
      description: 'A check without an answer by then has failed; at most the interval.',
    }),
  ),
  fall: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_FALL_RISE,
      default: 3,
      description: 'Straight failures before a worker votes down.',
    }),
  ),
  rise: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_FALL_RISE,
      default: 2,
      description: 'Straight successes before a worker votes up.',
    }),
  ),
  quorum: Type.Optional(QuorumSchema),
};

export function portSchema(description: string) {
  return Type.Integer({ minimum: 1, maximum: 65_535, description });
}

/** A host name as it goes into a request: visible ASCII without spaces. */
export function hostSchema(description: string) {
  return Type.String({
    title: 'a host name',
    examples: ['www.example.com'],
    pattern: '^[\\u0021-\\u007e]+$',
    maxLength: 255,
    description,
  });
}

/** Bytes to send, as text. */
export function sentTextSchema(description: string) {
  return Type.String({ minLength: 1, maxLength: MAX_CHECK_TEXT_LENGTH, description });
}

/** What must be there: a text as it stands, or a pattern (see compile-pattern.ts). */
export type ExpectedText = string | { readonly matches: string };

export function expectedTextSchema(options: TSchemaOptions) {
  return Type.Union(
    [
      Type.String({ minLength: 1, maxLength: MAX_CHECK_TEXT_LENGTH }),
      Type.Object(
        {
          matches: Type.String({
            minLength: 1,
            maxLength: MAX_CHECK_TEXT_LENGTH,
            examples: ['^ok$'],
            description: 'A regular expression of the kinds that take linear time.',
          }),
        },
        { additionalProperties: false },
      ),
    ],
    { title: 'a text, or {matches: pattern}', examples: ['ok'], ...options },
  );
}
export type ExpectedTextDocument = Static<ReturnType<typeof expectedTextSchema>>;

/** Reports a pattern that cannot be compiled; answers whether the text is good. */
export function checkExpectedText(
  expected: ExpectedTextDocument | undefined,
  path: string,
  context: ParseContext,
): boolean {
  if (expected === undefined || typeof expected === 'string') return true;
  const compiled = compilePattern(expected.matches);
  if (!compiled.ok) context.report(joinPointer(path, 'matches'), compiled.fault);
  return compiled.ok;
}
