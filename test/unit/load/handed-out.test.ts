import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countHandedOut, handedOutOf, settleHandedOut } from '../../../src/load/handed-out.ts';
import type { LoadTable } from '../../../src/load/load-table.ts';

function createTable(count: number, threads: number): LoadTable {
  const zeros = () => new Float32Array(count);
  return {
    connections: zeros(),
    capacities: zeros(),
    answerCosts: zeros().fill(1),
    handedOut: new Float64Array(count * threads),
    settled: new Float64Array(count),
  };
}

describe('answers handed out', () => {
  it('count together, whichever thread counted them, each in a row of its own', () => {
    const table = createTable(3, 2);
    countHandedOut(table, 0, 1, 1);
    countHandedOut(table, 1, 1, 0.5);
    countHandedOut(table, 1, 2, 2);
    assert.deepEqual(
      [0, 1, 2].map((index) => handedOutOf(table, index)),
      [0, 1.5, 2],
    );
    assert.deepEqual([...table.handedOut], [0, 1, 0, 0, 0.5, 2]);
  });

  it('are settled without touching a row, so that what is counted meanwhile still counts', () => {
    const table = createTable(2, 2);
    for (const thread of [0, 1]) countHandedOut(table, thread, 0, 10);
    const rows = [...table.handedOut];
    settleHandedOut(table, 0, 5);
    assert.deepEqual([...table.handedOut], rows);
    assert.equal(handedOutOf(table, 0), 5);
    countHandedOut(table, 1, 0, 1);
    assert.equal(handedOutOf(table, 0), 6);
    settleHandedOut(table, 0, 0);
    assert.equal(handedOutOf(table, 0), 0);
    assert.equal(handedOutOf(table, 1), 0);
  });
});
