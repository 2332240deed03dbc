import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDueQueue } from '../../../src/probe/due-queue.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), id: fc.nat(20).map(String), dueMs: fc.nat(100) }),
  fc.record({ kind: fc.constant('remove' as const), id: fc.nat(20).map(String) }),
  fc.record({ kind: fc.constant('take' as const), nowMs: fc.nat(100) }),
);

test('behaves as a sorted list of ids by due time, whatever is set, removed and taken', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = createDueQueue();
      const model = new Map<string, number>();
      for (const next of steps) {
        if (next.kind === 'set') {
          queue.set(next.id, next.dueMs);
          model.set(next.id, next.dueMs);
        } else if (next.kind === 'remove') {
          queue.remove(next.id);
          model.delete(next.id);
        } else {
          const taken = queue.takeDue(next.nowMs);
          const due = Math.min(...model.values());
          if (due > next.nowMs) assert.equal(taken, undefined);
          else {
            assert.equal(model.get(taken ?? ''), due);
            model.delete(taken ?? '');
          }
        }
        assert.equal(queue.nextDueMs() ?? Number.POSITIVE_INFINITY, Math.min(...model.values()));
      }
    }),
  );
});
