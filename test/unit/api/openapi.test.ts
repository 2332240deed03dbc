// The OpenAPI document says what the server does: every route is in it, with what it takes and what it answers.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatCanonicalJson } from '../../../src/model/objects.ts';
import { shareFixture } from './fixture.ts';

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const at = (value: unknown, ...keys: string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (isJson(inner) ? inner[key] : undefined), value);

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];
/** Pages for people and the document itself: no part of the API that it describes. */
const UNLISTED = /^\/$|^\/docs|^\/v1\/openapi\.json$/;

describe('the OpenAPI document', () => {
  const fixture = shareFixture();

  async function readDocument(): Promise<Json> {
    const document: unknown = (await fixture().server.inject('/v1/openapi.json')).json();
    assert.ok(isJson(document));
    return document;
  }

  function listOperations(document: Json) {
    return Object.entries(isJson(document['paths']) ? document['paths'] : {}).flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const operation = at(item, method);
        return isJson(operation) ? [{ path, method, operation }] : [];
      }),
    );
  }

  test('is of version 3.1, names itself, and asks for a bearer token', async () => {
    const document = await readDocument();
    assert.match(String(document['openapi']), /^3\.1\./);
    assert.equal(at(document, 'info', 'title'), 'Azimuth');
    assert.equal(at(document, 'components', 'securitySchemes', 'token', 'scheme'), 'bearer');
    assert.deepEqual(document['security'], [{ token: [] }]);
  });

  test('lists every route that the server has', async () => {
    const shapeOf = (path: string) => path.replace(/[{][^/]+[}]/g, '{}');
    const operations = listOperations(await readDocument());
    const listed = new Set(operations.map(({ path, method }) => `${method} ${shapeOf(path)}`));
    const routes = fixture().server.printRoutes({ commonPrefix: false });
    const served = readRoutes(routes).filter(({ path }) => !UNLISTED.test(path));
    assert.ok(served.length > 30, routes);
    for (const { path, method } of served) {
      assert.ok(listed.has(`${method} ${shapeOf(path)}`), `${method} ${path} is not described`);
    }
  });

  test('every operation has an id of its own, words, a success and the problem', async () => {
    const operations = listOperations(await readDocument());
    const ids = operations.map(({ operation }) => operation['operationId']);
    assert.equal(new Set(ids).size, ids.length);
    for (const { path, method, operation } of operations) {
      const place = `${method} ${path}`;
      assert.ok(typeof operation['operationId'] === 'string' && typeof operation['summary'] === 'string', place);
      const responses = Object.keys(isJson(operation['responses']) ? operation['responses'] : {});
      assert.ok(
        responses.some((status) => status.startsWith('2')),
        place,
      );
      if (!path.startsWith('/v1/')) continue;
      assert.ok(at(operation, 'responses', 'default', 'content', 'application/problem+json'), place);
    }
  });

  test('every parameter of a path is described, and every reference leads somewhere', async () => {
    const document = await readDocument();
    for (const { path, method, operation } of listOperations(document)) {
      const parameters = Array.isArray(operation['parameters']) ? operation['parameters'] : [];
      const described = parameters.filter((each) => at(each, 'in') === 'path').map((each) => at(each, 'name'));
      const wanted = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      assert.deepEqual(described.sort(), wanted.sort(), `${method} ${path}`);
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    assert.ok(references.length > 20);
    for (const [, name = ''] of references) assert.ok(at(document, 'components', 'schemas', name), name);
  });

  test('every write of configuration states its condition and its dry run', async () => {
    const parametersOf = (operation: Json) =>
      (Array.isArray(operation['parameters']) ? operation['parameters'] : []).map((each) => at(each, 'name'));
    for (const { path, method, operation } of listOperations(await readDocument())) {
      if (method === 'get' || /\/v1\/(tokens|load|dnssec|zones\/\{zone\}\/(dnssec|copy))/.test(path)) continue;
      const names = parametersOf(operation);
      assert.ok(names.includes('dryRun'), `${method} ${path}`);
      const isCreation = method === 'post' && !path.endsWith('/rollback');
      assert.equal(names.includes('if-match'), !isCreation, `${method} ${path}`);
    }
  });

  test('named schemas stand once, whole', async () => {
    const document = await readDocument();
    const region = at(document, 'components', 'schemas', 'Region');
    assert.ok(isJson(region) && isJson(region['properties']));
    const text = formatCanonicalJson(document);
    assert.equal(text.split(formatCanonicalJson(region)).length - 1, 1);
  });
});

/** Fastify prints its routes as a tree, one path a line behind its branch, with its methods in brackets. */
function readRoutes(printed: string): { path: string; method: string }[] {
  const stack: string[] = [];
  return printed.split('\n').flatMap((line) => {
    const match = /^([│├└─\s]*)(\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (match === null) return [];
    const [, branch = '', part = '', methods = ''] = match;
    stack.length = Math.max(0, branch.length / 4 - 1);
    const path = stack.join('') + part;
    stack.push(part);
    const named = methods.split(', ').filter((method) => method !== '' && method !== 'HEAD' && method !== 'OPTIONS');
    return named.map((method) => ({ path: path.replace(/:([A-Za-z|:]+)/g, '{$1}'), method: method.toLowerCase() }));
  });
}
