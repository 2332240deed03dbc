import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shareFixture } from './fixture.ts';

const ANY = { 'if-match': '*' };
const NEW = { 'if-none-match': '*' };
const DNS = { 'content-type': 'text/dns' };
const FILE = '/v1/zones/files.example/file';
const HEAD = '$TTL 60\n@ SOA ns1.example.net. hostmaster 1 1800 600 604800 60\n@ NS ns1.example.net.\n';

describe('the file of a zone', () => {
  const fixture = shareFixture();

  test('makes a zone, replaces it, and comes back', async () => {
    const { send } = fixture();
    const made = await send('PUT', FILE, { body: `${HEAD}www A 192.0.2.1\n`, headers: { ...NEW, ...DNS } });
    assert.equal(made.statusCode, 201, made.body);
    assert.deepEqual(made.json().records, [{ name: 'www', type: 'A', ttl: 60, data: ['192.0.2.1'] }]);
    const got = await send('GET', FILE);
    assert.match(String(got.headers['content-type']), /^text\/dns/);
    assert.match(got.body, /\nwww\t60\tIN\tA\t192\.0\.2\.1\n$/);
    assert.equal(got.headers['etag'], made.headers['etag'], 'the tag is that of the zone');
    const again = await send('PUT', FILE, {
      body: got.body,
      headers: { 'if-match': String(got.headers['etag']), ...DNS },
    });
    assert.equal(again.statusCode, 200, again.body);
    assert.deepEqual(again.json(), made.json());
    assert.equal(
      (await send('GET', FILE, { headers: { 'if-none-match': String(got.headers['etag']) } })).statusCode,
      304,
    );
  });

  test('a dry run changes nothing', async () => {
    const { send } = fixture();
    const before = (await send('GET', FILE)).body;
    const dry = await send('PUT', `${FILE}?dryRun=true`, {
      body: `${HEAD}x A 192.0.2.1\n`,
      headers: { ...ANY, ...DNS },
    });
    assert.deepEqual(
      dry.json().changes.map(({ item }: { item: string }) => item),
      ['zones/files.example/records/www.files.example/A', 'zones/files.example/records/x.files.example/A'],
    );
    assert.equal((await send('GET', FILE)).body, before);
  });

  test('faults have their line and column, those of the zone as a whole too', async () => {
    const { send } = fixture();
    const put = async (body: string) => {
      const { statusCode, body: text } = await send('PUT', FILE, { body, headers: { ...ANY, ...DNS } });
      return [statusCode, ...JSON.parse(text).errors.map(({ detail }: { detail: string }) => detail.slice(0, 40))];
    };
    assert.deepEqual(await put(`${HEAD}a A 1\nb B 1\n`), [
      422,
      'line 4, column 5: A data: "1" is not an ',
      'line 5, column 3: "B" is no record type:',
    ]);
    assert.deepEqual(await put(`${HEAD}a CNAME b\nsub NS ns.sub\n`), [422, 'line 5, column 1: ns.sub.files.example c']);
    assert.deepEqual((await put('')).length, 3);
  });

  test('what is no master file is refused by its kind', async () => {
    const { send } = fixture();
    const json = await send('PUT', FILE, {
      body: JSON.stringify('x'),
      headers: { ...ANY, 'content-type': 'application/json' },
    });
    assert.equal(json.statusCode, 415, json.body);
    const text = await send('PUT', '/v1/zones/files.example', { body: HEAD, headers: { ...ANY, ...DNS } });
    assert.equal(text.statusCode, 422, text.body);
    assert.equal((await send('GET', '/v1/zones/gone.example/file')).statusCode, 404);
  });
});
