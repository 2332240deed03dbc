// Whether a value has the shape that a schema demands, and if not, every fault in plain words. TypeBox decides; the walk in
// repair-shape.ts explains, since a validator's own list of errors is a cascade: each branch of each union, each keyword.

import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SchemaKeywords } from './describe-schema.ts';
import type { Parsed } from './problem.ts';
import { createProblemList, type ProblemList } from './problem-list.ts';
import { repairShape } from './repair-shape.ts';

/** A schema to check with. */
export type Shape<Document> = {
  readonly schema: SchemaKeywords;
  readonly accepts: (value: unknown) => value is Document;
};

export function compileShape<Schema extends TSchema>(schema: Schema): Shape<Static<Schema>> {
  // Not before it is asked: a process needs few of all shapes, and starts sooner without the others.
  let validator: ReturnType<typeof Compile<Schema>> | undefined;
  return {
    schema,
    accepts(value): value is Static<Schema> {
      validator ??= Compile(schema);
      return validator.Check(value);
    },
  };
}

/** The value if it has the shape, or all that is wrong with it; `path` begins the paths of the problems. */
export function checkShape<Document>(shape: Shape<Document>, value: unknown, path = ''): Parsed<Document> {
  if (shape.accepts(value)) return { ok: true, value };
  const problems = createProblemList();
  repairShape(shape.schema, value, path, problems);
  return { ok: false, problems: problems.toArray() };
}

/**
 * The value if it has the shape. Otherwise reports what is wrong with it, and answers a repaired value (see repair-shape.ts),
 * good for finding further problems only; undefined when it is beyond repair.
 */
export function salvageShape<Document>(
  shape: Shape<Document>,
  value: unknown,
  path: string,
  problems: ProblemList,
): Document | undefined {
  if (shape.accepts(value)) return value;
  const repaired = repairShape(shape.schema, value, path, problems);
  return shape.accepts(repaired) ? repaired : undefined;
}
