import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SlotDelta, Vote } from '../../../../src/health/slot.ts';
import { noteWords, type Words } from '../../../bench/failover/turns.ts';

function delta(vantage: string, vote: Vote): SlotDelta {
  const changed = [{ target: 't', vote, reason: '' }];
  return { vantage, worker: 'a', epoch: 1, sequence: 1, changed, removed: [] };
}

describe('the write that decides', () => {
  test('is the one by which enough vantages say down, and only that', () => {
    const words: Words = new Map();
    assert.deepEqual(noteWords(words, delta('v1', 'down'), 2), []);
    assert.deepEqual(noteWords(words, delta('v2', 'suspect'), 2), []);
    assert.deepEqual(noteWords(words, delta('v1', 'down'), 2), []);
    assert.deepEqual(noteWords(words, delta('v2', 'down'), 2), ['t']);
    assert.deepEqual(noteWords(words, delta('v3', 'down'), 2), []);
  });

  test('comes again when a vantage has taken its word back meanwhile', () => {
    const words: Words = new Map();
    for (const vantage of ['v1', 'v2']) noteWords(words, delta(vantage, 'down'), 2);
    noteWords(words, delta('v2', 'up'), 2);
    assert.deepEqual(noteWords(words, delta('v3', 'down'), 2), ['t']);
  });
});
