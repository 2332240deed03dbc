// Says in plain words where a value departs from a schema, and answers a value that does not: faulty parts are replaced by
// the schema's own example, unknown keys dropped. Nobody ever uses a repaired value; it only lets the rest of an entity be
// examined in the same pass, so that all its problems are found at once.
//
// One fault is one problem: a union is judged by the branch that was meant, an unknown key names the nearest known one.
// Only the JSON Schema keywords of describe-schema.ts occur.

import { describeSchema, listValues, type SchemaKeywords, showValue } from './describe-schema.ts';
import { isAcceptedScalar, isKind, isMapping, type Mapping } from './match-schema.ts';
import { findNearest, suggestNearest } from './nearest.ts';
import { refuseUnavailableKey, refuseUnavailableValue } from './not-available.ts';
import { joinPointer } from './pointer.ts';
import type { ProblemList } from './problem-list.ts';

/**
 * Reports every fault of `value`, which stands at `path`, and distrusts its places; reports none exactly when the schema
 * accepts the value. Answers the repaired value; undefined where a fault leaves nothing to examine.
 */
export function repairShape(schema: SchemaKeywords, value: unknown, path: string, problems: ProblemList): unknown {
  if (problems.isFull()) return undefined;
  if (schema.anyOf !== undefined) return repairUnion(schema, schema.anyOf, value, path, problems);
  if (schema.type === 'object' && isMapping(value)) return repairMapping(schema, value, path, problems);
  if (schema.type === 'array' && Array.isArray(value)) return repairList(schema, value, path, problems);
  return isAcceptedScalar(schema, value) ? value : replace(schema, value, path, problems);
}

function repairMapping(schema: SchemaKeywords, value: Mapping, path: string, problems: ProblemList): Mapping {
  const known = schema.properties ?? {};
  const repaired: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (problems.isFull()) break;
    if (!Object.hasOwn(known, key)) reportUnknownKey(known, value, key, path, problems);
  }
  for (const [key, property] of Object.entries(known)) {
    const at = joinPointer(path, key);
    if (Object.hasOwn(value, key) && value[key] !== undefined) {
      repaired[key] = repairShape(property, value[key], at, problems);
    } else if (schema.required?.includes(key) === true) {
      const message = `"${key}" is missing: give it ${describeSchema(property)}.`;
      repaired[key] = replaceWith(makeExample(property), message, at, problems);
    }
  }
  return repaired;
}

function reportUnknownKey(known: Mapping, value: Mapping, key: string, path: string, problems: ProblemList): void {
  const at = joinPointer(path, key);
  const free = Object.keys(known).filter((name) => !Object.hasOwn(value, name));
  const meant = findNearest(key, free);
  const advice = meant === undefined ? `; known are ${Object.keys(known).join(', ')}.` : `; did you mean "${meant}"?`;
  problems.report(at, refuseUnavailableKey(at) ?? `unknown key ${showValue(key)}${advice}`);
  problems.distrust(at);
  // What the misspelt key would have said is unknown, so nothing may be concluded from its absence.
  if (meant !== undefined) problems.distrust(joinPointer(path, meant));
}

function repairList(schema: SchemaKeywords, value: readonly unknown[], path: string, problems: ProblemList): unknown {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const count = (number: number) => `${number} item${number === 1 ? '' : 's'}`;
  if (value.length < minItems) {
    return replaceWith(makeExample(schema), `must have at least ${count(minItems)}.`, path, problems);
  }
  if (value.length > maxItems) {
    return replaceWith(
      makeExample(schema),
      `has ${count(value.length)}; at most ${maxItems} are allowed.`,
      path,
      problems,
    );
  }
  if (items === undefined) return value;
  return value.map((item, index) => repairShape(items, item, joinPointer(path, index), problems));
}

function repairUnion(
  schema: SchemaKeywords,
  branches: readonly SchemaKeywords[],
  value: unknown,
  path: string,
  problems: ProblemList,
): unknown {
  const sameKind = branches.filter((branch) => isKind(branch, value));
  const [only] = sameKind;
  if (only === undefined) return replace(schema, value, path, problems);
  if (sameKind.length > 1 && isMapping(value)) return repairTagged(schema, sameKind, value, path, problems);
  if (only.type === 'object' || only.type === 'array') return repairShape(only, value, path, problems);
  if (sameKind.some((branch) => isAcceptedScalar(branch, value))) return value;
  // A scalar's branch rarely has words of its own: those of the union tell all that is allowed here.
  const { title = schema.title, examples = schema.examples } = only;
  const worded = { ...only, ...(title !== undefined && { title }), ...(examples !== undefined && { examples }) };
  return replace(worded, value, path, problems);
}

/** Several kinds of mapping may stand here: the key that tells them apart says which was meant, or else their keys do. */
function repairTagged(
  schema: SchemaKeywords,
  branches: readonly SchemaKeywords[],
  value: Mapping,
  path: string,
  problems: ProblemList,
): unknown {
  const tag = findTag(branches);
  if (tag !== undefined) {
    const tagged = branches.find((branch) => listTagValues(branch, tag).includes(value[tag]));
    if (tagged !== undefined) return repairShape(tagged, value, path, problems);
    // Which of the other keys are right depends on the tag.
    const anyTag = { enum: branches.flatMap((branch) => listTagValues(branch, tag)) };
    repairMapping({ properties: { [tag]: anyTag }, required: [tag] }, pickKey(value, tag), path, problems);
    return undefined;
  }
  const counts = branches.map(
    ({ properties = {} }) => Object.keys(value).filter((key) => Object.hasOwn(properties, key)).length,
  );
  const most = Math.max(...counts);
  const meant = branches[counts.indexOf(most)];
  return most === 0 || meant === undefined
    ? replace(schema, value, path, problems)
    : repairShape(meant, value, path, problems);
}

/** The key that every branch requires and restricts to values of its own. */
function findTag(branches: readonly SchemaKeywords[]): string | undefined {
  const [first] = branches;
  return first?.required?.find((key) => branches.every((branch) => listTagValues(branch, key).length > 0));
}

function listTagValues(branch: SchemaKeywords, key: string): readonly unknown[] {
  const property = branch.properties?.[key];
  return property === undefined || branch.required?.includes(key) !== true ? [] : (listValues(property) ?? []);
}

function pickKey(value: Mapping, key: string): Mapping {
  return Object.hasOwn(value, key) ? { [key]: value[key] } : {};
}

function replace(schema: SchemaKeywords, value: unknown, path: string, problems: ProblemList): unknown {
  const message =
    refuseUnavailableValue(path, value) ??
    `must be ${describeSchema(schema)}, not ${showValue(value)}${advise(schema, value)}`;
  return replaceWith(makeExample(schema), message, path, problems);
}

function replaceWith(example: unknown, message: string, path: string, problems: ProblemList): unknown {
  problems.report(path, message);
  problems.distrust(path);
  return example;
}

function advise(schema: SchemaKeywords, value: unknown): string {
  const words = (listValues(schema) ?? []).filter((word) => typeof word === 'string');
  if (typeof value === 'string') return suggestNearest(value, words) || '.';
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  const isUnquoted = isPlain && (schema.type === 'string' || words.includes(String(value)));
  return isUnquoted ? '; write it in quotes.' : '.';
}

/** Some value that the schema accepts; patterned text has examples. */
function makeExample(schema: SchemaKeywords): unknown {
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  const values = listValues(schema);
  if (values !== undefined) return values[0];
  if (schema.anyOf?.[0] !== undefined) return makeExample(schema.anyOf[0]);
  const { properties = {}, items = {}, minItems = 0, minLength = 0, minimum = 0 } = schema;
  switch (schema.type) {
    case 'object':
      return Object.fromEntries((schema.required ?? []).map((key) => [key, makeExample(properties[key] ?? {})]));
    case 'array':
      return Array.from({ length: minItems }, () => makeExample(items));
    case 'string':
      return 'x'.repeat(minLength);
    case 'boolean':
      return false;
    default:
      return minimum;
  }
}
