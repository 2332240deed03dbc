// Random documents that are nearly right: the small configuration with a few values replaced, keys added, items removed.
// Wholly random ones hardly get past the first check.

import fc from 'fast-check';
import { joinPointer } from '../../../src/model/pointer.ts';
import { changeDocument, createDocument } from './fixtures.ts';

const POINTERS = listPointers(createDocument(), '');

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    'web',
    'web-eu',
    'eu-west',
    '@',
    '*',
    'a..b',
    '5%',
    '-1s',
    '10.0.0.1/8',
    '::',
    'ns1',
    0,
    -1,
    1.5,
    1e9,
    '__proto__',
  ),
  fc.constantFrom<unknown>(
    [],
    {},
    ['web-eu'],
    [null],
    { by: 'latency' },
    { match: {} },
    { type: 'grpc' },
    { id: 'a' },
    { min: 5, max: 1 },
  ),
  fc.string({ maxLength: 300 }),
);

const key = fc.oneof(
  fc.constantFrom('nam', 'file', 'constructor', '__proto__', 'a/b~c', ''),
  fc.string({ maxLength: 8 }),
);

const change = fc.oneof(
  fc.tuple(fc.constantFrom(...POINTERS), junk),
  fc.tuple(
    fc.tuple(fc.constantFrom(...POINTERS), key).map(([pointer, name]) => joinPointer(pointer, name)),
    junk,
  ),
);

export const nearDocuments: fc.Arbitrary<unknown> = fc
  .array(change, { minLength: 1, maxLength: 6 })
  .map((changes) =>
    changes.reduce<unknown>((document, [pointer, value]) => applyChange(document, pointer, value), changeDocument({})),
  );

/** One change that may find its place gone: then nothing happens. */
function applyChange(document: unknown, pointer: string, value: unknown): unknown {
  const keys = pointer.split('/').slice(1);
  const last = keys.pop() ?? '';
  let at: unknown = document;
  for (const step of keys)
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined;
  if (typeof at !== 'object' || at === null) return document;
  // Nothing that is read from a text has a list with a hole in it.
  if (Array.isArray(at) && !(/^\d+$/.test(last) && Number(last) <= at.length)) return document;
  if (value === undefined) Array.isArray(at) ? at.splice(Number(last), 1) : Reflect.deleteProperty(at, last);
  // As JSON would: a key of this name is data, and no prototype.
  else Object.defineProperty(at, last, { value, enumerable: true, writable: true, configurable: true });
  return document;
}

function listPointers(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => listPointers(item, joinPointer(path, name)))].filter(
    (at) => at !== '',
  );
}
