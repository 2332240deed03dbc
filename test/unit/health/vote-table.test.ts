import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Ballot, collectBallots } from '../../../src/health/ballot.ts';
import { fillBallotBox, openBallotBox } from '../../../src/health/ballot-box.ts';
import type { SeenSlot } from '../../../src/health/liveness.ts';
import { applySlotDelta } from '../../../src/health/merge-slots.ts';
import type { Slot, SlotDelta, TargetVote, Vote } from '../../../src/health/slot.ts';
import { changeVotes, findChangedTargets, findVote } from '../../../src/health/vote-table.ts';

const TARGETS = ['a', 'b', 'c', 'd'];
const VERSION = { vantage: 'v1', worker: 'w', epoch: 1 };
const vote = (target: string, said: Vote): TargetVote => ({ target, vote: said, reason: '' });
const delta = (changed: readonly TargetVote[], removed: readonly string[] = []): SlotDelta => ({
  ...{ ...VERSION, sequence: 2 },
  ...{ changed, removed },
});

/** A delta that may name a target twice, or remove what is not there: a peer sends what it likes. */
const deltas = fc
  .record({
    changed: fc.array(
      fc.record({
        target: fc.constantFrom(...TARGETS),
        vote: fc.constantFrom<Vote>('up', 'down', 'suspect', 'abstain'),
        reason: fc.constantFrom('', 'x'),
      }),
      { maxLength: 4 },
    ),
    removed: fc.array(fc.constantFrom(...TARGETS), { maxLength: 2 }),
  })
  .map(({ changed, removed }) => delta(changed, removed));

test('votes after deltas are what they say one after the other, each target once and in its place', () => {
  fc.assert(
    fc.property(fc.array(deltas, { maxLength: 8 }), (sequence) => {
      let votes: readonly TargetVote[] = [];
      let naive = new Map<string, TargetVote>();
      for (const each of sequence) {
        votes = changeVotes(votes, each);
        naive = new Map(naive);
        for (const target of each.removed) naive.delete(target);
        for (const changed of each.changed) naive.set(changed.target, changed);
        assert.deepEqual(votes, [...naive.values()]);
        for (const target of TARGETS) assert.equal(findVote(votes, target), naive.get(target));
      }
    }),
  );
});

test('two ways on from the same votes do not see each other', () => {
  const base = changeVotes([vote('a', 'up')], delta([vote('b', 'up')]));
  const one = changeVotes(base, delta([vote('c', 'up'), vote('a', 'down')]));
  const other = changeVotes(base, delta([vote('d', 'up'), vote('c', 'down')]));
  const read = (votes: readonly TargetVote[]) => votes.map(({ target, vote: said }) => `${target}:${said}`).join(' ');
  assert.deepEqual([base, one, other].map(read), ['a:up b:up', 'a:down b:up c:up', 'a:up b:up d:up c:down']);
  assert.equal(findVote(base, 'c'), undefined);
  assert.equal(findVote(one, 'd'), undefined);
});

test('what changed is told where votes were made from others by deltas, and not where they came by themselves', () => {
  const base = [vote('a', 'up'), vote('b', 'up'), vote('c', 'up')];
  const first = changeVotes(base, delta([vote('b', 'down')]));
  const second = changeVotes(first, delta([vote('d', 'up')], ['a']));
  assert.deepEqual([...(findChangedTargets(base, second) ?? [])].sort(), ['a', 'b', 'd']);
  assert.deepEqual([...(findChangedTargets(first, second) ?? [])].sort(), ['a', 'd']);
  assert.deepEqual(findChangedTargets(second, second), new Set());
  assert.equal(findChangedTargets(second, base), undefined);
  assert.equal(findChangedTargets(base, [...base]), undefined);
});

const textOf = (ballots: Iterable<Ballot>): string =>
  Array.from(ballots, ({ vantage, worker, alive, vote: { vote: said, reason } }) =>
    [vantage, worker, alive, said, reason].join(' '),
  )
    .sort()
    .join();

test('ballots put in by deltas are those that are collected of the whole slots, whoever falls silent, leaves and comes back', () => {
  const message = fc.record({
    key: fc.constantFrom('v1/a', 'v1/b', 'v2/a'),
    delta: deltas,
    // As when it is read whole; as when the worker began anew; as when it left.
    kind: fc.constantFrom('delta', 'delta', 'delta', 'whole', 'anew', 'gone'),
    alive: fc.constantFrom(true, true, true, false),
  });
  fc.assert(
    fc.property(fc.array(fc.array(message, { maxLength: 3 }), { maxLength: 8 }), (sequence) => {
      const box = openBallotBox(TARGETS.slice(0, 3));
      const slots = new Map<string, SeenSlot>();
      const left = new Map<string, Slot>();
      for (const messages of sequence) {
        for (const { key, delta: said, kind, alive } of messages) {
          const [vantage = '', worker = ''] = key.split('/');
          const begun: Slot = { ...VERSION, vantage, worker, sequence: 1, votes: [] };
          const known = kind === 'anew' ? begun : (slots.get(key)?.slot ?? left.get(key) ?? begun);
          const outcome = applySlotDelta(known, { ...said, vantage, worker, sequence: known.sequence + 1 });
          assert.ok(outcome.status === 'applied');
          const votes = kind === 'whole' ? [...outcome.slot.votes] : outcome.slot.votes;
          slots.set(key, { slot: { ...outcome.slot, votes }, alive });
          if (kind !== 'gone') continue;
          left.set(key, outcome.slot);
          slots.delete(key);
        }
        const seen = [...slots.values()];
        const read = () => new Map(TARGETS.map((target) => [target, textOf(box.ballots.get(target)?.values() ?? [])]));
        const before = read();
        const changed = new Set<string>();
        fillBallotBox(box, seen, changed);
        const collected = collectBallots(box.ballots.keys(), seen);
        for (const [target, text] of read()) {
          assert.equal(text, textOf(collected.get(target) ?? []));
          assert.ok(text === before.get(target) || changed.has(target), `${target} must be judged anew`);
        }
      }
    }),
  );
});
