import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evidenceRows, isPlainlyUp } from '../../../src/commands/print-evidence.ts';

type EndpointStatus = Parameters<typeof isPlainlyUp>[0];
type Vote = EndpointStatus['votes'][number];

const SINCE = '2026-01-15T11:59:00.250Z';
const OUTPUT = {
  print: () => {},
  printNotice: () => {},
  printJson: () => {},
  paint: (_: unknown, text: string) => text,
};

const vote = (vantage: string, change: Partial<Vote> = {}): Vote => {
  return { vantage, worker: 'w', vote: 'up', reason: '', fresh: true, since: SINCE, ...change };
};

function status(votes: readonly Vote[], change: Partial<EndpointStatus> = {}): EndpointStatus {
  return {
    cluster: 'web',
    endpoint: 'a',
    region: 'eu',
    address: '203.0.113.1',
    state: 'up',
    verdict: 'up',
    why: '',
    votes: [...votes],
    targets: [{ monitor: 'tcp', verdict: 'up', since: SINCE, votes: [...votes] }],
    ...change,
  };
}

test('of what is plainly up there is nothing to tell; of what is held, slowed, doubted, warned of or down there is', () => {
  assert.ok(isPlainlyUp(status([vote('fra'), vote('nyc', { vote: 'down', fresh: false })])));
  assert.ok(isPlainlyUp(status([], { verdict: 'unmonitored', targets: [] })));
  const telling = [
    status([vote('fra')], { heldUntil: SINCE }),
    status([vote('fra')], { weightShare: 0.1 }),
    status([vote('fra')], { state: 'draining' }),
    status([vote('fra')], { verdict: 'unknown' }),
    status([vote('fra', { vote: 'suspect' })]),
    status([vote('fra', { vote: 'abstain' })]),
    status([vote('fra', { reason: 'the certificate ends in 9 days' })]),
    status([vote('fra', { share: 50 })]),
    status([vote('fra')], { targets: [{ monitor: 'tcp', verdict: 'down', votes: [] }] }),
  ];
  for (const [index, each] of telling.entries()) assert.equal(isPlainlyUp(each), false, `case ${index}`);
});

test('the evidence names who says what and why, and what of it does not count', () => {
  const votes = [
    vote('fra', { vote: 'down', reason: 'status 503' }),
    vote('nyc', { share: 50 }),
    vote('sin', { vote: 'down', reason: 'timeout', fresh: false }),
    vote('syd', { vote: 'down', aside: true }),
  ];
  const held = status(votes, { heldUntil: SINCE });
  assert.deepEqual(evidenceRows(OUTPUT, held, ' '), [
    [
      ' tcp',
      'up',
      'since 2026-01-15T11:59:00Z',
      'fra down (status 503), nyc up (asks for 50 %), sin down (timeout; stale), syd down (set aside)',
    ],
    [' brake', 'held', 'until 2026-01-15T11:59:00Z'],
  ]);
  const silent = status([], { targets: [{ monitor: 'tcp', verdict: 'unknown', frozen: true, votes: [] }] });
  assert.deepEqual(evidenceRows(OUTPUT, silent, ''), [['tcp', 'unknown', '', 'nobody says anything (frozen)']]);
});
