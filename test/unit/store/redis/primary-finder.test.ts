// Whom the finder believes, of guides that agree, disagree, are silent or are gone; and how their replies are read.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint } from '../../../../src/model/store-address.ts';
import { readSentinelReply, readSlotsReply } from '../../../../src/store/redis/guides.ts';
import { HASH_SLOT } from '../../../../src/store/redis/keys.ts';
import { PrimaryFinder } from '../../../../src/store/redis/primary-finder.ts';

type Answer = Endpoint | undefined | 'silent' | 'gone';

const A = { host: '10.0.0.1', port: 6379 };
const B = { host: '10.0.0.2', port: 6379 };
const NEVER_MS = 3_600_000;

function openFinder(context: TestContext, answers: readonly Answer[], intervalMs = NEVER_MS): PrimaryFinder {
  const guides = answers.map((_, index) => ({
    async askPrimary() {
      const answer = answers[index];
      if (answer === 'gone') throw new Error(`guide ${index} is gone`);
      if (answer === 'silent') return new Promise<never>(() => {});
      return answer;
    },
    ignorance: `guide ${index} knows of none`,
    close: async () => {},
  }));
  const finder = new PrimaryFinder('redis+sentinel://s/main', guides, intervalMs);
  context.after(() => finder.close());
  return finder;
}

test('what more than half of all guides say is believed at once, whatever the others do', async (context) => {
  assert.deepEqual(await openFinder(context, ['silent', B, B]).locate(), B);
  assert.deepEqual(await openFinder(context, [A, B, B]).locate(), B);
  assert.deepEqual(await openFinder(context, ['gone', B, undefined, B, B]).locate(), B);
});

test('where no half agrees, all are heard and most of those that answer are believed', async (context) => {
  assert.deepEqual(await openFinder(context, ['gone', 'gone', A]).locate(), A);
  assert.deepEqual(await openFinder(context, [A, B, B, 'gone', undefined]).locate(), B);
});

test('where nobody knows, it is said why', async (context) => {
  await assert.rejects(openFinder(context, ['gone', undefined]).locate(), {
    code: 'STORE_UNAVAILABLE',
    message: /redis\+sentinel:\/\/s\/main: guide 1 knows of none; guide 0 is gone$/,
  });
});

test('those who watch are told again and again, and not once closed', async (context) => {
  const answers: Answer[] = [A];
  const finder = openFinder(context, answers, 10);
  const told: Endpoint[] = [];
  const watch = finder.watch((primary) => told.push(primary));
  while (told.length < 2) await pause(5);
  answers[0] = B;
  while (told.at(-1) !== B) await pause(5);
  watch.close();
  const before = told.length;
  await pause(50);
  assert.equal(told.length, before);
});

test('a reply of a Sentinel is a host and a port, and anything else is none', () => {
  assert.deepEqual(readSentinelReply(['10.0.0.1', '6379']), A);
  for (const junk of [null, [], 'x', ['h'], ['h', 'x'], ['h', '-1'], [7, 7], ['?', '1']]) {
    assert.equal(readSentinelReply(junk), undefined);
  }
});

test('of the slots of a cluster the master of ours is read, and a node that does not know its address is where it was asked', () => {
  const slots = (host: unknown) => [
    [HASH_SLOT + 1, 16_383, ['10.0.0.9', 1, 'id'], ['10.0.0.8', 1, 'id']],
    [0, HASH_SLOT, [host, 6379, 'id', []], ['10.0.0.7', 1, 'id']],
  ];
  assert.deepEqual(readSlotsReply(slots('10.0.0.1'), 'asked'), A);
  assert.deepEqual(readSlotsReply(slots(null), 'asked'), { host: 'asked', port: 6379 });
  assert.deepEqual(readSlotsReply(slots(''), 'asked'), { host: 'asked', port: 6379 });
  for (const junk of [null, [], [[1]], [[0, 16_383, []]], [[0, 16_383, 'x']], slots('?')]) {
    assert.equal(readSlotsReply(junk, 'asked'), undefined);
  }
});
