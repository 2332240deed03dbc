import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { Command, CommanderError } from 'commander';
import { exitCodeOf } from '../../../src/commands/failure.ts';
import { registerZone } from '../../../src/commands/zone.ts';
import { makePrivateKey } from '../../../src/keys/private-key.ts';
import { type KeySecret, unsealKey } from '../../../src/keys/seal-key.ts';
import { openKeyDesk } from '../../../src/roles/key-desk.ts';
import { type KeeperWorld, makeSecret, openKeeper, SECRET } from '../../support/keeper-fixture.ts';
import { DOCUMENT, NOW_MS, openFixture } from '../api/fixture.ts';

const ZONE = 'gtm.example.com';
const HOUR_MS = 3_600_000;

async function open(context: TestContext, reopened: KeySecret = SECRET) {
  const world: KeeperWorld = { nowMs: NOW_MS, ds: undefined, lines: [] };
  const fixture = await openFixture(context, {
    keys: (writer, ending) => {
      const keeper = openKeeper(writer, world);
      ending.after(() => keeper.stop());
      return openKeyDesk(keeper, reopened);
    },
  });
  const url = await fixture.server.listen({ host: '127.0.0.1', port: 0 });
  const azimuth = async (...args: string[]) => {
    let out = '';
    let err = '';
    const writeOut = (text: string) => {
      out += text;
    };
    const writeErr = (text: string) => {
      err += text;
    };
    const program = new Command('azimuth')
      .exitOverride()
      .configureOutput({ writeOut, writeErr, getOutHasColors: () => false });
    registerZone(program);
    const connection = ['--api', url, '--token', fixture.tokens.admin];
    try {
      await program.parseAsync(['zone', ...args, ...connection], { from: 'user' });
      return { exitCode: 0, out, err };
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      return { exitCode: exitCodeOf(error), out, err };
    }
  };
  const sign = async (dnssec: object) => {
    const [zone] = DOCUMENT.zones;
    await fixture.send('PUT', `/v1/zones/${ZONE}`, { body: { ...zone, dnssec }, headers: { 'if-match': '*' } });
    for (let tries = 0; tries < 300 && (await fixture.writer.read())?.keyrings.size === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { azimuth, world, sign, directory: fixture.directory, writer: fixture.writer };
}

describe('azimuth zone', () => {
  test('keys, ds, ds-seen, rollover and insecure lead a zone to its DS and on', async (context) => {
    const { azimuth, world, sign } = await open(context);
    assert.equal((await azimuth('keys', ZONE)).out, `${ZONE} is not signed here.\n`);
    await sign({ enabled: true, keys: 'split' });
    const shown = await azimuth('keys', ZONE);
    assert.match(shown.out, /^gtm\.example\.com is signed\.\nKEY .*\nksk-\S+ +\d+ +13 +rumoured +- +hidden/, shown.err);
    const early = await azimuth('ds', ZONE);
    assert.equal(early.exitCode, 1);
    assert.match(early.err, /^There is none to give yet\.\n {2}every cache knows of/);
    assert.equal(early.out, '');
    world.nowMs += 3 * HOUR_MS;
    await azimuth('ds-seen', ZONE, '--none');
    const ds = await azimuth('ds', ZONE);
    assert.equal(ds.exitCode, 0);
    const tag = /^gtm\.example\.com\. IN DS (\d+) 13 2 [0-9a-f]{64}\n$/.exec(ds.out)?.[1] ?? '';
    const kept = await azimuth('insecure', ZONE);
    assert.equal(kept.exitCode, 1);
    assert.match(kept.out, /^No: dnssec\.withdraw is not set/);
    assert.match((await azimuth('ds-seen', ZONE, tag)).out, /waits: every cache knows of the DS of ksk-/);
    assert.equal((await azimuth('rollover', ZONE, 'ksk')).exitCode, 1);
    world.nowMs += 30 * HOUR_MS;
    await azimuth('ds-seen', ZONE, tag);
    const rolled = await azimuth('rollover', ZONE, 'KSK', '--json');
    assert.equal(JSON.parse(rolled.out).keys.length, 3, rolled.err);
  });

  test('reseal seals every key with the first of several secrets, and nothing twice', async (context) => {
    const [fresh, old] = ['22', '11'].map((octet) => octet.repeat(32));
    const { azimuth, sign, writer } = await open(context, makeSecret(`${fresh}\n${old}\n`));
    await sign({ enabled: true, keys: 'split' });
    const readable = async (secret: KeySecret) => {
      const keys = (await writer.read())?.keyrings.get(ZONE)?.keys ?? [];
      return keys.map((key) => unsealKey(secret, { ...key, zone: ZONE }, key.sealed) !== undefined);
    };
    assert.deepEqual(await readable(makeSecret(old ?? '')), [true, true]);
    const done = await azimuth('reseal');
    assert.equal(done.out, 'Sealed the keys of 1 of 1 zone anew.\n', done.err);
    assert.deepEqual(await readable(makeSecret(fresh ?? '')), [true, true]);
    assert.deepEqual(await readable(makeSecret(old ?? '')), [false, false]);
    assert.equal((await azimuth('reseal')).out, 'Sealed the keys of 0 of 1 zone anew.\n');
  });

  test('reseal is refused where a key cannot be read', async (context) => {
    const { azimuth, sign } = await open(context, makeSecret('33'.repeat(32)));
    await sign({ enabled: true });
    const refused = await azimuth('reseal');
    assert.equal(refused.exitCode, 1);
    assert.match(refused.err, /cannot be read with any secret of this process/);
  });

  test('key-import brings a key along, and says what is wrong with one', async (context) => {
    const { azimuth, directory } = await open(context);
    const file = join(directory, 'key.pem');
    await writeFile(file, String(makePrivateKey(13).key.export({ format: 'pem', type: 'pkcs8' })));
    const done = await azimuth('key-import', ZONE, file, '--role', 'csk');
    assert.match(done.out, /^gtm\.example\.com is not signed here\.\nKEY .*\ncsk-/, done.err);
    assert.match((await azimuth('key-import', ZONE, file, '--role', 'csk')).err, /has this key already/);
    const made = makePrivateKey(13);
    await writeFile(join(directory, 'K.private'), String(made.key.export({ format: 'pem', type: 'pkcs8' })));
    const published = `${ZONE}. IN DNSKEY 256 3 13 ${Buffer.from(made.publicKey).toString('base64')}\n`;
    await writeFile(join(directory, 'K.key'), published);
    const wrong = await azimuth('key-import', ZONE, join(directory, 'K.private'), '--role', 'ksk');
    assert.match(wrong.err, /flags 256 of the DNSKEY are those of a ZSK/);
    assert.equal((await azimuth('key-import', ZONE, join(directory, 'K.private'), '--role', 'zsk')).exitCode, 0);
    await writeFile(file, 'no key');
    assert.match((await azimuth('key-import', ZONE, file, '--role', 'csk')).err, /PKCS#8 in PEM/);
    assert.equal((await azimuth('key-import', ZONE, join(directory, 'none'), '--role', 'csk')).exitCode, 2);
  });

  test('is told what is wrong usage', async (context) => {
    const { azimuth } = await open(context);
    assert.equal((await azimuth('ds-seen', ZONE)).exitCode, 2);
    assert.equal((await azimuth('ds-seen', ZONE, '1', '--none')).exitCode, 2);
    assert.match((await azimuth('rollover', ZONE, 'main')).err, /main is no role: write csk, ksk or zsk/);
    assert.equal((await azimuth('keys', 'nowhere.example')).exitCode, 1);
  });
});
