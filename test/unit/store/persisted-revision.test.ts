// What a node keeps on its disk, and what it makes of a disk that lies.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { REVISION_FILE, readPersistedRevision, writePersistedRevision } from '../../../src/store/persisted-revision.ts';
import { readPersistedState, writePersistedState } from '../../../src/store/persisted-state.ts';
import { makeRevision } from '../../support/store-contract.ts';

let base = '';
let count = 0;
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'azimuth-persisted-'));
});
after(() => rm(base, { recursive: true, force: true }));

test('a revision is read back as it was written, and the newer one replaces it', async () => {
  const directory = nextDirectory();
  const first = makeRevision(1, null, { regions: 'a\nb', 'zones/x': 'ü\u0000🌍', empty: '' });
  const second = makeRevision(2, 1, { regions: 'same', monitors: 'same' });
  for (const revision of [first, second]) {
    await writePersistedRevision(directory, revision);
    assert.deepEqual(await readPersistedRevision(directory), { status: 'read', value: revision });
  }
  assert.deepEqual(await readdir(directory), [REVISION_FILE]);
});

test('no file is no fault', async () => {
  assert.deepEqual(await readPersistedRevision(nextDirectory()), { status: 'absent' });
  assert.deepEqual(await readPersistedState(nextDirectory(), 'verdicts'), { status: 'absent' });
});

test('a file torn at any byte, or with any byte altered, is found out', async () => {
  const directory = nextDirectory();
  const revision = makeRevision(1, null, { regions: 'aaaa', monitors: 'bbbbbbbb' });
  await writePersistedRevision(directory, revision);
  const path = join(directory, REVISION_FILE);
  const whole = await readFile(path);
  for (let length = 0; length < whole.length - 1; length += 3) {
    await writeFile(path, whole.subarray(0, length));
    assert.equal((await readPersistedRevision(directory)).status, 'damaged', `${length} bytes`);
  }
  for (let place = 0; place < whole.length; place += 3) {
    const altered = Buffer.from(whole);
    altered[place] = (altered[place] ?? 0) ^ 0x01;
    await writeFile(path, altered);
    assert.equal((await readPersistedRevision(directory)).status, 'damaged', `byte ${place}`);
  }
});

test('every damaged object is named, with the file', async () => {
  const directory = nextDirectory();
  await writePersistedRevision(directory, makeRevision(1, null, { regions: 'aaaa', monitors: 'bbbb' }));
  const path = join(directory, REVISION_FILE);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('aaaa', 'zzzz').replace('bbbb', 'zzzz'));
  const read = await readPersistedRevision(directory);
  assert.ok(read.status === 'damaged');
  assert.deepEqual(read.problems.map(({ path: place }) => place).sort(), ['/objects/monitors', '/objects/regions']);
  assert.ok(read.problems.every(({ message }) => message.includes(path)));
});

test('a directory in the place of the file is damage, not a crash', async () => {
  const directory = nextDirectory();
  await mkdir(join(directory, REVISION_FILE), { recursive: true });
  assert.equal((await readPersistedRevision(directory)).status, 'damaged');
});

test('what a crash left beside the file is overwritten, and the old file stands until then', async () => {
  const directory = nextDirectory();
  const first = makeRevision(1, null, { regions: 'a' });
  await writePersistedRevision(directory, first);
  await writeFile(join(directory, `${REVISION_FILE}.tmp`), 'half a revision');
  assert.deepEqual(await readPersistedRevision(directory), { status: 'read', value: first });
  const lacking = { manifest: first.manifest, objects: new Map<string, string>() };
  await assert.rejects(writePersistedRevision(directory, lacking), RangeError);
  assert.deepEqual(await readPersistedRevision(directory), { status: 'read', value: first });
});

test('a state is read back as it was written, and a torn or altered one is found out', async () => {
  const directory = nextDirectory();
  const value = { 'web-eu/a': 'down', list: [1, null, 'ü\n'] };
  await writePersistedState(directory, 'verdicts', value);
  assert.deepEqual(await readPersistedState(directory, 'verdicts'), { status: 'read', value });
  const path = join(directory, 'verdicts.state');
  const text = await readFile(path, 'utf8');
  for (const damaged of ['', text.slice(0, -1), text.replace('down', 'gone'), `${text} `]) {
    await writeFile(path, damaged);
    const read = await readPersistedState(directory, 'verdicts');
    assert.ok(read.status === 'damaged');
    assert.match(read.problems[0]?.message ?? '', /verdicts\.state cannot be used/);
  }
});

test('the name of a state cannot lead out of its directory', async () => {
  await assert.rejects(writePersistedState(nextDirectory(), '../evil', 1), RangeError);
  await assert.rejects(writePersistedState(nextDirectory(), 'fine', undefined), RangeError);
});

function nextDirectory(): string {
  return join(base, String(count++));
}
