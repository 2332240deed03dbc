import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makePrivateKey } from '../../../src/keys/private-key.ts';
import { openKeyDesk } from '../../../src/roles/key-desk.ts';
import { parseRecordData } from '../../../src/wire/record-data.ts';
import { type KeeperWorld, openKeeper, SECRET } from '../../support/keeper-fixture.ts';
import { DOCUMENT, type Fixture, NOW_MS, openFixture } from './fixture.ts';

const PATH = '/v1/zones/gtm.example.com/dnssec';
const HOUR_MS = 3_600_000;
const ANY = { 'if-match': '*' };

async function open(context: { after(close: () => Promise<void>): void }, dnssec?: object) {
  const world: KeeperWorld = { nowMs: NOW_MS, ds: [], lines: [] };
  const fixture = await openFixture(context, {
    keys: (writer, ending) => {
      const keeper = openKeeper(writer, world);
      ending.after(() => keeper.stop());
      return openKeyDesk(keeper, SECRET);
    },
  });
  if (dnssec !== undefined) await sign(fixture, dnssec);
  const look = async (path = PATH) => (await fixture.send('GET', path)).json();
  return { ...fixture, world, look };
}

async function sign({ send, writer }: Fixture, dnssec: object): Promise<void> {
  const [zone] = DOCUMENT.zones;
  const put = await send('PUT', '/v1/zones/gtm.example.com', { body: { ...zone, dnssec }, headers: ANY });
  assert.equal(put.statusCode, 200, put.body);
  for (let tries = 0; tries < 200; tries++) {
    if (((await writer.read())?.keyrings.size ?? 0) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Asks for something harmless, so that the keeper looks. */
async function later({ send, world }: Awaited<ReturnType<typeof open>>, hours: number): Promise<void> {
  world.nowMs += hours * HOUR_MS;
  await send('POST', `${PATH}/ds-seen`, { body: { keys: [] } });
}

describe('the keys of a zone', () => {
  test('are shown with their phases, and never a private key', async (context) => {
    const fixture = await open(context, { enabled: true, keys: 'split' });
    const reply = await fixture.send('GET', PATH);
    assert.equal(reply.statusCode, 200, reply.body);
    const { signed, keys, ds, waiting } = reply.json();
    assert.equal(signed, true);
    assert.deepEqual(keys.map(({ role }: { role: string }) => role).sort(), ['ksk', 'zsk']);
    assert.deepEqual(ds, []);
    assert.ok(waiting.length > 0);
    assert.ok(!/sealed|PRIVATE/.test(reply.body));
  });

  test('give the DS for the registrar once it is safe to have it', async (context) => {
    const fixture = await open(context, { enabled: true });
    await later(fixture, 3);
    const { ds, dsSha384, dnskey, waiting } = await fixture.look();
    assert.deepEqual([ds.length, dsSha384.length, dnskey.length], [1, 1, 1]);
    assert.match(ds[0], /^\d+ 13 2 [0-9A-Fa-f]{64}$/);
    assert.match(dsSha384[0], /^\d+ 13 4 [0-9A-Fa-f]{96}$/);
    assert.match(dnskey[0], /^257 3 13 /);
    assert.match(waiting.join(), /the parent has no DS of csk-/);
    const parsed = parseRecordData(43, ds[0], new Uint8Array(1));
    assert.ok(parsed.ok);
    fixture.world.ds = [parsed.bytes];
    await later(fixture, 1);
    await later(fixture, 30);
    assert.equal((await fixture.look()).keys[0].ds.phase, 'omnipresent');
  });

  test('roll over when asked, one at a time', async (context) => {
    const fixture = await open(context, { enabled: true, keys: 'split' });
    const early = await fixture.send('POST', `${PATH}/rollover`, { body: { role: 'zsk' } });
    assert.equal(early.statusCode, 422);
    assert.match(early.json().detail, /is not in place everywhere yet: one rollover at a time/);
    await later(fixture, 3);
    const asked = await fixture.send('POST', `${PATH}/rollover`, { body: { role: 'zsk' } });
    assert.equal(asked.statusCode, 200, asked.body);
    const zsks = asked.json().keys.filter(({ role }: { role: string }) => role === 'zsk');
    assert.deepEqual(zsks.map(({ retired }: { retired: boolean }) => retired).sort(), [false, true]);
    const again = await fixture.send('POST', `${PATH}/rollover`, { body: { role: 'zsk' } });
    assert.equal(again.statusCode, 422);
    const wrong = await fixture.send('POST', `${PATH}/rollover`, { body: { role: 'csk' } });
    assert.match(wrong.json().detail, /The zone has no CSK that signs/);
  });

  test('go by the word of an operator while the parent cannot be asked', async (context) => {
    const fixture = await open(context, { enabled: true });
    fixture.world.ds = undefined;
    await later(fixture, 3);
    const [{ keyTag }] = (await fixture.look()).keys;
    const wrong = await fixture.send('POST', `${PATH}/ds-seen`, { body: { keys: [(keyTag + 1) % 65_536] } });
    assert.equal(wrong.statusCode, 422);
    const seen = await fixture.send('POST', `${PATH}/ds-seen`, { body: { keys: [keyTag] } });
    assert.equal(seen.statusCode, 200, seen.body);
    assert.match(seen.json().waiting.join(), /every cache knows of the DS of csk-/);
    assert.match(seen.json().parent.problem, /nobody answers/);
    fixture.world.nowMs += 30 * HOUR_MS;
    const done = await fixture.send('POST', `${PATH}/ds-seen`, { body: { keys: [keyTag] } });
    assert.equal(done.json().keys[0].ds.phase, 'omnipresent');
  });

  test('say whether the zone may be unsigned, why not, and when', async (context) => {
    const fixture = await open(context);
    assert.deepEqual(await fixture.look(`${PATH}/insecure`), {
      zone: 'gtm.example.com',
      safe: true,
      reasons: ['the zone is not signed'],
    });
    await sign(fixture, { enabled: true });
    await later(fixture, 3);
    const kept = await fixture.look(`${PATH}/insecure`);
    assert.equal(kept.safe, false);
    assert.match(kept.reasons.join(), /dnssec\.withdraw is not set.*may have it/);
    await sign(fixture, { enabled: true, withdraw: true });
    await later(fixture, 1);
    const leaving = await fixture.look(`${PATH}/insecure`);
    assert.equal(leaving.safe, false);
    assert.equal(typeof leaving.at, 'string');
    fixture.world.nowMs = Date.parse(leaving.at);
    await later(fixture, 0);
    assert.equal((await fixture.look(`${PATH}/insecure`)).safe, true);
    assert.deepEqual((await fixture.look()).keys, []);
  });

  test('are brought along before signing begins, and then sign', async (context) => {
    const fixture = await open(context);
    const made = makePrivateKey(13);
    const body = { role: 'csk', privateKey: String(made.key.export({ format: 'pem', type: 'pkcs8' })) };
    const forbidden = await fixture.send('POST', `${PATH}/keys`, {
      body,
      headers: { authorization: `Bearer ${fixture.tokens.write}` },
    });
    assert.equal(forbidden.statusCode, 403);
    const imported = await fixture.send('POST', `${PATH}/keys`, { body });
    assert.equal(imported.statusCode, 200, imported.body);
    assert.equal(imported.json().signed, false);
    assert.ok(!imported.body.includes(body.privateKey.split('\n')[1] ?? ''));
    const twice = await fixture.send('POST', `${PATH}/keys`, { body });
    assert.match(twice.json().detail, /The zone has this key already/);
    await sign(fixture, { enabled: true });
    await later(fixture, 0);
    const { keys, signed } = await fixture.look();
    assert.equal(signed, true);
    assert.deepEqual(
      keys.map(({ imported: own }: { imported: boolean }) => own),
      [true],
    );
  });

  test('stay as they are when the configuration goes back, which it may not to before they were trusted', async (context) => {
    const fixture = await open(context, { enabled: true });
    await later(fixture, 3);
    const before = (await fixture.look()).keys.map(({ id }: { id: string }) => id);
    const back = await fixture.send('POST', '/v1/revisions/1.1/rollback', { headers: ANY });
    assert.equal(back.statusCode, 422, back.body);
    assert.match(back.body, /set dnssec\.withdraw to true first/);
    const signed = (await fixture.writer.history(50)).findLast(({ message }) => message.startsWith('put zones'));
    assert.ok(signed);
    const { generation, number } = signed.id;
    await sign(fixture, { enabled: true, paused: true });
    const again = await fixture.send('POST', `/v1/revisions/${generation}.${number}/rollback`, { headers: ANY });
    assert.equal(again.statusCode, 200, again.body);
    const after = await fixture.look();
    assert.deepEqual(
      after.keys.map(({ id }: { id: string }) => id),
      before,
    );
    assert.equal(after.keys[0].ds.phase, 'rumoured');
    assert.equal(after.paused, false);
  });

  test('that have no place in the zone, or are none, are refused', async (context) => {
    const fixture = await open(context, { enabled: true });
    const pem = String(makePrivateKey(15).key.export({ format: 'pem', type: 'pkcs8' }));
    const wrong = await fixture.send('POST', `${PATH}/keys`, { body: { role: 'csk', privateKey: pem } });
    assert.match(wrong.json().detail, /a csk of algorithm 15 has no place in it/);
    const none = await fixture.send('POST', `${PATH}/keys`, { body: { role: 'csk', privateKey: 'secret text' } });
    assert.equal(none.statusCode, 422);
    assert.ok(!none.body.includes('secret text'));
    assert.equal((await fixture.send('GET', '/v1/zones/nowhere.example/dnssec')).statusCode, 404);
  });
});
