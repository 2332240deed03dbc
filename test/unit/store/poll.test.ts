// The poll of which followers are made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startPoll } from '../../../src/store/poll.ts';
import { createStoreError } from '../../../src/store/store-error.ts';

const NEVER_MS = 60_000;

test('reads at once, and once more however often it was woken during a read', async (context) => {
  let reads = 0;
  let running = 0;
  const poll = startPoll({
    intervalMs: NEVER_MS,
    read: async () => {
      reads++;
      assert.equal(++running, 1, 'never two reads at a time');
      await pause(5);
      running--;
    },
    deliver: () => {},
    onError: assert.fail,
  });
  context.after(() => poll.close());
  for (let time = 0; time < 5; time++) poll.wake();
  await pause(40);
  assert.equal(reads, 2);
});

test('goes on at every interval after failures, and reports each spell of them once', async (context) => {
  const outcomes = [false, false, true, false, false, true];
  const errors: string[] = [];
  const values: number[] = [];
  let turn = 0;
  const poll = startPoll({
    intervalMs: 5,
    read: async () => {
      const value = turn++;
      if (outcomes[value] === false) throw new Error(`failed ${value}`);
      return value;
    },
    deliver: (value) => values.push(value),
    onError: (error) => errors.push(error.message),
  });
  context.after(() => poll.close());
  while (turn < 8) await pause(5);
  assert.deepEqual(errors, ['failed 0', 'failed 3']);
  assert.deepEqual(values.slice(0, 3), [2, 5, 6]);
});

test('ends without a word when its store is closed', async () => {
  let reads = 0;
  startPoll({
    intervalMs: 5,
    read: async () => {
      reads++;
      throw createStoreError('STORE_CLOSED', 'the store is closed');
    },
    deliver: () => assert.fail(),
    onError: assert.fail,
  });
  await pause(30);
  assert.equal(reads, 1);
});

test('delivers nothing once it is closed, though a read was under way', async () => {
  const poll = startPoll({ intervalMs: 5, read: () => pause(5), deliver: () => assert.fail(), onError: assert.fail });
  poll.close();
  poll.wake();
  await pause(20);
});
