import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applySlotDelta } from '../../../src/health/merge-slots.ts';
import type { Slot, TargetVote, Vote } from '../../../src/health/slot.ts';
import { createPeers } from '../../../src/probe/peers.ts';

const SELF = { vantage: 'here', worker: 'me' };
const TARGETS = ['a', 'b', 'c'];
const vote = (target: string, said: Vote): TargetVote => ({ target, vote: said, reason: '' });

test('hears which votes of other vantages turned, and what those of its own say, whether slots come whole or bit by bit', () => {
  const message = fc.record({
    vantage: fc.constantFrom('here', 'there'),
    changed: fc.array(fc.tuple(fc.constantFrom(...TARGETS), fc.constantFrom<Vote>('up', 'down', 'suspect')), {
      maxLength: 2,
    }),
    removed: fc.array(fc.constantFrom(...TARGETS), { maxLength: 1 }),
    isWhole: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
      const peers = createPeers(SELF, 1000);
      const slots = new Map<string, Slot>();
      for (const [nowMs, { vantage, changed, removed, isWhole }] of messages.entries()) {
        const known = slots.get(vantage) ?? { vantage, worker: 'w', epoch: 1, sequence: 1, votes: [] };
        const version = { ...known, sequence: known.sequence + 1 };
        const delta = { ...version, changed: changed.map(([target, said]) => vote(target, said)), removed };
        const outcome = applySlotDelta(known, delta);
        assert.ok(outcome.status === 'applied');
        const slot = isWhole ? { ...outcome.slot, votes: [...outcome.slot.votes] } : outcome.slot;
        const before = new Map((slots.get(vantage)?.votes ?? []).map((each) => [each.target, each.vote]));
        slots.set(vantage, slot);
        const turns = peers
          .accept({ advanced: [slot], removed: [] }, nowMs)
          .map((turn) => `${turn.target} ${turn.vote}`);
        const expected = slot.votes.filter((each) => before.get(each.target) !== each.vote);
        const isForeign = vantage !== SELF.vantage;
        assert.deepEqual(turns.sort(), isForeign ? expected.map((each) => `${each.target} ${each.vote}`).sort() : []);
        const own = new Map((slots.get(SELF.vantage)?.votes ?? []).map((each) => [each.target, each]));
        for (const target of TARGETS) assert.equal(peers.votesOf('w').get(target), own.get(target));
        assert.equal(peers.votesOf('w'), peers.votesOf('w'));
      }
    }),
  );
});

test('a vote that changes among thousands is heard without a look at the others', () => {
  const peers = createPeers(SELF, 1000);
  let looks = 0;
  const votes = Array.from({ length: 5000 }, (_, index): TargetVote => {
    const { target, ...rest } = vote(`t${index}`, 'up');
    return {
      ...rest,
      get target() {
        looks++;
        return target;
      },
    };
  });
  for (const vantage of ['here', 'there']) {
    let slot: Slot = { vantage, worker: 'w', epoch: 1, sequence: 1, votes };
    for (let sequence = 2; sequence < 10; sequence++) {
      peers.accept({ advanced: [slot], removed: [] }, sequence);
      if (sequence === 3) looks = 0;
      const outcome = applySlotDelta(slot, {
        ...slot,
        sequence,
        changed: [vote('t7', sequence % 2 === 0 ? 'down' : 'up')],
        removed: [],
      });
      assert.ok(outcome.status === 'applied');
      slot = outcome.slot;
    }
    assert.ok(looks < 100, `${looks} looks`);
  }
});
