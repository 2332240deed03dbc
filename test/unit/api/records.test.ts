import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shareFixture } from './fixture.ts';

const ANY = { 'if-match': '*' };
const NEW = { 'if-none-match': '*' };
const ZONE = '/v1/zones/gtm.example.com/records';

describe('records', () => {
  const fixture = shareFixture();

  test('are created, read, replaced and deleted by name and type', async () => {
    const { send } = fixture();
    const created = await send('PUT', `${ZONE}/mail/A`, { body: { data: ['192.0.2.25'], ttl: 60 }, headers: NEW });
    assert.equal(created.statusCode, 201, created.body);
    assert.deepEqual(created.json(), { name: 'mail', type: 'A', data: ['192.0.2.25'], ttl: 60 });
    const headers = { 'if-match': String(created.headers.etag) };
    const replaced = await send('PUT', `${ZONE}/mail/A`, { body: { data: ['192.0.2.26'] }, headers });
    assert.equal(replaced.statusCode, 200, replaced.body);
    assert.deepEqual((await send('GET', `${ZONE}/mail/A`)).json().data, ['192.0.2.26']);
    assert.equal((await send('DELETE', `${ZONE}/mail/A`, { headers: ANY })).statusCode, 204);
    assert.equal((await send('GET', `${ZONE}/mail/A`)).statusCode, 404);
    assert.equal((await send('DELETE', `${ZONE}/mail/A`, { headers: ANY })).statusCode, 204);
  });

  test('the zone itself is @, types may be written in any way, and names in full', async () => {
    const { send } = fixture();
    for (const path of ['@/MX', '@/mx', '@/type15', 'gtm.example.com/MX', 'GTM.example.com./MX']) {
      assert.deepEqual((await send('GET', `${ZONE}/${path}`)).json().data, ['10 mail.example.net.'], path);
    }
  });

  test('a name with escapes is one name, in whichever of its spellings it is stated and asked for', async () => {
    const { send } = fixture();
    const path = (name: string) => `${ZONE}/${encodeURIComponent(name)}/TXT`;
    const body = { name: '\\084wo\\.\\032', data: ['"x"'] };
    assert.equal((await send('PUT', path(body.name), { body, headers: NEW })).statusCode, 201);
    for (const name of ['two\\046\\ ', 'TWO\\.\\032.gtm.example.com.']) {
      assert.deepEqual((await send('GET', path(name))).json(), { ...body, type: 'TXT' }, name);
      assert.equal((await send('PUT', path(name), { body: { data: ['"y"'] }, headers: NEW })).statusCode, 412, name);
    }
    assert.equal((await send('DELETE', path('two\\.\\032'), { headers: ANY })).statusCode, 204);
    assert.equal((await send('GET', path(body.name))).statusCode, 404);
  });

  test('are listed in order, by pages', async () => {
    const { items, next } = (await fixture().send('GET', `${ZONE}?limit=1`)).json();
    assert.deepEqual(
      items.map(({ type }: { type: string }) => type),
      ['MX'],
    );
    const rest = (await fixture().send('GET', `${ZONE}?limit=1&cursor=${next}`)).json();
    assert.deepEqual(rest, { items: [{ name: 'ns1', type: 'A', data: ['192.0.2.53'] }] });
  });

  test('the rest of the zone stays as it is', async () => {
    const { send } = fixture();
    const before = (await send('GET', '/v1/zones/gtm.example.com')).json();
    await send('PUT', `${ZONE}/x/TXT`, { body: { data: ['"x"'] }, headers: NEW });
    const after = (await send('GET', '/v1/zones/gtm.example.com')).json();
    assert.deepEqual(after, { ...before, records: [...before.records, { name: 'x', type: 'TXT', data: ['"x"'] }] });
    await send('DELETE', `${ZONE}/x/TXT`, { headers: ANY });
    assert.deepEqual((await send('GET', '/v1/zones/gtm.example.com')).json(), before);
  });

  test('each fault has its status', async () => {
    const { send } = fixture();
    const body = { data: ['192.0.2.1'] };
    const faults = [
      [404, await send('GET', '/v1/zones/example.org/records')],
      [404, await send('PUT', '/v1/zones/example.org/records/x/A', { body, headers: NEW })],
      [404, await send('GET', `${ZONE}/nope/A`)],
      [400, await send('GET', `${ZONE}/x/NONSENSE`)],
      [400, await send('GET', `${ZONE}/x..y/A`)],
      [428, await send('PUT', `${ZONE}/ns1/A`, { body })],
      [412, await send('PUT', `${ZONE}/ns1/A`, { body, headers: NEW })],
      [412, await send('PUT', `${ZONE}/ns1/A`, { body, headers: { 'if-match': '"stale"' } })],
      [422, await send('PUT', `${ZONE}/y/A`, { body: { data: [] }, headers: NEW })],
      [422, await send('PUT', `${ZONE}/y/A`, { body: { name: 'z', data: ['192.0.2.1'] }, headers: NEW })],
    ] as const;
    for (const [index, [status, reply]] of faults.entries())
      assert.equal(reply.statusCode, status, `${index}: ${reply.body}`);
  });

  test('a name that cannot have the record is a fault at its place', async () => {
    const reply = await fixture().send('PUT', `${ZONE}/www/CNAME`, {
      body: { data: ['x.example.net.'] },
      headers: NEW,
    });
    assert.equal(reply.statusCode, 422, reply.body);
    assert.ok(reply.json().errors.length > 0);
  });

  test('a dry run changes nothing', async () => {
    const { send } = fixture();
    const dry = await send('PUT', `${ZONE}/dry/A?dryRun=true`, { body: { data: ['192.0.2.1'] }, headers: NEW });
    assert.deepEqual(dry.json().changes, [
      { change: 'added', item: 'zones/gtm.example.com/records/dry.gtm.example.com/A' },
    ]);
    assert.equal((await send('GET', `${ZONE}/dry/A`)).statusCode, 404);
  });
});
