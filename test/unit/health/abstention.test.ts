import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAbstention, MAX_ABSTENTION_REASONS } from '../../../src/health/abstention.ts';
import type { Vote } from '../../../src/health/slot.ts';

const vote = (word: Vote, reason: string) => ({ target: `${word} ${reason}`, vote: word, reason });

test('a worker that votes on everything abstains from nothing, whatever its reasons are', () => {
  assert.equal(findAbstention([]), undefined);
  assert.equal(findAbstention([vote('down', 'refused'), vote('up', ''), vote('suspect', 'late')]), undefined);
});

test('abstentions are counted, with the reasons of most of them first, and only so many', () => {
  const votes = [
    vote('up', ''),
    vote('abstain', 'no ping'),
    ...['a', 'b', 'c', 'a'].map((each) => vote('abstain', each)),
  ];
  const found = findAbstention(votes);
  assert.deepEqual([found?.votes, found?.abstained], [6, 5]);
  assert.deepEqual(found?.reasons, ['a', 'no ping', 'b']);
  assert.equal(found?.reasons.length, MAX_ABSTENTION_REASONS);
});
