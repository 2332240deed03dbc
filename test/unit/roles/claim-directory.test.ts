// Who uses a state directory beside us: told by a lock that ends with its holder.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimDirectory } from '../../../src/roles/claim-directory.ts';

const MODULE = new URL('../../../src/roles/claim-directory.ts', import.meta.url).href;
const HOLDER = `
  import { claimDirectory } from ${JSON.stringify(MODULE)};
  globalThis.claim = claimDirectory(process.argv[1]);
  console.log(claim.isShared);
  setInterval(() => {}, 1000);
`;

test('a directory is shared while another process holds it, and no longer once that was killed', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-claim-'));
  context.after(() => rm(directory, { recursive: true }));
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, directory]);
  context.after(() => holder.kill('SIGKILL'));
  const [said] = await once(holder.stdout, 'data');
  assert.equal(String(said).trim(), 'false');
  assert.equal(claimDirectory(directory).isShared, true);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const claim = claimDirectory(directory);
  assert.equal(claim.isShared, false);
  assert.equal(claimDirectory(directory).isShared, true);
  claim.release();
  assert.equal(claimDirectory(directory).isShared, false);
});

test('where nothing can be written nothing is claimed, and nothing fails', async (context) => {
  const file = join(await mkdtemp(join(tmpdir(), 'azimuth-claim-')), 'file');
  context.after(() => rm(join(file, '..'), { recursive: true }));
  await writeFile(file, '');
  const claim = claimDirectory(join(file, 'state'));
  assert.equal(claim.isShared, false);
  claim.release();
});
