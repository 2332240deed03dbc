import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterLoadOf, endpointLoadsOf, loadOf, UNKNOWN_LOAD } from '../../../src/load/apply-reports.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { LoadReport } from '../../../src/model/load-report.ts';

type Reported = Omit<LoadReport, 'subject'>;

const reportsOf = (reports: Readonly<Record<string, Reported>>) =>
  new Map(Object.entries(reports).map(([subject, report]) => [subject, { subject, ...report }]));

function cluster(capacities: readonly (number | undefined)[], capacity?: number): Cluster {
  return {
    id: 'web',
    region: 'eu',
    monitors: [],
    healthyWhen: 'all',
    balance: 'all',
    minHealthy: { count: 1 },
    ...(capacity === undefined ? {} : { capacity }),
    endpoints: capacities.map((own, index) => ({
      id: `e${index}`,
      target: { family: 'A', address: `198.51.100.${index + 1}` },
      weight: 1,
      ...(own === undefined ? {} : { capacity: own }),
      check: {},
    })),
  };
}

describe('a load report', () => {
  const cases: readonly [string, Reported | undefined, number | undefined, ReturnType<typeof loadOf>][] = [
    ['that is missing says nothing', undefined, 100, UNKNOWN_LOAD],
    [
      'of connections counts against the configured capacity',
      { connections: 5 },
      100,
      { connections: 5, capacity: 100, answerCost: 1 },
    ],
    [
      'that states a capacity is believed',
      { connections: 5, capacity: 50 },
      100,
      { connections: 5, capacity: 50, answerCost: 1 },
    ],
    [
      'without any capacity sheds nothing',
      { connections: 5 },
      undefined,
      { connections: 5, capacity: 0, answerCost: 1 },
    ],
    [
      'of utilisation is turned into connections where it can be',
      { utilisation: 0.5 },
      200,
      { connections: 100, capacity: 200, answerCost: 1 },
    ],
    [
      'of utilisation alone is kept as a share, and answers cost nothing',
      { utilisation: 0.9 },
      undefined,
      { connections: 0.9, capacity: 1, answerCost: 0 },
    ],
    [
      'that states both is believed in its utilisation',
      { utilisation: 2, connections: 1, capacity: 10 },
      undefined,
      { connections: 20, capacity: 10, answerCost: 1 },
    ],
  ];
  for (const [title, report, capacity, expected] of cases) {
    it(title, () => assert.deepEqual(loadOf(report && { subject: 's', ...report }, capacity), expected));
  }
});

describe('the load of a cluster', () => {
  it('is its own report, against its own capacity or the sum of its endpoints’', () => {
    const reports = reportsOf({ web: { connections: 7 }, 'web/e0': { connections: 1000 } });
    assert.deepEqual(clusterLoadOf(cluster([10, 20]), reports), { connections: 7, capacity: 30, answerCost: 1 });
    assert.deepEqual(clusterLoadOf(cluster([10, 20], 5), reports), { connections: 7, capacity: 5, answerCost: 1 });
    assert.deepEqual(clusterLoadOf(cluster([10, undefined]), reports), { connections: 7, capacity: 0, answerCost: 1 });
  });

  it('is otherwise the sum of its endpoints’, where all of them report', () => {
    const both = reportsOf({ 'web/e0': { connections: 3 }, 'web/e1': { connections: 4, capacity: 40 } });
    assert.deepEqual(clusterLoadOf(cluster([10, 20]), both), { connections: 7, capacity: 50, answerCost: 1 });
    assert.deepEqual(clusterLoadOf(cluster([undefined, 20]), both), { connections: 7, capacity: 0, answerCost: 1 });
    assert.deepEqual(clusterLoadOf(cluster([10, 20]), reportsOf({ 'web/e0': { connections: 3 } })), UNKNOWN_LOAD);
  });

  it('is known from endpoints that report their utilisation', () => {
    const both = reportsOf({ 'web/e0': { utilisation: 0.5 }, 'web/e1': { connections: 4 } });
    assert.deepEqual(clusterLoadOf(cluster([10, 20]), both), { connections: 9, capacity: 30, answerCost: 1 });
    const shares = reportsOf({ 'web/e0': { utilisation: 0.5 }, 'web/e1': { utilisation: 1 } });
    assert.deepEqual(clusterLoadOf(cluster([undefined, undefined]), shares), {
      connections: 0.75,
      capacity: 1,
      answerCost: 0,
    });
  });

  it('is unknown where shares and connections cannot be added', () => {
    const both = reportsOf({ 'web/e0': { utilisation: 0.5 }, 'web/e1': { connections: 4 } });
    assert.deepEqual(clusterLoadOf(cluster([undefined, 20]), both), UNKNOWN_LOAD);
  });

  it('is listed for each endpoint, in order', () => {
    const loads = endpointLoadsOf(cluster([10, 20]), reportsOf({ 'web/e1': { connections: 4 } }));
    assert.deepEqual(loads, [UNKNOWN_LOAD, { connections: 4, capacity: 20, answerCost: 1 }]);
  });
});
