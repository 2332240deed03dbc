// The rule by which slots merge.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applySlotDelta, compareSlotVersions, mergeSlot, slotKey } from '../../../src/health/merge-slots.ts';
import type { Slot, SlotDelta, TargetVote } from '../../../src/health/slot.ts';

const UP: TargetVote = { target: 'a', vote: 'up', reason: '' };
const DOWN: TargetVote = { target: 'b', vote: 'down', reason: 'refused' };
const SUSPECT: TargetVote = { target: 'a', vote: 'suspect', reason: 'timeout' };

test('the epoch counts before the sequence', () => {
  assert.ok(compareSlotVersions({ epoch: 2, sequence: 1 }, { epoch: 1, sequence: 9 }) > 0);
  assert.ok(compareSlotVersions({ epoch: 1, sequence: 1 }, { epoch: 1, sequence: 2 }) < 0);
  assert.equal(compareSlotVersions({ epoch: 1, sequence: 1 }, { epoch: 1, sequence: 1 }), 0);
});

test('of two versions of a slot the newer one stays, whatever their order', () => {
  const older = makeSlot(1, 9);
  const newer = makeSlot(2, 1);
  assert.equal(mergeSlot(undefined, older), older);
  assert.equal(mergeSlot(older, newer), newer);
  assert.equal(mergeSlot(newer, older), newer);
  assert.equal(mergeSlot(newer, { ...newer }), newer, 'the one that is known, when they are the same');
});

test('a delta that follows on changes, adds and removes votes', () => {
  const delta = makeDelta(1, 2, { changed: [SUSPECT, { ...DOWN, target: 'c' }], removed: ['b'] });
  const outcome = applySlotDelta(makeSlot(1, 1, [UP, DOWN]), delta);
  assert.deepEqual(outcome, { status: 'applied', slot: makeSlot(1, 2, [SUSPECT, { ...DOWN, target: 'c' }]) });
});

test('a heartbeat shares the votes of the version before', () => {
  const known = makeSlot(1, 1, [UP]);
  const outcome = applySlotDelta(known, makeDelta(1, 2));
  assert.equal(outcome.status === 'applied' && outcome.slot.votes, known.votes);
});

test('a delta that is old changes nothing, and one that does not follow on leaves a gap', () => {
  const known = makeSlot(2, 5, [UP]);
  const status = (delta: SlotDelta): string => applySlotDelta(known, delta).status;
  assert.equal(status(makeDelta(2, 5)), 'old');
  assert.equal(status(makeDelta(1, 6)), 'old');
  assert.equal(status(makeDelta(2, 7)), 'gap');
  assert.equal(status(makeDelta(3, 6)), 'gap');
  assert.equal(status(makeDelta(3, 1)), 'gap');
  assert.equal(applySlotDelta(undefined, makeDelta(1, 1)).status, 'gap');
});

test('a key names vantage and worker', () => {
  assert.equal(slotKey({ vantage: 'eu', worker: 'a/b' }), 'eu/a/b');
});

function makeSlot(epoch: number, sequence: number, votes: readonly TargetVote[] = []): Slot {
  return { vantage: 'eu', worker: 'w1', epoch, sequence, votes };
}

function makeDelta(epoch: number, sequence: number, change: Partial<SlotDelta> = {}): SlotDelta {
  return { vantage: 'eu', worker: 'w1', epoch, sequence, changed: [], removed: [], ...change };
}
