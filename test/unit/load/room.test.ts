import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LoadTable } from '../../../src/load/load-table.ts';
import { connectionsOf, roomOf } from '../../../src/load/room.ts';

function table(connections: number, capacity: number, handedOut = 0, answerCost = 1): LoadTable {
  return {
    connections: Float32Array.of(connections),
    capacities: Float32Array.of(capacity),
    answerCosts: Float32Array.of(answerCost),
    handedOut: Float64Array.of(handedOut),
    settled: Float64Array.of(0),
  };
}

describe('room', () => {
  it('falls from the low watermark to the high one', () => {
    const rooms = [0, 49, 50, 62.5, 75, 99.9, 100, 500].map((connections) =>
      roomOf(table(connections, 100), 0, 0.5, 1),
    );
    assert.deepEqual(
      rooms.map((room) => Math.round(room * 1000) / 1000),
      [1, 1, 1, 0.75, 0.5, 0.002, 0, 0],
    );
  });

  it('ends at once where the watermarks are one', () => {
    assert.equal(roomOf(table(79, 100), 0, 0.8, 0.8), 1);
    assert.equal(roomOf(table(80, 100), 0, 0.8, 0.8), 0);
  });

  it('is full where nobody stated a capacity', () => {
    assert.equal(roomOf(table(1e9, 0), 0, 0, 0), 1);
  });

  it('counts answers that were handed out since the report, for what one costs', () => {
    assert.equal(connectionsOf(table(10, 100, 5), 0), 15);
    assert.equal(connectionsOf(table(10, 100, 5, 0), 0), 10);
    assert.equal(roomOf(table(50, 100, 25), 0, 0.5, 1), 0.5);
  });
});
