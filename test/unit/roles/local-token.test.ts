import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findToken } from '../../../src/api/token.ts';
import { ensureLocalToken, TOKEN_FILE } from '../../../src/roles/local-token.ts';
import { openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { DOCUMENT, NOW_MS, openDirectory, openWriter } from '../api/fixture.ts';

const nowMs = () => NOW_MS;

describe('the local token', () => {
  test('is made once, kept for its owner alone, and valid for everything', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
    const token = await ensureLocalToken(directory, writer, nowMs);
    assert.equal((await readFile(join(directory, TOKEN_FILE), 'utf8')).trim(), token);
    assert.equal((await stat(join(directory, TOKEN_FILE))).mode & 0o077, 0);
    assert.deepEqual(findToken(writer.tokens() ?? [], token ?? '', NOW_MS)?.scopes, ['admin']);
    assert.equal(await ensureLocalToken(directory, writer, nowMs), token);
    assert.equal(writer.tokens()?.length, 1);
    await writer.close();
    await store.close();
  });

  test('is made anew when its file is lost, and the old one ends', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
    const old = await ensureLocalToken(directory, writer, nowMs);
    await rm(join(directory, TOKEN_FILE));
    const token = await ensureLocalToken(directory, writer, nowMs);
    assert.notEqual(token, old);
    assert.equal(findToken(writer.tokens() ?? [], old ?? '', NOW_MS), undefined);
    assert.ok(findToken(writer.tokens() ?? [], token ?? '', NOW_MS));
    await writer.close();
    await store.close();
  });

  test('of two nodes on one machine does not end when the other one makes its own', async (context) => {
    const [directory, other] = [await openDirectory(context), await openDirectory(context)];
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
    const token = await ensureLocalToken(directory, writer, nowMs);
    const others = await ensureLocalToken(other, writer, nowMs);
    assert.notEqual(others, token);
    assert.equal(await ensureLocalToken(directory, writer, nowMs), token);
    assert.equal(writer.tokens()?.length, 2);
    await writer.close();
    await store.close();
  });

  test('waits for a configuration: an empty store gets no token', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const writer = await openWriter(store, { stateDirectory: directory });
    assert.equal(await ensureLocalToken(directory, writer, nowMs), undefined);
    await writer.close();
    await store.close();
  });
});
