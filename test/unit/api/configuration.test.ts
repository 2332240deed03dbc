// The whole document, the history, and what happens when many write at once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DOCUMENT, openFixture, shareFixture } from './fixture.ts';

const ANY = { 'if-match': '*' };
const NEW = { 'if-none-match': '*' };
const WORD = { state: 'drain', reason: 'maintenance' };
const PLACE = { latitude: 1, longitude: 2 };

describe('the whole configuration', () => {
  const fixture = shareFixture();

  test('comes out as it went in, and goes in again without a change', async () => {
    const { send, store } = fixture();
    const read = await send('GET', '/v1/configuration');
    assert.deepEqual(read.json(), DOCUMENT);
    const head = await store.configuration.readHead();
    const headers = { 'if-match': String(read.headers.etag) };
    const put = await send('PUT', '/v1/configuration', { body: DOCUMENT, headers });
    assert.deepEqual([put.statusCode, put.json().changes], [200, []]);
    assert.deepEqual(await store.configuration.readHead(), head);
  });

  test('a change of it needs the newest tag', async () => {
    const { send } = fixture();
    const { etag } = (await send('GET', '/v1/configuration')).headers;
    const body = { ...DOCUMENT, regions: [...DOCUMENT.regions, { id: 'new', location: PLACE }] };
    assert.equal((await send('PUT', '/v1/configuration', { body })).statusCode, 428);
    const put = await send('PUT', '/v1/configuration', { body, headers: { 'if-match': String(etag) } });
    assert.deepEqual(put.json().changes, [{ change: 'added', item: 'regions/new' }]);
    const stale = await send('PUT', '/v1/configuration', { body: DOCUMENT, headers: { 'if-match': String(etag) } });
    assert.equal(stale.statusCode, 412);
    const again = await send('PUT', '/v1/configuration', {
      body: DOCUMENT,
      headers: { 'if-match': String(put.headers.etag) },
    });
    assert.equal(again.statusCode, 200);
  });

  test('a revision may be asked to be newer than one that the store does not know, though nothing changes', async () => {
    const { send, store } = fixture();
    const head = await store.configuration.readHead();
    const put = (above: string, query = '') =>
      send('PUT', `/v1/configuration?above=${above}${query}`, { body: DOCUMENT, headers: ANY });
    assert.equal((await put('7.3', '&dryRun=true')).json().revision, `8.${(head?.number ?? 0) + 1}`);
    assert.deepEqual(await store.configuration.readHead(), head);
    const { number = 0 } = head ?? {};
    assert.equal((await put(`7.${number + 4}`)).json().revision, `8.${number + 5}`);
    assert.equal((await put('7.3')).json().revision, `8.${number + 5}`, 'it is newer already');
    for (const wrong of ['7', 'x', '1234567890.1', '1.1234567890']) assert.equal((await put(wrong)).statusCode, 400);
  });

  test('every fault is told at once, with its pointer', async () => {
    const body = { ...DOCUMENT, regions: [{ id: 'X' }], services: 7 };
    const reply = await fixture().send('PUT', '/v1/configuration', { body, headers: ANY });
    assert.equal(reply.statusCode, 422);
    const pointers = reply.json().errors.map(({ pointer }: { pointer: string }) => pointer);
    for (const pointer of ['/regions/0/id', '/regions/0/location', '/services'])
      assert.ok(pointers.includes(pointer), pointer);
  });

  test('applying a document without overrides keeps those that are set', async () => {
    const { send } = fixture();
    await send('PUT', '/v1/overrides/regions/eu-west', { body: WORD, headers: NEW });
    const kept = await send('PUT', '/v1/configuration', { body: DOCUMENT, headers: ANY });
    assert.deepEqual(kept.json().changes, []);
    assert.equal((await send('GET', '/v1/overrides')).json().items.length, 1);
    const cleared = await send('PUT', '/v1/configuration', { body: { ...DOCUMENT, overrides: [] }, headers: ANY });
    assert.deepEqual(cleared.json().changes, [{ change: 'removed', item: 'overrides/regions/eu-west' }]);
  });
});

describe('revisions', () => {
  const fixture = shareFixture();

  test('can be listed, read, compared and gone back to, without undoing overrides or tokens', async () => {
    const { send, writer } = fixture();
    const before = (await send('GET', '/v1/revisions')).json().items[0].id;
    await send('POST', '/v1/regions', { body: { id: 'late', location: PLACE } });
    await send('PUT', '/v1/overrides/regions/eu-west', { body: WORD, headers: NEW });
    const after = (await send('GET', '/v1/revisions')).json().items[0].id;

    const { changes } = (await send('GET', `/v1/revisions/${before}/diff/${after}`)).json();
    assert.deepEqual(changes, [
      { change: 'added', item: 'regions/late' },
      { change: 'added', item: 'overrides/regions/eu-west' },
    ]);
    const old = (await send('GET', `/v1/revisions/${before}`)).json();
    assert.deepEqual([old.id, old.configuration], [before, DOCUMENT]);

    const path = `/v1/revisions/${before}/rollback`;
    assert.equal((await send('POST', path)).statusCode, 428);
    const dry = await send('POST', `${path}?dryRun=true`, { headers: ANY });
    assert.deepEqual(dry.json().changes, [{ change: 'removed', item: 'regions/late' }]);
    const tokens = writer.tokens();
    const rolled = await send('POST', path, { headers: { 'if-match': `"${after}"` } });
    assert.equal(rolled.statusCode, 200, rolled.body);
    assert.notEqual(rolled.json().revision, before, 'going back is a new revision');
    const now = (await send('GET', '/v1/configuration')).json();
    assert.deepEqual(now.regions, DOCUMENT.regions);
    assert.equal(now.overrides.length, 1);
    assert.deepEqual(writer.tokens(), tokens);
  });

  test('come by pages, newest first', async () => {
    const { send } = fixture();
    const all = (await send('GET', '/v1/revisions')).json().items.map(({ id }: { id: string }) => id);
    const first = (await send('GET', '/v1/revisions?limit=2')).json();
    const second = (await send('GET', `/v1/revisions?limit=100&cursor=${first.next}`)).json();
    const paged = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
    assert.deepEqual(paged, all);
    assert.equal(second.next, undefined);
  });

  test('those that are not there are not found, and what is none is malformed', async () => {
    const { send } = fixture();
    assert.equal((await send('GET', '/v1/revisions/9.9')).statusCode, 404);
    assert.equal((await send('GET', '/v1/revisions/1.1/diff/9.9')).statusCode, 404);
    assert.equal((await send('POST', '/v1/revisions/9.9/rollback', { headers: ANY })).statusCode, 404);
    assert.equal((await send('GET', '/v1/revisions/newest')).statusCode, 400);
    assert.equal((await send('GET', '/v1/revisions?cursor=bm90aGluZw')).statusCode, 400);
  });
});

describe('many writers', () => {
  test('of different things lose no update', async (context) => {
    const { send } = await openFixture(context);
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
    const replies = await Promise.all(
      ids.map((id) => send('PUT', `/v1/regions/${id}`, { body: { location: PLACE }, headers: NEW })),
    );
    assert.deepEqual(
      replies.map(({ statusCode }) => statusCode),
      ids.map(() => 201),
    );
    const { items } = (await send('GET', '/v1/regions?limit=100')).json();
    assert.deepEqual(items.map(({ id }: { id: string }) => id).sort(), [...ids, 'eu-west', 'us-east'].sort());
  });

  test('of the same thing with the same tag: one wins, the others are told', async (context) => {
    const { send } = await openFixture(context);
    const headers = { 'if-match': String((await send('GET', '/v1/regions/eu-west')).headers.etag) };
    const replies = await Promise.all(
      [1, 2, 3, 4, 5].map((bias) => send('PUT', '/v1/regions/eu-west', { body: { location: PLACE, bias }, headers })),
    );
    assert.deepEqual(replies.map(({ statusCode }) => statusCode).sort(), [200, 412, 412, 412, 412]);
  });

  test('a change that loses a race against another process is made anew on what that left', async (context) => {
    let races = 2;
    const { send } = await openFixture(context, {
      writer: (writer) => ({
        ...writer,
        commit: async (change) => {
          if (races-- > 0) {
            const { document } = (await writer.read()) ?? {};
            const regions = [...(document?.regions ?? []), { id: `other-${races}`, location: PLACE }];
            await writer.commit({ ...change, author: 'other', document: { ...document, regions } });
          }
          return writer.commit(change);
        },
      }),
    });
    const put = await send('PUT', '/v1/regions/mine', { body: { location: PLACE }, headers: NEW });
    assert.equal(put.statusCode, 201, put.body);
    const { items } = (await send('GET', '/v1/regions')).json();
    const ids = items.map(({ id }: { id: string }) => id).sort();
    assert.deepEqual(ids, ['eu-west', 'mine', 'other-0', 'other-1', 'us-east']);
  });

  test('a race that is lost again and again ends with a conflict', async (context) => {
    const { send } = await openFixture(context, {
      writer: (writer) => ({ ...writer, commit: async () => ({ status: 'conflict', head: null }) }),
    });
    const put = await send('PUT', '/v1/regions/mine', { body: { location: PLACE }, headers: NEW });
    assert.deepEqual([put.statusCode, put.json().code], [409, 'CONFLICT']);
  });

  test('a store that does not answer is said to be unavailable, with when to try again', async (context) => {
    const { send } = await openFixture(context, {
      writer: (writer) => ({ ...writer, commit: async () => ({ status: 'unavailable', message: 'gone' }) }),
    });
    const put = await send('PUT', '/v1/regions/mine', { body: { location: PLACE }, headers: NEW });
    assert.deepEqual([put.statusCode, put.json().code, put.headers['retry-after']], [503, 'UNAVAILABLE', '2']);
  });
});
