// The file of signatures, and what is made of one that lies, or of a disk that refuses.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  readPersistedSignatures,
  removePersistedSignatures,
  SIGNATURES_FILE,
  SIGNATURES_LIMIT_BYTES,
  writePersistedSignatures,
} from '../../../src/store/persisted-signatures.ts';

let base = '';
let count = 0;
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'azimuth-signatures-'));
});
after(() => rm(base, { recursive: true, force: true }));

const nextDirectory = () => join(base, String(count++));
const PIECES = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];

function readValue(directory: string): readonly number[] | string {
  const read = readPersistedSignatures(directory);
  return read.status === 'read' ? [...read.value] : read.status;
}

describe('signatures on disk', () => {
  it('are read back as they were written, and newer ones take their place', async () => {
    const directory = nextDirectory();
    assert.equal(readValue(directory), 'absent');
    for (const pieces of [[], PIECES, [Uint8Array.of(9)]]) {
      await writePersistedSignatures(directory, pieces);
      assert.deepEqual(
        readValue(directory),
        pieces.flatMap((piece) => [...piece]),
      );
    }
    assert.deepEqual(await readdir(directory), [SIGNATURES_FILE]);
    await removePersistedSignatures(directory);
    await removePersistedSignatures(directory);
    assert.equal(readValue(directory), 'absent');
  });

  it('are not used where the file is torn, altered in any bit, longer, or of another version', async () => {
    const directory = nextDirectory();
    await writePersistedSignatures(directory, PIECES);
    const path = join(directory, SIGNATURES_FILE);
    const whole = await readFile(path);
    const damaged = [
      Buffer.concat([whole, Buffer.of(0)]),
      Buffer.from(whole.toString('latin1').replace('1', '2'), 'latin1'),
    ];
    for (let length = 0; length < whole.length; length++) damaged.push(whole.subarray(0, length));
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const altered = Buffer.from(whole);
      altered[bit >>> 3] = (altered[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      damaged.push(altered);
    }
    for (const bytes of damaged) {
      await writeFile(path, bytes);
      assert.equal(readValue(directory), 'damaged', bytes.toString('hex'));
    }
    const read = readPersistedSignatures(directory);
    assert.ok(read.status === 'damaged' && read.problems[0]?.message.includes(path));
  });

  it('are not read from a file that is larger than any that was written, nor from a directory', async () => {
    const directory = nextDirectory();
    await mkdir(join(directory, SIGNATURES_FILE), { recursive: true });
    assert.equal(readValue(directory), 'damaged');
    const other = nextDirectory();
    await mkdir(other);
    await writeFile(join(other, SIGNATURES_FILE), '');
    // A hole: it takes no room.
    await truncate(join(other, SIGNATURES_FILE), 2 * SIGNATURES_LIMIT_BYTES);
    const read = readPersistedSignatures(other);
    assert.match(read.status === 'damaged' ? (read.problems[0]?.message ?? '') : '', /more than/);
  });

  it('stay as they were when writing fails half way, and leave no part of a file', async () => {
    const directory = nextDirectory();
    await writePersistedSignatures(directory, PIECES);
    const failing = function* () {
      yield Uint8Array.of(7);
      throw new Error('no space left on device');
    };
    await assert.rejects(writePersistedSignatures(directory, failing()), /no space left/);
    assert.deepEqual(readValue(directory), [1, 2, 3, 4, 5]);
    assert.deepEqual(await readdir(directory), [SIGNATURES_FILE]);
  });
});
