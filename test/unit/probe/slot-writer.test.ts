import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetVote } from '../../../src/health/slot.ts';
import { createProbeCounters } from '../../../src/probe/counters.ts';
import { type SealMessage, SlotWriter } from '../../../src/probe/slot-writer.ts';
import { simulateTime } from '../../support/simulated-time.ts';
import { voteOn } from '../health/fixtures.ts';
import { createSlotBoard } from './slot-board.ts';

const ID = { vantage: 'v1', worker: 'w1' };

function setUp(seal?: SealMessage) {
  const time = simulateTime();
  const board = createSlotBoard();
  const counters = createProbeCounters();
  const warnings: string[] = [];
  const fields: object[] = [];
  let votes: readonly TargetVote[] = [];
  const warn = (of: object, message: string) => {
    warnings.push(message);
    fields.push(of);
  };
  const logger = { info: () => undefined, warn };
  const readVotes = () => votes;
  const writer = new SlotWriter(
    { id: ID, heartbeatMs: 1000 },
    { store: board, clock: time.clock, logger, counters, readVotes, seal },
  );
  return {
    time,
    board,
    counters,
    warnings,
    fields,
    writer,
    slot: () => board.slots.get('v1/w1'),
    vote(...next: readonly TargetVote[]) {
      votes = next;
      writer.noteChange();
    },
  };
}

test('writes its slot at every heartbeat, changed or not', async () => {
  const { time, writer, slot, board } = setUp();
  for (let beat = 0; beat < 3; beat++) {
    writer.beat();
    await time.pass(1000);
  }
  assert.deepEqual(slot(), { ...ID, epoch: 1, sequence: 3, votes: [] });
  assert.deepEqual(
    board.deltas.map(({ sequence, changed, removed }) => [sequence, changed, removed]),
    [1, 2, 3].map((sequence) => [sequence, [], []]),
  );
});

test('writes changes of one moment together, at once, with what changed', async () => {
  const { time, writer, vote, slot, board } = setUp();
  writer.beat();
  await time.pass(10);
  vote(voteOn('a', 'up'));
  vote(voteOn('a', 'up'), voteOn('b', 'down'));
  await time.pass(5);
  assert.equal(slot()?.sequence, 2);
  assert.deepEqual(board.deltas.at(-1)?.changed, [voteOn('a', 'up'), voteOn('b', 'down')]);
  vote(voteOn('b', 'down'));
  await time.pass(5);
  assert.deepEqual(board.deltas.at(-1)?.removed, ['a']);
});

test('drops what it cannot write, never queues it, and writes everything when the store is back', async () => {
  const { time, writer, vote, slot, board, counters, warnings } = setUp();
  writer.beat();
  await time.pass(10);
  board.mode = 'failing';
  for (let index = 0; index < 5; index++) {
    vote(voteOn(`t${index}`, 'up'));
    await time.pass(1000);
    writer.beat();
  }
  await time.pass(10);
  assert.equal(slot()?.sequence, 1);
  assert.ok(counters.slotsDropped >= 5);
  assert.equal(warnings.length, 1, 'says so once');
  assert.equal(writer.isStoreSteady(0), false);
  board.mode = 'working';
  writer.beat();
  await time.pass(10);
  assert.deepEqual(slot()?.votes, [voteOn('t4', 'up')]);
  assert.equal(writer.isStoreSteady(0), true);
  assert.equal(writer.isStoreSteady(3000), false);
});

test('gives up a write that hangs, so that a store that is stuck does not stick to the worker', async () => {
  const { time, writer, slot, board, counters } = setUp();
  writer.beat();
  await time.pass(10);
  board.mode = 'hanging';
  writer.beat();
  await time.pass(1000);
  board.mode = 'working';
  writer.beat();
  await time.pass(1500);
  assert.equal(counters.slotsDropped, 1);
  writer.beat();
  await time.pass(10);
  assert.equal(slot()?.sequence, 3);
});

test('takes no epoch that no number can count on from, and outlives a write that cannot be composed', async () => {
  const { time, board, counters, writer, slot } = setUp();
  const { allocateEpoch } = board;
  for (const epoch of [2 ** 53, -1, Number.NaN]) {
    board.allocateEpoch = async () => epoch;
    writer.beat();
    await time.pass(1000);
  }
  assert.deepEqual([counters.epochsFailed, slot()], [3, undefined]);
  board.allocateEpoch = allocateEpoch;
  writer.beat();
  await time.pass(1000);
  assert.equal(slot()?.sequence, 1);
});

test('goes on asking for an epoch until the store gives one', async () => {
  const { time, writer, slot, board, counters } = setUp();
  board.mode = 'failing';
  for (let beat = 0; beat < 4; beat++) {
    writer.beat();
    await time.pass(1000);
  }
  assert.equal(counters.epochsFailed, 4);
  board.mode = 'working';
  writer.beat();
  await time.pass(10);
  assert.equal(slot()?.sequence, 1);
});

test('takes a new epoch at once when its own was superseded, and writes all votes under it', async () => {
  const { time, writer, vote, slot, board, counters } = setUp();
  writer.beat();
  await time.pass(10);
  vote(voteOn('a', 'up'));
  await time.pass(10);
  await board.allocateEpoch(ID);
  writer.beat();
  await time.pass(10);
  assert.equal(counters.slotsRefused, 1);
  assert.deepEqual(slot(), { ...ID, epoch: 3, sequence: 1, votes: [voteOn('a', 'up')] });
});

test('takes its slot out of the store when it stops, and writes no more', async () => {
  const { time, writer, slot } = setUp();
  writer.beat();
  await time.pass(10);
  await writer.stop();
  writer.beat();
  await time.pass(5000);
  assert.equal(slot(), undefined);
});

test('tells once a minute that its name is used twice, not at every heartbeat that the other one fenced off', async () => {
  const { time, writer, board, counters, warnings } = setUp();
  const beatMs = 1000;
  for (let beat = 0; beat < 90; beat++) {
    writer.beat();
    await time.pass(beatMs / 2);
    await board.allocateEpoch(ID);
    await time.pass(beatMs / 2);
  }
  assert.ok(counters.slotsRefused > 80, `${counters.slotsRefused} refused`);
  assert.deepEqual(
    warnings.map((text) => /used twice/.test(text)),
    [true, true],
  );
});

test('tells why the store does not take its votes in the words of the store, as a user without the right is told', async () => {
  const { time, writer, board, fields } = setUp();
  board.allocateEpoch = async () => {
    throw Object.assign(new Error('refused: NOPERM'), { code: 'STORE_REJECTED' });
  };
  writer.beat();
  await time.pass(10);
  assert.deepEqual(fields, [{ code: 'STORE_REJECTED', reason: 'refused: NOPERM' }]);
});

test('stops within its time although the store hangs', async () => {
  const { time, writer, board } = setUp();
  writer.beat();
  await time.pass(10);
  board.mode = 'hanging';
  const stopped = writer.stop();
  await time.pass(2000);
  await stopped;
});

test('drops what cannot be signed, and goes on', async () => {
  const seal: SealMessage = () => ({ publicKey: 'k', signature: new Uint8Array(64) });
  const { time, writer, vote, slot, counters, warnings } = setUp(seal);
  writer.beat();
  await time.pass(10);
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  vote({ target: 't', vote: 'up', reason: '', share: 0.5 });
  await time.pass(5);
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  assert.deepEqual([rejections, counters.slotsDropped, warnings.length], [[], 1, 1]);
  vote(voteOn('t', 'up'));
  writer.beat();
  await time.pass(1000);
  assert.deepEqual(slot()?.votes, [voteOn('t', 'up')]);
});
