// When signatures are written to disk, and when not: with small zones of real signatures, many of them by what is counted.

import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { SignatureKeeper } from '../../../src/roles/signature-keeper.ts';
import type { SignedImage } from '../../../src/snapshot/list-signatures.ts';
import { SIGNATURES_FILE } from '../../../src/store/persisted-signatures.ts';
import { makeZoneKeys } from '../../support/signed-keys.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';
import { openDirectory, pause, waitUntil } from './fixture.ts';

const NAMES = ['a.example', 'b.example'];
const KEYS = new Map(NAMES.map((name) => [name, makeZoneKeys()]));
const IMAGES = new Map(
  createFixture(
    {
      zones: NAMES.map((name) => ({ name, ns: ['ns.elsewhere.example'], dnssec: { enabled: true } })),
      monitors: [],
      clusters: [],
      services: [],
    },
    { keys: KEYS },
  ).serving.snapshot.zones.images.map((image, index): [string, SignedImage] => {
    const name = NAMES[index] ?? '';
    const keys = KEYS.get(name);
    assert.ok(keys);
    return [name, { image, keys }];
  }),
);
/** NS, NSEC and DNSKEY of each. */
const COUNT = 6;

async function open(context: TestContext, restMs = 0) {
  const directory = await openDirectory(context);
  const warnings: string[] = [];
  const openKeeper = () => new SignatureKeeper({ directory, restMs, warn: (message) => void warnings.push(message) });
  const path = join(directory, SIGNATURES_FILE);
  const read = () => readFile(path).catch(() => undefined);
  return { directory, path, warnings, openKeeper, keeper: openKeeper(), read };
}

const made = (count: number) => ({ made: count, kept: 0, listed: 0 });
/** Longer than writing what is to be written takes. */
const WHILE_MS = 100;

describe('the keeper of signatures', () => {
  test('writes what another life of the node reads, once', async (context) => {
    const { keeper, openKeeper, path, warnings } = await open(context);
    assert.equal(keeper.read(), undefined);
    keeper.count(made(1000));
    keeper.keep(IMAGES);
    await waitUntil(() => openKeeper().read()?.count === COUNT);
    const written = await stat(path);
    const next = openKeeper();
    assert.equal(next.read()?.count, COUNT);
    assert.equal(next.read()?.count, COUNT, 'for as long as nothing is served');
    next.count({ made: 0, kept: 0, listed: COUNT });
    next.keep(IMAGES);
    assert.equal(next.read(), undefined, 'then there are images');
    await pause(WHILE_MS);
    assert.equal((await stat(path)).ino, written.ino);
    assert.deepEqual(warnings, []);
  });

  test('writes nothing for a few signatures, but when they have become many', async (context) => {
    const { keeper, read } = await open(context);
    for (const count of [500, 499]) {
      keeper.count(made(count));
      keeper.keep(IMAGES);
    }
    await pause(WHILE_MS);
    assert.equal(await read(), undefined);
    keeper.count(made(1));
    keeper.keep(IMAGES);
    await waitUntilAsync(async () => (await read()) !== undefined);
  });

  test('writes no more often than now and then, and then what is served by that time', async (context) => {
    const { keeper, openKeeper, read } = await open(context, 300);
    const [first] = IMAGES;
    assert.ok(first);
    keeper.count(made(1000));
    keeper.keep(new Map([first]));
    await waitUntil(() => openKeeper().read()?.count === COUNT / 2);
    const before = await read();
    for (let turn = 0; turn < 5; turn++) {
      keeper.count(made(1000));
      keeper.keep(IMAGES);
    }
    await pause(WHILE_MS);
    assert.deepEqual(await read(), before);
    await waitUntil(() => openKeeper().read()?.count === COUNT);
  });

  test('drops the signatures of a zone that is gone, and the file with the last of them', async (context) => {
    const { keeper, openKeeper, read } = await open(context);
    keeper.count(made(1000));
    keeper.keep(IMAGES);
    await waitUntil(() => openKeeper().read()?.count === COUNT);
    keeper.keep(new Map([...IMAGES].slice(1)));
    await waitUntil(() => openKeeper().read()?.count === COUNT / 2);
    keeper.keep(new Map());
    await waitUntilAsync(async () => (await read()) === undefined);
  });

  test('removes the file of an earlier life when nothing is signed any more', async (context) => {
    const { keeper, openKeeper, read } = await open(context);
    keeper.count(made(1000));
    keeper.keep(IMAGES);
    await waitUntil(() => openKeeper().read()?.count === COUNT);
    openKeeper().keep(new Map());
    await waitUntilAsync(async () => (await read()) === undefined);
  });

  test('says when the file is of no use, and goes on without it', async (context) => {
    const { keeper, openKeeper, path, warnings } = await open(context);
    await writeFile(path, `azimuth-signatures 1\n${'none of these '.repeat(9)}`);
    assert.equal(keeper.read(), undefined);
    assert.equal(keeper.read(), undefined);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /signed anew: .*signatures cannot be used: it is torn or was altered/);
    keeper.count(made(1000));
    keeper.keep(IMAGES);
    await waitUntil(() => openKeeper().read()?.count === COUNT);
  });

  test('says once that the disk refuses, and tries again later at the earliest', async (context) => {
    const { keeper, path, warnings } = await open(context);
    // What cannot be replaced by a file.
    await mkdir(join(path, 'within'), { recursive: true });
    for (let turn = 0; turn < 3; turn++) {
      keeper.count(made(1000));
      keeper.keep(IMAGES);
      await pause(WHILE_MS);
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /cannot be kept on disk, so that the next start will take longer/);
  });
});

async function waitUntilAsync(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, 'it happens');
    await pause(5);
  }
}
