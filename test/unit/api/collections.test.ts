// Regions, vantages, monitors, clusters, services and zones: the same verbs, the same faults.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COLLECTION_ROUTES } from '../../../src/api/collections.ts';
import { checkShape, compileShape } from '../../../src/model/check-shape.ts';
import { formatRevisionId } from '../../../src/model/revision.ts';
import { type Fixture, shareFixture } from './fixture.ts';

const ANY = { 'if-match': '*' };
const NEW = { 'if-none-match': '*' };
const PLACE = { latitude: 1, longitude: 2 };

/** One new item of each collection, a change of it, and one that is there and referred to. */
const SAMPLES: Readonly<
  Record<string, { readonly key: string; readonly item: object; readonly patch: object; readonly used?: string }>
> = {
  regions: { key: 'ap', item: { id: 'ap', location: PLACE }, patch: { bias: 5 }, used: 'eu-west' },
  vantages: { key: 'ams', item: { id: 'ams' }, patch: { location: PLACE } },
  monitors: { key: 'tcp', item: { id: 'tcp', type: 'tcp', port: 80 }, patch: { port: 81 }, used: 'web' },
  clusters: {
    key: 'web-x',
    item: { id: 'web-x', region: 'eu-west', endpoints: [{ id: 'a', address: '203.0.113.77' }] },
    patch: { weight: 7 },
    used: 'web-eu',
  },
  services: {
    key: 'api.gtm.example.com',
    item: { name: 'api', zone: 'gtm.example.com', clusters: ['web-eu'] },
    patch: { ttl: 30 },
  },
  zones: {
    key: 'example.net',
    item: { name: 'example.net', ns: ['ns1.example.org'] },
    patch: { soa: { minimum: 30 } },
    used: 'gtm.example.com',
  },
};

describe('collections', () => {
  const fixture = shareFixture();

  for (const { collection, schema } of COLLECTION_ROUTES) {
    const sample = SAMPLES[collection];
    assert.ok(sample, `no sample of ${collection}`);
    const { key, item, patch, used } = sample;
    const url = `/v1/${collection}/${key}`;

    test(`${collection}: created, read, listed, replaced, patched and deleted`, async () => {
      const { send } = fixture();
      const created = await send('POST', `/v1/${collection}`, { body: item });
      assert.equal(created.statusCode, 201, created.body);
      assert.equal(created.headers.location, url);
      const read = await send('GET', url);
      assert.equal(read.statusCode, 200);
      assert.deepEqual(read.json(), item);
      assert.equal(read.headers.etag, created.headers.etag);
      const page = (await send('GET', `/v1/${collection}`)).json();
      assert.equal(checkShape(compileShape(schema), page.items[0]).ok, true);
      assert.ok(page.items.some((each: object) => JSON.stringify(each) === JSON.stringify(read.json())));

      const patched = await send('PATCH', url, { body: patch, headers: { 'if-match': String(read.headers.etag) } });
      assert.equal(patched.statusCode, 200, patched.body);
      assert.deepEqual(patched.json(), { ...item, ...patch });
      assert.deepEqual((await send('GET', url)).json(), { ...item, ...patch });

      const replaced = await send('PUT', url, { body: item, headers: { 'if-match': String(patched.headers.etag) } });
      assert.equal(replaced.statusCode, 200, replaced.body);
      assert.equal(replaced.headers.etag, read.headers.etag, 'the same content has the same tag');

      assert.equal((await send('DELETE', url, { headers: ANY })).statusCode, 204);
      assert.equal((await send('GET', url)).statusCode, 404);
      assert.equal((await send('DELETE', url, { headers: ANY })).statusCode, 204, 'deleting twice is fine');
    });

    test(`${collection}: each fault has its status`, async () => {
      const { send } = fixture();
      const fault = async (status: number, code: string, ...request: Parameters<Fixture['send']>) => {
        const reply = await send(...request);
        assert.equal(reply.statusCode, status, `${request[0]} ${request[1]}: ${reply.body}`);
        assert.equal(reply.json().code, code);
        assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
        return reply.json();
      };
      await fault(404, 'NOT_FOUND', 'GET', url);
      await fault(404, 'NOT_FOUND', 'PATCH', url, { body: patch, headers: ANY });
      await fault(428, 'PRECONDITION_REQUIRED', 'PUT', url, { body: item });
      await fault(412, 'PRECONDITION_FAILED', 'PUT', url, { body: item, headers: ANY });
      const unknown = { ...item, nonsense: 1 };
      const invalid = await fault(422, 'INVALID', 'PUT', url, { body: unknown, headers: NEW });
      assert.deepEqual(
        invalid.errors.map(({ pointer }: { pointer: string }) => pointer),
        ['/nonsense'],
      );

      assert.equal((await send('PUT', url, { body: item, headers: NEW })).statusCode, 201);
      await fault(409, 'ALREADY_EXISTS', 'POST', `/v1/${collection}`, { body: item });
      await fault(412, 'PRECONDITION_FAILED', 'PUT', url, { body: { ...item, ...patch }, headers: NEW });
      await fault(412, 'PRECONDITION_FAILED', 'PUT', url, {
        body: { ...item, ...patch },
        headers: { 'if-match': '"stale"' },
      });
      await fault(412, 'PRECONDITION_FAILED', 'PATCH', url, { body: patch, headers: { 'if-match': '"stale"' } });
      await fault(412, 'PRECONDITION_FAILED', 'DELETE', url, { headers: { 'if-match': '"stale"' } });
      await fault(428, 'PRECONDITION_REQUIRED', 'PATCH', url, { body: patch });
      await fault(428, 'PRECONDITION_REQUIRED', 'DELETE', url);
      await fault(422, 'INVALID', 'PATCH', url, { body: { nonsense: 1 }, headers: ANY });
      await fault(415, 'UNSUPPORTED_MEDIA_TYPE', 'PUT', url, {
        body: 'x',
        headers: { ...ANY, 'content-type': 'text/plain' },
      });
      if (used !== undefined) {
        const inUse = await fault(409, 'IN_USE', 'DELETE', `/v1/${collection}/${used}`, { headers: ANY });
        for (const { in: part, detail } of inUse.errors) {
          assert.equal(part, 'configuration');
          assert.match(detail, /^(clusters|services|overrides)\/\S+ refers to it\.$/);
        }
      }
      assert.equal((await send('DELETE', url, { headers: ANY })).statusCode, 204);
    });

    test(`${collection}: a dry run says what would change, and changes nothing`, async () => {
      const { send, store } = fixture();
      const before = await store.configuration.readHead();
      assert.ok(before);
      const dry = await send('PUT', `${url}?dryRun=true`, { body: item, headers: NEW });
      assert.equal(dry.statusCode, 200, dry.body);
      const next = formatRevisionId({ ...before, number: before.number + 1 });
      assert.deepEqual(dry.json(), {
        dryRun: true,
        revision: next,
        changes: [{ change: 'added', item: `${collection}/${key}` }],
      });
      assert.equal((await send('POST', `/v1/${collection}?dryRun=true`, { body: item })).statusCode, 200);
      assert.equal((await send('DELETE', `${url}?dryRun=true`, { headers: ANY })).statusCode, 200);
      assert.equal(
        (await send('PUT', `${url}?dryRun=true`, { body: { ...item, x: 1 }, headers: NEW })).statusCode,
        422,
      );
      assert.deepEqual(await store.configuration.readHead(), before);
      assert.equal((await send('GET', url)).statusCode, 404);
    });
  }

  test('a PUT may leave out what its URL says, but not contradict it', async () => {
    const put = await fixture().send('PUT', '/v1/regions/solo', { body: { location: PLACE }, headers: NEW });
    assert.deepEqual(put.json(), { id: 'solo', location: PLACE });
    const other = await fixture().send('PUT', '/v1/regions/solo', {
      body: { id: 'duo', location: PLACE },
      headers: ANY,
    });
    assert.equal(other.statusCode, 422);
    assert.equal(other.json().errors[0].pointer, '/id');
    const moved = await fixture().send('PATCH', '/v1/regions/solo', { body: { id: 'duo' }, headers: ANY });
    assert.equal(moved.statusCode, 422);
  });

  test('the same PUT twice is fine, with the tag of before the first, and commits once', async () => {
    const { send, store } = fixture();
    const body = { location: PLACE, bias: 11 };
    const headers = { 'if-match': String((await send('GET', '/v1/regions/solo')).headers.etag) };
    const first = await send('PUT', '/v1/regions/solo', { body, headers });
    const head = await store.configuration.readHead();
    const second = await send('PUT', '/v1/regions/solo', { body, headers });
    assert.deepEqual([first.statusCode, second.statusCode], [200, 200]);
    assert.equal(second.headers['azimuth-revision'], first.headers['azimuth-revision']);
    assert.deepEqual(await store.configuration.readHead(), head);
    const stale = await send('PUT', '/v1/regions/solo', { body: { ...body, bias: 12 }, headers });
    assert.equal(stale.statusCode, 412);
  });

  test('faults of references are faults of the body where they stand in it', async () => {
    const body = { region: 'atlantis', monitor: 'none', endpoints: [{ id: 'a', address: '203.0.113.1' }] };
    const reply = await fixture().send('PUT', '/v1/clusters/web-y', { body, headers: NEW });
    assert.equal(reply.statusCode, 422);
    const faults = reply.json().errors.map((fault: { in: string; pointer: string }) => `${fault.in}:${fault.pointer}`);
    assert.deepEqual(faults.sort(), ['body:/monitor', 'body:/region']);
  });

  test('an address that workers may not check is refused with the pointer to it', async () => {
    const body = { region: 'eu-west', monitor: 'web', endpoints: [{ id: 'a', address: '127.0.0.1' }] };
    const reply = await fixture().send('PUT', '/v1/clusters/web-y', { body, headers: NEW });
    assert.equal(reply.statusCode, 422);
    assert.equal(reply.json().errors[0].pointer, '/endpoints/0/address');
  });

  test('who has the newest version is answered 304', async () => {
    const { etag } = (await fixture().send('GET', '/v1/regions/eu-west')).headers;
    for (const tag of [String(etag), `W/${etag}`, `"x", ${etag}`]) {
      const reply = await fixture().send('GET', '/v1/regions/eu-west', { headers: { 'if-none-match': tag } });
      assert.deepEqual([reply.statusCode, reply.body], [304, '']);
    }
  });

  test('collections come by pages', async () => {
    const seen: string[] = [];
    let query = '?limit=1';
    for (let page = 0; page < 9 && query !== ''; page++) {
      const { items, next } = (await fixture().send('GET', `/v1/clusters${query}`)).json();
      seen.push(...items.map(({ id }: { id: string }) => id));
      query = next === undefined ? '' : `?limit=1&cursor=${next}`;
    }
    assert.deepEqual(seen, ['web-eu', 'web-us']);
    for (const wrong of ['?limit=0', '?limit=x', '?cursor=***', '?page=2']) {
      assert.equal((await fixture().send('GET', `/v1/clusters${wrong}`)).statusCode, 400, wrong);
    }
  });

  test('the history says who changed what, in words of the caller if there are any', async () => {
    const headers = { ...ANY, 'azimuth-message': 'nearer to the cable' };
    await fixture().send('PATCH', '/v1/regions/solo', { body: { bias: 1 }, headers });
    await fixture().send('PATCH', '/v1/regions/solo', { body: { bias: 2 }, headers: ANY });
    const { items } = (await fixture().send('GET', '/v1/revisions?limit=2')).json();
    assert.deepEqual(
      items.map(({ author, message }: { author: string; message: string }) => [author, message]),
      [
        ['test-admin', 'patch regions/solo'],
        ['test-admin', 'nearer to the cable'],
      ],
    );
    const long = { ...ANY, 'azimuth-message': 'x'.repeat(501) };
    assert.equal(
      (await fixture().send('PATCH', '/v1/regions/solo', { body: { bias: 3 }, headers: long })).statusCode,
      400,
    );
  });
});
