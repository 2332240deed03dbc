// How Fastify checks requests here: by the same schemas, and in the same words, as files are checked.

import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { checkShape, compileShape, type Shape } from '../model/check-shape.ts';
import type { Problem } from '../model/problem.ts';
import { type ApiErrorCode, type Fault, refuse } from './api-error.ts';

const PARTS: Readonly<Record<string, Fault['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/** Compiles each schema when it is first needed: most routes are not used in the first second of a process. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  let shape: Shape<unknown> | undefined;
  const part = PARTS[httpPart ?? ''] ?? 'body';
  return (sent: unknown) => {
    shape ??= compileShape(schema);
    // Everything but a body arrives as text.
    const value = part === 'body' ? sent : Value.Convert(schema, sent);
    const checked = checkShape(shape, value);
    return checked.ok ? { value: checked.value } : { error: refuseShape(part, checked.problems) };
  };
};

function refuseShape(part: Fault['in'], problems: readonly Problem[]) {
  const code: ApiErrorCode = part === 'body' ? 'INVALID' : 'MALFORMED';
  return refuse(code, summarize(problems), listFaults(part, problems));
}

export function listFaults(part: Fault['in'], problems: readonly Problem[]): readonly Fault[] {
  return problems.map(({ path, message }) => ({ in: part, pointer: path, detail: message }));
}

/** The first problem in words, and how many more there are. */
export function summarize(problems: readonly Problem[]): string {
  const [first] = problems;
  const place = first === undefined || first.path === '' ? '' : `${first.path}: `;
  const more = problems.length > 1 ? ` And ${problems.length - 1} more: see errors.` : '';
  return `${place}${first?.message ?? ''}${more}`;
}
