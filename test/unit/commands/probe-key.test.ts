import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Command, CommanderError } from 'commander';
import { exitCodeOf } from '../../../src/commands/failure.ts';
import { registerProbe } from '../../../src/commands/probe.ts';
import { readSlotKey } from '../../../src/native/slot-keys.ts';

async function setUp(context: TestContext, probe: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-probe-key-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const settings = join(directory, 'settings.json');
  const keyFile = join(directory, 'keys', 'probe.pem');
  await writeFile(settings, JSON.stringify({ stateDirectory: join(directory, 'state'), probe: { keyFile, ...probe } }));
  return { directory, settings, keyFile };
}

async function run(...args: readonly string[]) {
  let out = '';
  let err = '';
  const program = new Command('azimuth').exitOverride().configureOutput({
    writeOut(text) {
      out += text;
    },
    writeErr(text) {
      err += text;
    },
  });
  registerProbe(program);
  try {
    await program.parseAsync(['probe', 'key', ...args], { from: 'user' });
    return { exitCode: 0, out, err };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: exitCodeOf(error), out, err };
  }
}

test('makes the key where there is none, for its owner alone, and prints the public half and how to list it', async (context) => {
  const { settings, keyFile } = await setUp(context, { vantage: 'paris', worker: 'paris-1' });
  const first = await run('--settings', settings);
  assert.equal(first.exitCode, 0, first.err);
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
  const publicKey = readSlotKey(await readFile(keyFile, 'utf8'))?.publicKey;
  assert.equal(first.out, `${publicKey}\n`);
  assert.match(first.err, /id: paris, workers: \[\{ id: paris-1, publicKey: MCow/);
  const { out } = await run('--settings', settings, '--json');
  assert.deepEqual(JSON.parse(out), { vantage: 'paris', worker: 'paris-1', publicKey }, 'the same one again');
});

test('says that a worker without an id that stays cannot be listed', async (context) => {
  const { settings } = await setUp(context, { vantage: 'paris' });
  assert.match((await run('--settings', settings)).err, /needs an id that stays: probe\.worker/);
});

test('leaves a file that holds no key as it is, and fails', async (context) => {
  const { directory, settings } = await setUp(context, {});
  const other = join(directory, 'other.pem');
  await writeFile(other, 'something else');
  await writeFile(settings, JSON.stringify({ probe: { keyFile: other } }));
  const { exitCode, out, err } = await run('--settings', settings);
  assert.deepEqual([exitCode, out], [1, '']);
  assert.match(err, /other\.pem holds no private key of Ed25519/);
  assert.equal(await readFile(other, 'utf8'), 'something else');
});
