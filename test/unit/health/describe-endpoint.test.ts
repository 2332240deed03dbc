import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VantageVote } from '../../../src/health/ballot.ts';
import { ENDPOINT_DOWN, type EndpointJudgement } from '../../../src/health/cluster-health.ts';
import { describeEndpoint } from '../../../src/health/describe-endpoint.ts';
import type { Verdict, VerdictState } from '../../../src/health/verdict.ts';

const says = (vantage: string, reason: string, change: Partial<VantageVote> = {}): VantageVote => {
  return { vantage, worker: 'w', vote: 'down', reason, fresh: true, sinceMs: 0, ...change };
};

function endpoint(monitors: Readonly<Record<string, VerdictState>>, change: Partial<EndpointJudgement> = {}) {
  const targets = Object.entries(monitors).map(([monitor, verdict]) => ({ target: `t-${monitor}`, monitor, verdict }));
  const judged = {
    cluster: 'web',
    endpoint: 'a',
    family: 'A',
    class: ENDPOINT_DOWN,
    targets,
    verdict: 'down',
  } as const;
  return { ...judged, ...change };
}

function evidence(votes: Readonly<Record<string, readonly VantageVote[]>>): ReadonlyMap<string, Verdict> {
  const verdicts = Object.entries(votes).map(([monitor, each]): [string, Verdict] => {
    const target = `t-${monitor}`;
    return [target, { target, verdict: 'down', sinceMs: 0, reason: '', isFrozen: false, votes: each }];
  });
  return new Map(verdicts);
}

const describeDown = (...votes: readonly VantageVote[]) =>
  describeEndpoint(endpoint({ web: 'down' }), evidence({ web: votes }));

describe('describeEndpoint', () => {
  test('says why the endpoint is down, and who says so', () => {
    assert.equal(describeDown(says('eu-1', 'connection refused')), 'connection refused, says eu-1');
    const up = says('ap-1', '', { vote: 'up' });
    const both = describeDown(says('eu-1', 'connection refused'), says('us-1', 'connection refused'), up);
    assert.equal(both, 'connection refused, say eu-1, us-1');
  });

  test('tells the reason that most give first, and no more than two', () => {
    assert.equal(
      describeDown(says('a', 'timeout'), says('b', 'status 503'), says('c', 'status 503'), says('d', 'closed')),
      'status 503, say b, c; timeout, says a; 1 more reason',
    );
  });

  test('names four vantages of many', () => {
    const votes = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => says(id, 'timeout'));
    assert.equal(describeDown(...votes), 'timeout, say a, b, c, d and 2 more');
  });

  test('leaves out whoever is set aside, and whoever fell silent while others speak', () => {
    const aside = says('b', 'no route', { aside: true });
    const silent = says('c', 'timeout', { fresh: false });
    assert.equal(describeDown(says('a', 'connection refused'), aside, silent), 'connection refused, says a');
    assert.equal(describeDown(aside, silent), 'timeout, said c before falling silent');
  });

  test('says that it is down where nobody says why', () => {
    assert.equal(describeEndpoint(endpoint({ web: 'down' })), 'the vantages say down');
    assert.equal(describeDown(says('a', '')), 'the vantages say down');
  });

  test('gives the reason of each monitor that says down', () => {
    const judged = endpoint({ web: 'down', ping: 'unknown', admin: 'down', tcp: 'up' });
    assert.equal(
      describeEndpoint(judged, evidence({ web: [says('a', 'status 503')], tcp: [says('b', 'timeout')] })),
      'the vantages say down; of its monitors: web down (status 503, says a), admin down, ping not judged yet',
    );
  });

  test('puts the word of an operator before it, and what holds it behind it', () => {
    const directive = {
      state: 'force-up',
      source: 'clusters',
      reason: 'force-up of clusters/web by ann: test',
    } as const;
    const judged = endpoint({ web: 'down' }, { directive, heldUntilMs: 1 });
    assert.equal(
      describeEndpoint(judged, evidence({ web: [says('a', 'timeout')] })),
      'force-up of clusters/web by ann: test (timeout, says a; the removal brake holds it as it was)',
    );
  });

  test('does not speak of reasons while the endpoint is up', () => {
    const judged = endpoint({ web: 'up' }, { verdict: 'up' });
    assert.equal(describeEndpoint(judged, evidence({ web: [says('a', 'timeout')] })), 'the vantages say up');
  });
});
