import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createWatch,
  isQuiet,
  listGapsMs,
  noteAnswer,
  QUIET_MS,
  untilLastWrongMs,
} from '../../../bench/failover/watch.ts';

describe('the watch over a name', () => {
  test('the time runs from the fault to the last wrong answer of the slowest node', () => {
    const watch = createWatch(2);
    noteAnswer(watch, 0, false, 90);
    watch.faultAtMs = 100;
    noteAnswer(watch, 0, false, 150);
    noteAnswer(watch, 1, false, 180);
    noteAnswer(watch, 0, true, 160);
    noteAnswer(watch, 1, true, 190);
    assert.equal(untilLastWrongMs(watch), 80);
    assert.deepEqual(listGapsMs(watch), [10, 10]);
    assert.deepEqual([watch.early, watch.returned], [0, 0]);
  });

  test('a wrong answer after a right one counts, so that swinging is not taken for a turn', () => {
    const watch = createWatch(1);
    watch.faultAtMs = 100;
    noteAnswer(watch, 0, true, 110);
    noteAnswer(watch, 0, false, 120);
    assert.equal(isQuiet(watch, 120 + QUIET_MS), false);
    noteAnswer(watch, 0, true, 130);
    assert.equal(untilLastWrongMs(watch), 20);
    assert.equal(isQuiet(watch, 130 + QUIET_MS - 1), false);
    assert.equal(isQuiet(watch, 130 + QUIET_MS), true);
  });

  test('it is quiet only when every node is', () => {
    const watch = createWatch(2);
    watch.faultAtMs = 100;
    noteAnswer(watch, 0, true, 110);
    assert.equal(isQuiet(watch, 10_000), false);
  });

  test('the fallback before the fault is a false failover, the dead backend after the trial a return', () => {
    const watch = createWatch(1);
    noteAnswer(watch, 0, true, 50);
    watch.faultAtMs = 100;
    noteAnswer(watch, 0, true, 110);
    watch.isOver = true;
    noteAnswer(watch, 0, false, 5000);
    assert.deepEqual([watch.early, watch.returned], [1, 1]);
  });

  test('a name that turned with its fault was never answered wrongly, and one without a fault has no time', () => {
    const watch = createWatch(1);
    noteAnswer(watch, 0, false, 99);
    assert.equal(untilLastWrongMs(watch), undefined);
    watch.faultAtMs = 100;
    noteAnswer(watch, 0, true, 104);
    assert.equal(untilLastWrongMs(watch), 0);
    assert.deepEqual(listGapsMs(watch), [4]);
  });
});
