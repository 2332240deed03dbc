import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeCount, formElectorate, leaveOut, type Side, weighWords } from '../../../src/health/quorum.ts';
import type { Portion, Quorum } from '../../../src/model/quorum.ts';

const WORDS: Readonly<Record<string, Side>> = { u: 'up', d: 'down' };

/** Groups of vantages, a letter per vantage: `ddu dd. u`. */
function weigh(text: string, quorum: Quorum) {
  const groups = text.split(' ');
  const vantages = groups.flatMap((letters, group) =>
    Array.from(letters, (_, index) => ({ id: `v${group}-${index}`, group: `g${group}` })),
  );
  const words = Array.from(groups.join(''));
  return weighWords(quorum, formElectorate(vantages), (place) => WORDS[words[place] ?? '']);
}

const HOLD = undefined;
// Majority of groups by majority; one group by majority; all groups by one; majority of groups by all.
const table: readonly [words: string, ...sides: (Side | undefined)[]][] = [
  ['uuu uuu u', 'up', 'up', 'up', 'up'],
  ['ddd ddd d', 'down', 'down', 'down', 'down'],
  ['ddu dd. u', 'down', 'down', HOLD, HOLD],
  ['ddd uuu .', HOLD, HOLD, HOLD, HOLD],
  ['d.u dd. d', 'down', 'down', HOLD, HOLD],
  ['ddd d.. u', HOLD, HOLD, HOLD, HOLD],
  ['ddd ... .', HOLD, 'down', HOLD, HOLD],
  ['dd. uu. u', 'up', 'up', HOLD, HOLD],
  ['ddd ddd u', 'down', 'down', HOLD, 'down'],
  ['d.. d.. d', HOLD, 'down', 'down', HOLD],
  ['... ... .', HOLD, HOLD, HOLD, HOLD],
];
const QUORUMS: readonly Quorum[] = [
  { groups: 'majority', within: 'majority' },
  { groups: 'one', within: 'majority' },
  { groups: 'all', within: 'one' },
  { groups: 'majority', within: 'all' },
];

for (const [text, ...sides] of table) {
  test(`weighs the groups ${text}, each by a quorum of its own vantages`, () => {
    for (const [index, quorum] of QUORUMS.entries())
      assert.equal(weigh(text, quorum).side, sides[index], JSON.stringify(quorum));
  });
}

test('a vantage without a group is one by itself', () => {
  const { groups } = formElectorate([{ id: 'a', group: 'eu' }, { id: 'b' }, { id: 'c', group: 'eu' }, { id: 'd' }]);
  assert.deepEqual(groups, [[0, 2], [1], [3]]);
});

test('who is left out is counted neither as a vantage nor as a group', () => {
  const electorate = leaveOut(formElectorate([{ id: 'a', group: 'eu' }, { id: 'b' }, { id: 'c', group: 'eu' }]), 1);
  assert.deepEqual(electorate, { members: [0, 2], groups: [[0, 2]] });
  assert.equal(weighWords('all', electorate, (place) => (place === 1 ? 'down' : 'up')).side, 'up');
});

test('cannot be reached where too few groups can speak', () => {
  assert.equal(weigh('ddd d.. .', { groups: 'majority', within: 'majority' }).isQuorate, false);
  assert.equal(weigh('ddd u.d .', { groups: 'majority', within: 'majority' }).isQuorate, true);
  assert.equal(weigh('ddd ... .', { groups: 'one', within: 'majority' }).isQuorate, true);
  assert.equal(weigh('d..', 'majority').isQuorate, false);
  assert.equal(weigh('du.', 'majority').isQuorate, true);
});

test('says in words what was counted, and what is asked for', () => {
  const say = (text: string, quorum: Quorum) => describeCount(quorum, weigh(text, quorum).count);
  assert.equal(say('ddu', 'majority'), '2 of 3 vantages say down, 1 up; majority is 2');
  assert.equal(say('u', 'majority'), '1 of 1 vantage says up; majority is 1');
  assert.equal(say('...', 'all'), 'none of 3 vantages says anything; all is 3');
  assert.equal(say('uu.', { atLeast: 2 }), '2 of 3 vantages say up; at least 2 must');
  assert.equal(say('ddu dd. u', QUORUMS[0] ?? 'one'), '2 of 3 groups say down, 1 up; majority is 2');
});

const portion = fc.constantFrom<Portion>('majority', 'one', 'all', { atLeast: 2 });
const letters = fc.array(fc.constantFrom('u', 'd', '.'), { minLength: 1, maxLength: 4 }).map((each) => each.join(''));
const groups = fc.array(letters, { minLength: 1, maxLength: 4 }).map((each) => each.join(' '));

test('both sides never have a quorum of groups: with the words exchanged, so is the side', () => {
  const exchanged: Readonly<Record<string, string>> = { u: 'd', d: 'u' };
  fc.assert(
    fc.property(groups, portion, portion, (text, ofGroups, within) => {
      const quorum = { groups: ofGroups, within };
      const other = Array.from(text, (letter) => exchanged[letter] ?? letter).join('');
      const sides = [weigh(text, quorum).side, weigh(other, quorum).side].toSorted();
      assert.ok(sides[0] === undefined ? sides[1] === undefined : sides.join() === 'down,up', sides.join());
    }),
  );
});

test('a group of many weighs no more than a group of one', () => {
  fc.assert(
    fc.property(letters, (many) => {
      assert.equal(weigh(`${many} d d`, { groups: 'majority', within: 'majority' }).side, 'down');
    }),
  );
});
