// Whether a single value fits a schema, as far as that can be said without looking into it: kinds, enumerations, text and
// numbers. Lists and mappings are walked by repair-shape.ts.

import { listValues, type SchemaKeywords } from './describe-schema.ts';

export type Mapping = Readonly<Record<string, unknown>>;

/** Whether the value is of the kind that the schema is about, right or wrong. */
export function isKind(schema: SchemaKeywords, value: unknown): boolean {
  const values = listValues(schema);
  if (values !== undefined) return values.some((allowed) => typeof allowed === typeof value);
  if (schema.type === 'object') return isMapping(value);
  if (schema.type === 'array') return Array.isArray(value);
  return typeof value === (schema.type === 'integer' ? 'number' : schema.type);
}

/** Whether the schema accepts the value; never for lists and mappings. */
export function isAcceptedScalar(schema: SchemaKeywords, value: unknown): boolean {
  const values = listValues(schema);
  if (values !== undefined) return values.includes(value);
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' && isAcceptedText(schema, value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) && isInBounds(schema, value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && isInBounds(schema, value);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return false;
  }
}

function isAcceptedText(schema: SchemaKeywords, value: string): boolean {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
  // JSON Schema counts characters, not UTF-16 units.
  const length = value.length > maxLength ? Array.from(value).length : value.length;
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern, 'u').test(value));
}

function isInBounds(schema: SchemaKeywords, value: number): boolean {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  return value >= minimum && value <= maximum;
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
