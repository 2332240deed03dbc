import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideReconciliation, nextRevisionId } from '../../../src/roles/reconcile.ts';

const id = (generation: number, number: number) => ({ generation, number });

describe('reconciling the store with what is known', () => {
  test('an empty store and nothing known: the initial configuration becomes 1.1', () => {
    assert.deepEqual(decideReconciliation(undefined, undefined), { action: 'import', id: id(1, 1) });
  });

  test('a store with a newer head, or with any where nothing is known, is followed', () => {
    assert.deepEqual(decideReconciliation(id(1, 4), undefined), { action: 'fetch', id: id(1, 4) });
    assert.deepEqual(decideReconciliation(id(2, 10), id(1, 9)), { action: 'fetch', id: id(2, 10) });
  });

  test('a head that is known already asks for nothing', () => {
    assert.deepEqual(decideReconciliation(id(1, 4), id(1, 4)), { action: 'none' });
    const renumbered = { action: 'renumber', id: id(2, 5), parent: id(1, 4) };
    assert.deepEqual(decideReconciliation(id(1, 4), id(1, 4), true), renumbered);
  });

  test('an emptied store gets what is known again, in a new generation', () => {
    const step = decideReconciliation(undefined, id(1, 41));
    assert.deepEqual(step, { action: 'recommit', id: id(2, 42), parent: null });
  });

  test('a store that went back in time gets it on top of its old head', () => {
    const step = decideReconciliation(id(1, 30), id(1, 41));
    assert.deepEqual(step, { action: 'recommit', id: id(2, 42), parent: id(1, 30) });
  });

  test('a head of a later generation that was recovered without the last commit gets it on top, in one more', () => {
    const step = decideReconciliation(id(2, 41), id(1, 41));
    assert.deepEqual(step, { action: 'recommit', id: id(3, 42), parent: id(2, 41) });
    assert.deepEqual(decideReconciliation(id(4, 44), id(1, 44)), {
      action: 'recommit',
      id: id(5, 45),
      parent: id(4, 44),
    });
  });

  test('the next revision keeps the generation', () => {
    assert.deepEqual(nextRevisionId(id(3, 7)), id(3, 8));
    assert.deepEqual(nextRevisionId(undefined), id(1, 1));
  });

  test('the next revision is newer than another one, too, where that is asked for, and has a greater number', () => {
    assert.deepEqual(nextRevisionId(id(1, 1), id(1, 7)), id(2, 8));
    assert.deepEqual(nextRevisionId(id(1, 9), id(3, 7)), id(4, 10));
    assert.deepEqual(nextRevisionId(undefined, id(1, 7)), id(2, 8));
    assert.deepEqual(nextRevisionId(id(1, 7), id(1, 7)), id(1, 8));
    assert.deepEqual(nextRevisionId(id(3, 7), id(2, 9)), id(3, 8));
  });
});
