// Schemas and values in plain words, for problems: what was expected, and what was found instead.

/** The JSON Schema keywords that the model's schemas use; every TypeBox schema can be read as one. */
export type SchemaKeywords = {
  readonly type?: string;
  readonly title?: string;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly SchemaKeywords[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaKeywords>>;
  readonly required?: readonly string[];
  readonly items?: SchemaKeywords;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** How much of a refused value a message repeats. */
const MAX_SHOWN_LENGTH = 60;

/** What the schema expects, as a noun: `a number from -90 to 90`, `one of http, https`. */
export function describeSchema(schema: SchemaKeywords): string {
  if (schema.title !== undefined) return schema.title + describeExample(schema.examples);
  const values = listValues(schema);
  if (values !== undefined)
    return values.length === 1 ? showValue(values[0]) : `one of ${values.map(String).join(', ')}`;
  switch (schema.type) {
    case 'object':
      return `a mapping with the keys ${Object.keys(schema.properties ?? {}).join(', ')}`;
    case 'array':
      return 'a list';
    case 'string':
      return schema.maxLength === undefined
        ? 'text'
        : `text of ${schema.minLength ?? 0} to ${schema.maxLength} characters`;
    case 'integer':
      return `a whole number${describeBounds(schema)}`;
    case 'number':
      return `a number${describeBounds(schema)}`;
    case 'boolean':
      return 'true or false';
    default:
      return (schema.anyOf ?? []).map(describeSchema).join(', or ');
  }
}

/** The values that an enumeration or a constant allows; undefined for other schemas. */
export function listValues(schema: SchemaKeywords): readonly unknown[] | undefined {
  return schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
}

/** A value as JSON, shortened; lists and mappings by their kind alone. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number') return String(value);
  const shown = JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_SHOWN_LENGTH) : value) ?? String(value);
  return typeof value === 'string' && value.length > MAX_SHOWN_LENGTH ? `${shown} …` : shown;
}

function describeExample(examples: readonly unknown[] = []): string {
  return examples.length === 0
    ? ''
    : ` (for example ${examples.map((example) => JSON.stringify(example)).join(' or ')})`;
}

function describeBounds({ minimum, maximum }: SchemaKeywords): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}
