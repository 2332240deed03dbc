import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Vote } from '../../../src/health/slot.ts';
import {
  inheritDown,
  isInDoubt,
  NO_OPINION,
  type Opinion,
  recheckDelayMs,
  updateOpinion,
  wouldTurnDown,
} from '../../../src/health/vote.ts';
import { TIMING } from './fixtures.ts';

const OK = { ok: true, reason: 'connected', durationMs: 1 };
const FAILURE = { ok: false, reason: 'connection refused', durationMs: 1 };
const BLIND = { ok: false, reason: 'not allowed', durationMs: 1, inconclusive: true };

/** s: success, f: failure, i: inconclusive. */
function observe(results: string, start: Opinion = NO_OPINION, timing = TIMING): Opinion {
  const observations = Array.from(results, (result) => (result === 's' ? OK : result === 'f' ? FAILURE : BLIND));
  return observations.reduce((opinion, observation) => updateOpinion(opinion, observation, timing, 0), start);
}

const cases: readonly [title: string, results: string, vote: Vote | undefined][] = [
  ['has no vote before anything was seen', '', undefined],
  ['votes up on the first success of a target never seen', 's', 'up'],
  ['has no vote on a target never yet healthy until it failed often enough', 'ff', undefined],
  ['votes down on a target never yet healthy after `fall` failures', 'fff', 'down'],
  ['votes up on a success while undecided', 'ffs', 'up'],
  ['suspects on the first failure while up', 'sf', 'suspect'],
  ['suspects until `fall` failures', 'sff', 'suspect'],
  ['votes down at `fall` failures', 'sfff', 'down'],
  ['does not forget failures over one success', 'sffsf', 'suspect'],
  ['makes up for a third of a failure by a success', 'sffsff', 'down'],
  ['finds a target that loses every other check', 'sfsfsfsf', 'down'],
  ['finds a target that loses every third check', `s${'fss'.repeat(6)}f`, 'down'],
  ['lets be a target that loses two checks of five', 'sfsfsss', 'up'],
  ['forgets failures after several straight successes', 'sfsss', 'up'],
  ['starts counting anew once it forgot', 'sfsssff', 'suspect'],
  ['stays down on fewer successes than `rise`', 'sfffs', 'down'],
  ['counts only straight successes towards up', 'sfffsfs', 'down'],
  ['votes up after `rise` straight successes', 'sfffss', 'up'],
  ['abstains when the check could not look', 'si', 'abstain'],
  ['votes up on a success after it could not look', 'sis', 'up'],
  ['suspects on a failure of what was up before it could not look', 'sif', 'suspect'],
  ['needs `fall` failures after it could not look', 'sffiff', 'suspect'],
  ['votes down on them', 'sffifff', 'down'],
  ['keeps down what was down before it could not look, until `rise` straight successes', 'sfffis', 'down'],
  ['keeps it down however often it could not look', 'sfffisis', 'down'],
  ['votes up on them', 'sfffiss', 'up'],
  ['votes down on a single failure of what was down before it could not look', 'sfffif', 'down'],
  ['has no vote before `fall` failures of what was never decided before it could not look', 'ffiff', undefined],
];

for (const [title, results, vote] of cases) {
  test(`${title} (${results || 'nothing'})`, () => assert.equal(observe(results).vote, vote));
}

test('never suspects where one failure is enough', () => {
  assert.equal(observe('sf', NO_OPINION, { ...TIMING, fall: 1 }).vote, 'down');
});

test('gives the reason of the last failure, and none when up', () => {
  assert.equal(observe('sf').reason, 'connection refused');
  assert.equal(observe('s').reason, '');
  assert.equal(observe('sfffss').reason, '');
});

test('gives the warning of the last success as the reason of up', () => {
  const warned = updateOpinion(observe('s'), { ...OK, warning: 'the certificate ends in 3 days' }, TIMING, 0);
  assert.deepEqual([warned.vote, warned.reason], ['up', 'the certificate ends in 3 days']);
  assert.equal(observe('s', warned).reason, '');
});

test('asks for the share that the last success said, and keeps it while suspect', () => {
  const half = updateOpinion(observe('s'), { ...OK, share: 50 }, TIMING, 0);
  assert.equal(half.share, 50);
  assert.equal(observe('s', half).share, undefined);
  assert.equal(observe('f', half).share, 50);
  assert.equal(observe('fs', half).share, undefined);
  assert.equal(observe('fff', half).share, undefined);
  assert.equal(updateOpinion(half, { ...FAILURE, share: 0 }, TIMING, 0).share, 0);
  assert.equal(updateOpinion(half, { ...OK, share: 100 }, TIMING, 0).share, undefined);
});

test('holds down what fell again, also where the worker could not look meanwhile', () => {
  const fallen = observe('sfffssfff');
  assert.equal(observe('ss', fallen).vote, 'down');
  assert.match(observe('ss', fallen).reason, /^answers again, held down/);
  assert.equal(observe('is', fallen).vote, 'down');
  assert.equal(observe('iss', observe('sfff')).vote, 'up', 'a first fall holds nobody');
  assert.equal(observe('ss', fallen, { ...TIMING, maxHoldDownMs: 0 }).vote, 'up');
  assert.equal(updateOpinion(observe('s', fallen), OK, TIMING, 5000).vote, 'up', 'the time is over');
});

test('keeps up what is up when a longer hold-down is configured, though the worker could not look meanwhile', () => {
  const risen = observe('ss', observe('sfffssfff'), { ...TIMING, maxHoldDownMs: 0 });
  assert.equal(risen.vote, 'up');
  assert.equal(observe('is', risen).vote, 'up');
});

test('gives the reason again for which it was down before it could not look', () => {
  assert.equal(observe('sfffi').reason, 'not allowed');
  assert.equal(observe('sfffis').reason, 'connection refused');
});

test('counts a fall once, though it could not look in between', () => {
  assert.equal(observe('sfffif').falls?.count, 1);
  assert.equal(observe('sfffissfff').falls?.count, 2);
  assert.equal(observe('sifff').falls?.count, 1);
});

test('publishes nothing of what another has called down before it has looked, and goes on from there', () => {
  const inherited = inheritDown('status 503');
  assert.equal(inherited.vote, undefined);
  assert.deepEqual([observe('s', inherited).vote, observe('s', inherited).reason], ['down', 'status 503']);
  assert.equal(observe('ss', inherited).vote, 'up');
  assert.deepEqual([observe('f', inherited).vote, observe('f', inherited).falls], ['down', undefined]);
  assert.equal(observe('i', inherited).vote, 'abstain');
  assert.equal(observe('is', inherited).vote, 'down');
  assert.equal(isInDoubt(observe('f', inherited), TIMING), false);
  assert.equal(wouldTurnDown(inherited, TIMING), true);
});

test('takes a target that was never healthy for no fall', () => {
  assert.equal(observe('fffssfffss').vote, 'up');
});

test('is in doubt exactly while the next few observations may turn the vote', () => {
  for (const results of ['f', 'sf', 'sfs', 'sfss', 'sfff', 'sfffff', 'sfffs'])
    assert.equal(isInDoubt(observe(results), TIMING), true, results);
  for (const results of ['', 's', 'sfsss', 'ffffff', 'sffffff', 'sfffss'])
    assert.equal(isInDoubt(observe(results), TIMING), false, results);
});

test('looks again after a quarter of the interval, within bounds', () => {
  assert.equal(recheckDelayMs({ ...TIMING, intervalMs: 1000 }), 250);
  assert.equal(recheckDelayMs({ ...TIMING, intervalMs: 120 }), 50);
  assert.equal(recheckDelayMs({ ...TIMING, intervalMs: 20 }), 20);
});

test('turns only as the state machine allows, whatever is observed', () => {
  const allowed: Readonly<Record<string, readonly (Vote | undefined)[]>> = {
    undefined: [undefined, 'up', 'down', 'abstain'],
    up: ['up', 'suspect', 'abstain'],
    suspect: ['suspect', 'up', 'down', 'abstain'],
    down: ['down', 'up', 'abstain'],
    abstain: ['abstain', 'up', 'suspect', 'down', undefined],
  };
  fc.assert(
    fc.property(fc.array(fc.constantFrom('s', 'f', 'f', 'i'), { maxLength: 60 }), (results) => {
      let opinion = NO_OPINION;
      for (const result of results) {
        const next = observe(result, opinion);
        assert.ok(allowed[`${opinion.vote}`]?.includes(next.vote), `${opinion.vote} → ${next.vote}`);
        assert.ok(next.doubt <= 6 * TIMING.fall);
        opinion = next;
      }
    }),
  );
});
