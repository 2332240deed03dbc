// The program itself: it loads, finds its commands, and ends with the right code.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from '../style/sources.ts';

function azimuth(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'src/main.ts'), ...args], { cwd: ROOT }, (error, out, err) => {
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
});
