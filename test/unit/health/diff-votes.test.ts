import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffVotes } from '../../../src/health/diff-votes.ts';
import { applySlotDelta } from '../../../src/health/merge-slots.ts';
import type { TargetVote } from '../../../src/health/slot.ts';
import { slot } from './fixtures.ts';

const vote = fc.record(
  {
    target: fc.constantFrom('a', 'b', 'c', 'd'),
    vote: fc.constantFrom('up', 'down', 'suspect', 'abstain'),
    reason: fc.constantFrom('', 'refused'),
    share: fc.constantFrom(0, 50),
  },
  { noNullPrototype: true, requiredKeys: ['target', 'vote', 'reason'] },
);
const table = fc.uniqueArray(vote, { selector: ({ target }) => target });

test('lists what changed and what is gone, and nothing else', () => {
  const [a, b, c]: TargetVote[] = [
    { target: 'a', vote: 'up', reason: '' },
    { target: 'b', vote: 'up', reason: '' },
    { target: 'c', vote: 'down', reason: 'refused' },
  ];
  assert.ok(a && b && c);
  const suspect: TargetVote = { target: 'b', vote: 'suspect', reason: 'refused' };
  assert.deepEqual(diffVotes([a, b, c], [suspect, a]), { changed: [suspect], removed: ['c'] });
  const relieved: TargetVote = { ...a, share: 50 };
  assert.deepEqual(diffVotes([a, b], [relieved, b]), { changed: [relieved], removed: [] });
  assert.deepEqual(diffVotes([a, b], [b, a]), { changed: [], removed: [] });
});

test('makes of the table before, as a delta, the table after', () => {
  fc.assert(
    fc.property(table, table, (before, after) => {
      const known = { ...slot('v', 'w', {}, 7), votes: before };
      const outcome = applySlotDelta(known, { ...known, sequence: 8, ...diffVotes(before, after) });
      assert.ok(outcome.status === 'applied');
      const sorted = (votes: readonly TargetVote[]) => votes.toSorted((a, b) => (a.target < b.target ? -1 : 1));
      assert.deepEqual(sorted(outcome.slot.votes), sorted(after));
    }),
  );
});
