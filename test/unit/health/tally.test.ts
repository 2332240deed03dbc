import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SeenSlot } from '../../../src/health/liveness.ts';
import type { Vote } from '../../../src/health/slot.ts';
import {
  compareVantages,
  DISSENTS,
  judgeStandings,
  listAside,
  NO_STANDINGS,
  NOT_COMPARED,
  RETURN_AFTER_MS,
  SET_ASIDE_AFTER_MS,
  type Standings,
} from '../../../src/health/standing.ts';
import { lookAtSlots, openTally } from '../../../src/health/tally.ts';
import type { Target } from '../../../src/health/target.ts';
import { decideVerdicts, formBench, NO_VERDICTS, restoreVerdict, type Verdicts } from '../../../src/health/verdict.ts';
import type { Quorum } from '../../../src/model/quorum.ts';
import type { Vantage } from '../../../src/model/vantage.ts';
import { alive, slot, stale, targets } from './fixtures.ts';

const VANTAGES = [{ id: 'v1' }, { id: 'v2' }, { id: 'v3' }];
const TARGETS = targets(10);
const VOTES: Readonly<Record<string, Vote>> = { u: 'up', d: 'down', s: 'suspect', a: 'abstain' };

/** Per vantage a letter for each target: u d s a as votes, `.` for none; in upper case the slot is stale. */
function see(texts: readonly string[], of = TARGETS): SeenSlot[] {
  return texts.map((text, index) => {
    const votes = Array.from(text).flatMap((letter, at) => {
      const vote = VOTES[letter.toLowerCase()];
      const id = of[at]?.id;
      return vote === undefined || id === undefined ? [] : [[id, vote] as const];
    });
    const made = slot(`v${index + 1}`, 'w', Object.fromEntries(votes));
    return text === text.toLowerCase() ? alive(made) : stale(made);
  });
}

function open(quorum: Quorum = 'majority', vantages = VANTAGES) {
  const of = targets(10, { quorum });
  const tally = openTally(of, vantages, NO_VERDICTS, NO_STANDINGS);
  let nowMs = 0;
  return {
    tally,
    /** Looks each second for so long. */
    look(seconds: number, ...texts: string[]) {
      const looks = [];
      for (let second = 0; second < seconds; second++) {
        nowMs += 1000;
        looks.push(lookAtSlots(tally, see(texts, of), nowMs, nowMs));
      }
      return looks;
    },
    states: () => of.map(({ id }) => tally.verdicts.get(id)?.verdict.at(0)).join(''),
  };
}

const UP = 'u'.repeat(10);
const DOWN = 'd'.repeat(10);
const SECONDS_ASIDE = SET_ASIDE_AFTER_MS / 1000 + 1;
const SECONDS_BACK = RETURN_AFTER_MS / 1000 + 1;

test('comes, look by look, to what judging all slots anew comes to', () => {
  const of = TARGETS.slice(0, 4);
  // Fewer targets than set a vantage aside: that is another test's.
  const words = fc.array(fc.constantFrom('u', 'd', 's', 'a', '.'), { minLength: 2, maxLength: 2 });
  const text = fc.tuple(words, fc.boolean()).map(([letters, isStale]) => {
    const joined = letters.join('');
    return isStale ? joined.toUpperCase() : joined;
  });
  const looks = fc.array(fc.array(text, { minLength: 0, maxLength: 3 }), { minLength: 1, maxLength: 12 });
  const quorums = fc.constantFrom<Quorum>('majority', 'one', 'all');
  fc.assert(
    fc.property(looks, quorums, (sequence, quorum) => {
      const judged = of.slice(0, 2).map((target) => ({ ...target, timing: { ...target.timing, quorum } }));
      const tally = openTally(judged, VANTAGES, NO_VERDICTS, NO_STANDINGS);
      let previous: Verdicts = NO_VERDICTS;
      for (const [index, texts] of sequence.entries()) {
        const slots = see(texts);
        const look = lookAtSlots(tally, slots, index, index);
        const next = decideVerdicts({ targets: judged, vantages: VANTAGES, slots, previous, nowMs: index });
        assert.deepEqual(tally.verdicts, next);
        const changed = judged.filter(({ id }) => previous.get(id) !== next.get(id)).map(({ id }) => id);
        assert.deepEqual([...look.changed].toSorted(), changed.toSorted());
        assert.equal(tally.frozen, [...next.values()].filter(({ isFrozen }) => isFrozen).length);
        previous = next;
      }
    }),
  );
});

test('judges nothing again while slots bring nothing new', () => {
  const { look } = open();
  assert.equal(look(1, UP, UP, UP)[0]?.changed.size, 10);
  assert.equal(look(1, UP, UP, UP)[0]?.changed.size, 0);
  assert.equal(look(1, UP, UP, `d${UP.slice(1)}`)[0]?.changed.size, 1);
});

test('tells which verdicts turned, and from what', () => {
  const { look } = open();
  look(1, UP, UP, UP);
  const [turned] = look(1, `d${UP.slice(1)}`, `d${UP.slice(1)}`, UP);
  assert.deepEqual(
    turned?.turns.map(({ before, verdict }) => [before, verdict.verdict, verdict.reason]),
    [['up', 'down', '2 of 3 vantages say down, 1 up; majority is 2']],
  );
});

test('sets a vantage aside that calls most targets down for a while, of which the others say up; its words are none', () => {
  const { tally, look, states } = open('one');
  look(3, UP, UP, UP);
  const looks = look(SECONDS_ASIDE, DOWN, UP, UP);
  assert.deepEqual(
    looks.flatMap(({ setAside }) => setAside),
    ['v1'],
  );
  assert.deepEqual([...tally.aside], ['v1']);
  const [votes] = [...tally.verdicts.values()].map((verdict) => verdict.votes);
  assert.equal(votes?.[0]?.aside, true);
  // By one word of v1 alone, all would be down now.
  look(1, DOWN, '.'.repeat(10), '.'.repeat(10));
  assert.equal(states(), UP);
});

test('does not set aside who sees an outage a few seconds before the others, nor who sees a few targets down', () => {
  const { tally, look, states } = open();
  look(3, UP, UP, UP);
  look(4, DOWN, UP, UP);
  look(SECONDS_ASIDE * 2, DOWN, DOWN, DOWN);
  assert.equal(tally.aside.size, 0);
  assert.equal(states(), DOWN);
  look(2, UP, UP, UP);
  look(SECONDS_ASIDE * 2, 'dddd.uuuuu', UP, UP);
  assert.equal(tally.aside.size, 0, 'four of nine are not most');
});

test('lets it count again once it agrees for a while, not at its first good word', () => {
  const { tally, look } = open();
  look(SECONDS_ASIDE, DOWN, UP, UP);
  look(SECONDS_BACK - 5, UP, UP, UP);
  assert.equal(tally.aside.size, 1);
  look(1, 'dddddddddu', UP, UP);
  look(SECONDS_BACK - 5, 'dduuuuuuuu', UP, UP);
  assert.equal(tally.aside.size, 1, 'the wait began anew');
  const looks = look(10, 'dduuuuuuuu', UP, UP);
  assert.deepEqual(
    looks.flatMap(({ returned }) => returned),
    ['v1'],
  );
  assert.equal(tally.aside.size, 0);
});

test('freezes when two of three are set aside, whatever the quorum: the one that is left rules nothing', () => {
  const { tally, look, states } = open('one');
  look(3, UP, UP, UP);
  look(SECONDS_ASIDE, 'ddddduuuuu'.replaceAll('u', '.'), 'uuuuuddddd'.replaceAll('u', '.'), UP);
  // Each dissents from the third alone, which by one word is a quorum.
  assert.deepEqual([...tally.aside].toSorted(), ['v1', 'v2']);
  look(2, UP, UP, DOWN);
  assert.equal(states(), UP);
  assert.equal(tally.frozen, 10);
  assert.match([...tally.verdicts.values()][0]?.reason ?? '', /most vantages are set aside, so it holds/);
});

test('sets nobody aside where there are two vantages or one', () => {
  const { tally, look } = open('one', VANTAGES.slice(0, 2));
  look(SECONDS_ASIDE * 3, DOWN, UP);
  assert.equal(tally.aside.size, 0);
});

test('counts a target once that two monitors of its cluster check in the same way', () => {
  const twice = [...TARGETS.slice(0, 1), ...TARGETS.slice(0, 1)];
  const [id = ''] = TARGETS.map((target) => target.id);
  const restored = new Map([[id, restoreVerdict({ target: id, verdict: 'up', sinceMs: 0 })]]);
  const tally = openTally(twice, VANTAGES, restored, NO_STANDINGS);
  assert.equal(tally.frozen, 1);
  lookAtSlots(tally, see(['u', 'u', 'u']), 1, 1);
  assert.equal(tally.frozen, 0);
});

test('comes to the same where vantages are set aside, and configurations bring other targets, vantages and quorums', () => {
  const word = fc.constantFrom('u', 'u', 'd', 'd', 's', 'a', '.');
  const one = fc.oneof(
    fc.array(word, { minLength: 8, maxLength: 8 }).map((letters) => letters.join('')),
    fc.constantFrom('uuuuuuuu', 'dddddddd', 'UUUUUUUU', 'DDDDDDDD', 'dddddduu'),
  );
  const config = fc.record({
    count: fc.constantFrom(5, 8),
    vantages: fc.constantFrom(
      ['v1', 'v2', 'v3'],
      ['v3', 'v1', 'v2', 'v4'],
      ['v1', 'v2'],
      ['v2', 'v3', 'v4', 'v5', 'v1'],
    ),
    quorum: fc.constantFrom<Quorum>('majority', 'one', 'all', { groups: 'majority', within: 'one' }),
  });
  const step = fc.record({
    seconds: fc.constantFrom(1, 6, 31),
    texts: fc.option(fc.array(one, { minLength: 5, maxLength: 5 }), { freq: 2 }),
    config: fc.option(config, { freq: 6 }),
  });
  let everAside = 0;
  fc.assert(
    fc.property(config, fc.array(step, { maxLength: 30 }), (first, steps) => {
      let { of, vantages } = openConfiguration(first);
      let tally = openTally(of, vantages, NO_VERDICTS, NO_STANDINGS);
      let [previous, standings, nowMs, slots]: [Verdicts, Standings, number, SeenSlot[]] = [
        NO_VERDICTS,
        NO_STANDINGS,
        0,
        [],
      ];
      for (const { seconds, texts, config: next } of steps) {
        if (next !== null) {
          ({ of, vantages } = openConfiguration(next));
          tally = openTally(of, vantages, tally.verdicts, tally.standings);
          standings = new Map([...standings].filter(([id]) => vantages.some((vantage) => vantage.id === id)));
        }
        nowMs += seconds * 1000;
        if (texts !== null) slots = see(texts);
        lookAtSlots(tally, slots, nowMs, nowMs);
        const judge = (aside: ReadonlySet<string>) =>
          decideVerdicts({ targets: of, vantages, slots, previous, nowMs, aside });
        const wasAside = listAside(standings);
        previous = judge(wasAside);
        standings = judgeStandings(standings, vantages, compareAll(of, previous, vantages, nowMs, wasAside), nowMs);
        const aside = listAside(standings);
        if (aside.size !== wasAside.size || [...aside].some((id) => !wasAside.has(id))) previous = judge(aside);
        assert.deepEqual(tally.aside, aside);
        assert.deepEqual(tally.verdicts, previous);
        assert.equal(tally.frozen, [...previous.values()].filter(({ isFrozen }) => isFrozen).length);
        everAside += aside.size;
      }
    }),
  );
  assert.ok(everAside > 0);
});

function openConfiguration(given: { count: number; vantages: readonly string[]; quorum: Quorum }) {
  const of = TARGETS.slice(0, given.count).map((target) => ({
    ...target,
    timing: { ...target.timing, quorum: given.quorum },
  }));
  return { of, vantages: given.vantages.map((id): Vantage => ({ id, ...(id > 'v3' && { group: 'far' }) })) };
}

/** How the vantages compare, from all verdicts anew. */
function compareAll(
  of: readonly Target[],
  verdicts: Verdicts,
  vantages: readonly Vantage[],
  nowMs: number,
  aside: ReadonlySet<string>,
) {
  const sums = vantages.map(() => ({ compared: 0, dissents: 0 }));
  const found = new Uint8Array(vantages.length);
  for (const target of of) {
    const { votes = [] } = verdicts.get(target.id) ?? {};
    compareVantages(target, votes, formBench(vantages, nowMs, aside), found, 0);
    for (const [place, sum] of sums.entries()) {
      sum.compared += Number(found[place] !== NOT_COMPARED);
      sum.dissents += Number(found[place] === DISSENTS);
    }
  }
  return sums;
}
