import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SeenSlot } from '../../../src/health/liveness.ts';
import { applySlotDelta, mergeSlot } from '../../../src/health/merge-slots.ts';
import { rankWorkers } from '../../../src/health/rendezvous.ts';
import type { Slot, Vote } from '../../../src/health/slot.ts';
import {
  decideVerdicts,
  isStable,
  NO_VERDICTS,
  restoreVerdict,
  type Verdict,
  type VerdictState,
} from '../../../src/health/verdict.ts';
import type { Portion, Quorum } from '../../../src/model/quorum.ts';
import { alive, slot, stale, targets } from './fixtures.ts';

const VANTAGES = [{ id: 'v1' }, { id: 'v2' }, { id: 'v3' }];

function decide(slots: readonly SeenSlot[], before: VerdictState = 'unknown', quorum: Quorum = 'majority'): Verdict {
  const [target] = targets(1, { quorum });
  assert.ok(target !== undefined);
  const previous =
    before === 'unknown'
      ? NO_VERDICTS
      : new Map([[target.id, restoreVerdict({ target: target.id, verdict: before, sinceMs: 1 })]]);
  const verdict = decideVerdicts({ targets: [target], vantages: VANTAGES, slots, previous, nowMs: 100 }).get(target.id);
  assert.ok(verdict !== undefined);
  return verdict;
}

const TARGET = targets(1)[0]?.id ?? '';
const VOTES: Readonly<Record<string, Vote>> = { u: 'up', d: 'down', s: 'suspect', a: 'abstain' };

/** One letter per vantage: u d s a as votes, upper case when the slot is stale, `.` for no slot. */
function words(text: string): readonly SeenSlot[] {
  return Array.from(text).flatMap((letter, index) => {
    const vote = VOTES[letter.toLowerCase()];
    if (vote === undefined) return [];
    const seen = slot(`v${index + 1}`, 'w', { [TARGET]: vote });
    return letter === letter.toLowerCase() ? alive(seen) : stale(seen);
  });
}

const HOLD = 'hold';
const table: readonly [words: string, majority: string, one: string, all: string, atLeast2: string][] = [
  ['uuu', 'up', 'up', 'up', 'up'],
  ['uud', 'up', 'up', HOLD, 'up'],
  ['udd', 'down', 'down', HOLD, 'down'],
  ['ddd', 'down', 'down', 'down', 'down'],
  ['ud.', HOLD, HOLD, HOLD, HOLD],
  ['u..', HOLD, 'up', HOLD, HOLD],
  ['d..', HOLD, 'down', HOLD, HOLD],
  ['dd.', 'down', 'down', HOLD, 'down'],
  ['uu.', 'up', 'up', HOLD, 'up'],
  ['...', HOLD, HOLD, HOLD, HOLD],
  ['DDD', HOLD, HOLD, HOLD, HOLD],
  ['udD', HOLD, HOLD, HOLD, HOLD],
  ['dda', 'down', 'down', HOLD, 'down'],
  ['daa', HOLD, 'down', HOLD, HOLD],
  ['sss', 'up', 'up', 'up', 'up'],
  ['dss', 'up', 'up', HOLD, 'up'],
  ['dds', 'down', 'down', HOLD, 'down'],
];

for (const [text, majority, one, all, atLeast2] of table) {
  test(`decides ${text} by each quorum, and holds whatever the verdict was where there is none`, () => {
    const quorums: readonly [Quorum, string][] = [
      ['majority', majority],
      ['one', one],
      ['all', all],
      [{ atLeast: 2 }, atLeast2],
    ];
    for (const [quorum, expected] of quorums) {
      for (const before of ['up', 'down', 'unknown'] as const) {
        const { verdict } = decide(words(text), before, quorum);
        assert.equal(verdict, expected === HOLD ? before : expected, `${JSON.stringify(quorum)} from ${before}`);
      }
    }
  });
}

test('never asks for more words than there are vantages', () => {
  assert.equal(decide(words('ddd'), 'up', { atLeast: 9 }).verdict, 'down');
});

test('freezes every verdict when most vantages are gone', () => {
  assert.equal(decide(words('dDD'), 'up').verdict, 'up');
  assert.equal(decide(words('u..'), 'down').verdict, 'down');
});

test('does not hear vantages that are not configured', () => {
  const strangers = ['x', 'y', 'z'].map((vantage) => alive(slot(vantage, 'w', { [TARGET]: 'down' })));
  assert.equal(decide([...words('uu.'), ...strangers], 'up').verdict, 'up');
});

test('shows who said what and why, stale words included', () => {
  assert.deepEqual(decide(words('uD.')).votes, [
    { vantage: 'v1', worker: 'w', vote: 'up', reason: '', fresh: true, sinceMs: 100 },
    { vantage: 'v2', worker: 'w', vote: 'down', reason: 'connection refused', fresh: false, sinceMs: 100 },
  ]);
});

test('takes the word of the worker that rendezvous prefers while two of a vantage have voted', () => {
  const [owner = '', other = ''] = rankWorkers(TARGET, ['w1', 'w2']);
  const own = slot('v1', owner, { [TARGET]: 'down' });
  const old = slot('v1', other, { [TARGET]: 'up' });
  const wordOf = (slots: readonly SeenSlot[]) => decide(slots).votes.map(({ worker, vote }) => `${worker} ${vote}`);
  assert.deepEqual(wordOf([alive(old), alive(own)]), [`${owner} down`]);
  assert.deepEqual(wordOf([alive(old), stale(own)]), [`${other} up`]);
  assert.deepEqual(wordOf([alive(old), alive(slot('v1', owner, {}))]), [`${other} up`]);
  assert.deepEqual(wordOf([alive(old), alive(slot('v1', owner, { [TARGET]: 'abstain' }))]), [`${other} up`]);
});

test('keeps when it turned, and the same objects while nothing changes', () => {
  const [target] = targets(1);
  assert.ok(target !== undefined);
  const step = (text: string, previous: ReadonlyMap<string, Verdict>, nowMs: number) =>
    decideVerdicts({ targets: [target], vantages: VANTAGES, slots: words(text), previous, nowMs });
  const first = step('uuu', NO_VERDICTS, 10);
  assert.equal(step('uuu', first, 20), first);
  const doubted = step('uus', first, 30);
  assert.notEqual(doubted, first);
  assert.equal(doubted.get(target.id)?.sinceMs, 10);
  assert.equal(step('udd', doubted, 40).get(target.id)?.sinceMs, 40);
});

test('forgets the verdicts of targets that are no longer there', () => {
  const [target] = targets(1);
  assert.ok(target !== undefined);
  const previous = decideVerdicts({
    targets: [target],
    vantages: VANTAGES,
    slots: [],
    previous: NO_VERDICTS,
    nowMs: 1,
  });
  const input = { targets: [], vantages: VANTAGES, slots: words('uuu'), previous, nowMs: 2 };
  assert.equal(decideVerdicts(input).size, 0);
});

test('is stable unless a fresh word is in doubt or says otherwise', () => {
  assert.equal(isStable(decide(words('uuu'))), true);
  assert.equal(isStable(decide(words('uu.'))), true);
  assert.equal(isStable(decide(words('uuD'), 'up')), true);
  assert.equal(isStable(decide(words('ddd'))), true);
  assert.equal(isStable(decide(words('uus'))), false);
  assert.equal(isStable(decide(words('uud'))), false);
  assert.equal(isStable(decide(words('uua'))), false);
  assert.equal(isStable(decide(words('...'))), true);
  assert.equal(isStable(decide(words('u..'))), false, 'a first verdict may be near');
});

// What may happen to three vantages with a worker each and one target: they vote, and slots go stale and come back.
const letter = fc.constantFrom('u', 'd', 's', 'a', '.', 'U', 'D');
const wordsArbitrary = fc.array(letter, { minLength: 3, maxLength: 3 }).map((letters) => letters.join(''));
const beforeArbitrary = fc.constantFrom<VerdictState>('up', 'down', 'unknown');

test('comes to the same verdict whatever the order of the slots', () => {
  fc.assert(
    fc.property(wordsArbitrary, beforeArbitrary, (text, before) => {
      assert.deepEqual(decide(words(text).toReversed(), before), decide(words(text), before));
    }),
  );
});

test('is never flipped by one liar among three, whatever it says and whatever was', () => {
  fc.assert(
    fc.property(letter, fc.nat(2), fc.constantFrom('u', 'd'), (lie, liar, truth) => {
      const text = Array.from({ length: 3 }, (_, index) => (index === liar ? lie : truth)).join('');
      const expected = truth === 'u' ? 'up' : 'down';
      for (const before of ['up', 'down', 'unknown'] as const)
        assert.equal(decide(words(text), before).verdict, expected);
    }),
  );
});

test('turns only with a quorum of fresh words for it, more than against it', () => {
  const quorums = fc.constantFrom<Portion>('majority', 'one', 'all', { atLeast: 2 });
  fc.assert(
    fc.property(wordsArbitrary, beforeArbitrary, quorums, (text, before, quorum) => {
      const { verdict } = decide(words(text), before, quorum);
      if (verdict === before) return;
      const ups = Array.from(text).filter((word) => word === 'u' || word === 's').length;
      const downs = Array.from(text).filter((word) => word === 'd').length;
      const [agreeing, against] = verdict === 'up' ? [ups, downs] : [downs, ups];
      const needed = quorum === 'majority' ? 2 : quorum === 'one' ? 1 : quorum === 'all' ? 3 : quorum.atLeast;
      assert.ok(agreeing >= needed && agreeing > against);
    }),
  );
});

test('does not swing while the words stay the same', () => {
  fc.assert(
    fc.property(
      wordsArbitrary,
      beforeArbitrary,
      fc.constantFrom<Quorum>('one', 'majority', 'all'),
      (text, before, quorum) => {
        const once = decide(words(text), before, quorum).verdict;
        assert.equal(decide(words(text), once, quorum).verdict, once);
      },
    ),
  );
});

test('comes to the same verdict however deltas are repeated and reordered, once the slots are caught up with', () => {
  const votes = fc.array(fc.constantFrom<Vote>('up', 'down', 'suspect', 'abstain'), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(votes, fc.infiniteStream(fc.nat()), (history, numbers) => {
      const versions = history.map((vote, index) => slot('v1', 'w', { [TARGET]: vote }, index + 1));
      const last = versions.at(-1);
      assert.ok(last !== undefined);
      let known: Slot | undefined;
      for (let count = 0; count < 20; count++) {
        const picked = versions[(numbers.next().value ?? 0) % versions.length];
        assert.ok(picked !== undefined);
        const outcome = applySlotDelta(known, { ...picked, changed: picked.votes, removed: [] });
        if (outcome.status === 'applied') known = outcome.slot;
        else if (outcome.status === 'gap') known = mergeSlot(known, picked);
      }
      known = mergeSlot(known, last);
      const others = words('.ud');
      assert.deepEqual(decide([alive(known), ...others]), decide([alive(last), ...others]));
    }),
  );
});
