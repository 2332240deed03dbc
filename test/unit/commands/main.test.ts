// The program itself: it loads, finds its commands, and ends with the right code.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from '../style/sources.ts';

type Ended = { exitCode: number; out: string; err: string };

const azimuth = (...args: string[]) => azimuthIn({}, ...args);

function azimuthIn(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  const options = { cwd: ROOT, env: { ...process.env, ...environment } };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'src/main.ts'), ...args], options, (error, out, err) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

describe('azimuth', { concurrency: 2 }, () => {
  test('prints its version', async () => {
    const { exitCode, out } = await azimuth('--version');
    assert.equal(exitCode, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });

  test('lists its commands, and calls wrong usage by its code', async () => {
    const help = await azimuth('--help');
    assert.equal(help.exitCode, 0);
    for (const name of ['up', 'check', 'plan', 'apply', 'status', 'explain', 'override', 'drain', 'token']) {
      assert.match(help.out, new RegExp(`\\n  ${name} `));
    }
    const unknown = await azimuth('stauts');
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.err, /Did you mean status/);
  });

  test('checks a file', async () => {
    const { exitCode, out } = await azimuth('check', 'config/example.yaml');
    assert.deepEqual([exitCode, /no problems/.test(out)], [0, true], out);
  });

  test('begins with the configuration that the demonstration shows, where no other is given', async () => {
    const environment = { AZIMUTH_DEMO_CONFIGURATION: '/nowhere/shown.yaml' };
    const shown = await azimuthIn(environment, 'up');
    assert.deepEqual([shown.exitCode, shown.out], [2, '']);
    assert.match(shown.err, /no file \/nowhere\/shown\.yaml: correct demo\.configuration/);
    const given = await azimuthIn(environment, 'up', '--config', '/nowhere/given.yaml');
    assert.match(given.err, /no file \/nowhere\/given\.yaml: give --config/);
  });
});
