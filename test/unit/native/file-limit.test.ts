// The limit of file descriptors, as the system says it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readFileLimit } from '../../../src/native/file-limit.ts';

const SCRIPT = `
  import { readFileLimit } from ${JSON.stringify(new URL('../../../src/native/file-limit.ts', import.meta.url).href)};
  console.log(readFileLimit());
`;

test('the limit of file descriptors is the one that the process was started with', () => {
  const limited = `ulimit -n 321 && exec "${process.execPath}" --input-type=module -e '${SCRIPT}'`;
  const { stdout, stderr } = spawnSync('sh', ['-c', limited], { encoding: 'utf8' });
  assert.equal(stdout.trim(), '321', stderr);
});

test('nothing is said of a limit that is not there', () => {
  assert.equal(readFileLimit('/proc/self/absent'), undefined);
  assert.equal(readFileLimit('/proc/self/comm'), undefined);
});
