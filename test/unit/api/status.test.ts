import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeStatus, type EndpointStatus } from '../../../src/api/describe-status.ts';
import type { ExplainQuery } from '../../../src/api/ports.ts';
import { judgeClusters } from '../../../src/health/cluster-health.ts';
import type { Service } from '../../../src/model/service.ts';
import { cluster, configuration, endpoint } from '../health/fixtures.ts';
import { openFixture, shareFixture } from './fixture.ts';

/** Of a node that sees nothing. */
const EMPTY_STATE = {
  revision: { generation: 1, number: 1 },
  verdicts: new Map(),
  vantages: [],
  refused: [],
  aside: new Set<string>(),
  frozenCount: 0,
  isFrozen: false,
  loads: [],
  database: { name: '', attribution: '' },
  isNewestRefused: false,
};

describe('status and health', () => {
  const fixture = shareFixture();

  test('status shows regions with their clusters, and clusters with their endpoints and why', async () => {
    const status = (await fixture().send('GET', '/v1/status')).json();
    assert.equal(status.healthy, false);
    assert.deepEqual(status.reasons, ['clusters that do not serve as they should: web-us (out)']);
    assert.deepEqual(
      status.regions.map(({ id }: { id: string }) => id),
      ['eu-west', 'us-east'],
    );
    const [eu, us] = status.regions.map(({ clusters }: { clusters: object[] }) => clusters[0]);
    assert.equal(eu.state, 'serving');
    assert.deepEqual(eu.load, { connections: 10, capacity: 100, ageSeconds: 2, fresh: true });
    assert.equal(us.state, 'out');
    const since = '2026-01-15T11:59:00.000Z';
    const votes = [{ vantage: 'fra', worker: 'w1', vote: 'down', reason: 'connection refused', fresh: true, since }];
    assert.deepEqual(us.endpoints[0], {
      cluster: 'web-us',
      endpoint: 'a',
      region: 'us-east',
      address: '203.0.113.20',
      state: 'down',
      verdict: 'down',
      why: 'connection refused, says fra',
      since: '2026-01-15T11:59:00.000Z',
      votes,
      targets: [
        {
          monitor: 'web',
          verdict: 'down',
          since,
          reason: 'judged before this node started: it holds',
          frozen: true,
          votes,
        },
      ],
    });
    assert.deepEqual(status.vantages, [
      {
        id: 'fra',
        aside: false,
        admits: 'anybody',
        workers: [
          { worker: 'w1', alive: true, lastSeen: '2026-01-15T11:59:59.500Z', signed: true, publicKey: 'KEY' },
          {
            worker: 'w2',
            alive: true,
            signed: false,
            abstention: { all: true, votes: 2, abstained: 2, reasons: ['it lags'] },
            epochRises: 3,
          },
        ],
        refused: [{ worker: 'w9', problem: 'unlisted', publicKey: 'OTHER', lastSeen: '2026-01-15T11:59:59.000Z' }],
      },
    ]);
    assert.deepEqual(status.services, [
      {
        name: 'www.gtm.example.com',
        zone: 'gtm.example.com',
        ttl: status.services[0].ttl,
        clusters: ['web-eu', 'web-us'],
        serving: true,
      },
    ]);
  });

  test('health lists every endpoint by pages', async () => {
    const first = (await fixture().send('GET', '/v1/health?limit=1')).json();
    const second = (await fixture().send('GET', `/v1/health?limit=1&cursor=${first.next}`)).json();
    assert.deepEqual(
      [...first.items, ...second.items].map(({ cluster, state }: { cluster: string; state: string }) => [
        cluster,
        state,
      ]),
      [
        ['web-eu', 'up'],
        ['web-us', 'down'],
      ],
    );
  });

  test('the vantages show their workers', async () => {
    const { items } = (await fixture().send('GET', '/v1/health/vantages')).json();
    assert.equal(items[0].workers[0].alive, true);
  });

  test('a process that serves nothing yet says so', async (context) => {
    const view = {
      current: () => undefined,
      explain: () => undefined,
      readiness: () => ({ ready: false, reasons: ['no configuration yet'] }),
    };
    const { send } = await openFixture(context, { view });
    for (const url of ['/v1/status', '/v1/health', '/v1/health/vantages', '/v1/explain?name=www.gtm.example.com']) {
      const reply = await send('GET', url);
      assert.deepEqual([reply.statusCode, reply.json().code], [503, 'NOT_READY'], url);
    }
    const ready = await send('GET', '/readyz');
    assert.deepEqual([ready.statusCode, ready.json().reasons], [503, ['no configuration yet']]);
    assert.equal((await send('GET', '/livez')).statusCode, 200);
  });
});

describe('explain', () => {
  test('asks with the question in canonical form', async (context) => {
    const asked: ExplainQuery[] = [];
    const explain = (query: ExplainQuery) => {
      asked.push(query);
      return undefined;
    };
    const { send } = await openFixture(context, { view: { explain } });
    for (const query of [
      'type=aaaa&client=2001:DB8:0::1',
      'type=type15&client=81.2.69.142/24',
      'x=1',
      'client=nowhere',
    ]) {
      await send('GET', `/v1/explain?name=www.gtm.example.com&${query}`);
    }
    await send('GET', '/v1/explain?name=www.gtm.example.com');
    assert.deepEqual(asked, [
      { name: 'www.gtm.example.com', type: 'AAAA', client: '2001:db8::1' },
      { name: 'www.gtm.example.com', type: 'MX', client: '81.2.69.0/24' },
      { name: 'www.gtm.example.com', type: 'A' },
    ]);
  });

  test('shows the evidence on every endpoint of the clusters that were looked at, in that order', async (context) => {
    const { send } = await openFixture(context);
    const { considered, endpoints } = (await send('GET', '/v1/explain?name=www.gtm.example.com')).json();
    assert.deepEqual(considered, ['web-us', 'web-eu']);
    assert.deepEqual(
      endpoints.map(({ cluster, verdict, targets }: EndpointStatus) => [
        cluster,
        verdict,
        targets.map(({ monitor, votes }) => [
          monitor,
          votes.map(({ vantage, vote, reason }) => [vantage, vote, reason]),
        ]),
      ]),
      [
        ['web-us', 'down', [['web', [['fra', 'down', 'connection refused']]]]],
        ['web-eu', 'up', [['web', [['fra', 'up', '']]]]],
      ],
    );
    const health = (await send('GET', '/v1/health')).json();
    assert.deepEqual(endpoints.toReversed(), health.items, 'as it is there');
  });

  test('refuses what is no question, with the part that is wrong', async (context) => {
    const { send } = await openFixture(context);
    const wrong = [
      ['name=a..b', '/name'],
      ['name=www.example.com&type=NOPE', '/type'],
      ['name=www.example.com&client=300.1.1.1', '/client'],
      ['name=www.example.com&client=10.0.0.0/33', '/client'],
      ['type=A', '/name'],
    ] as const;
    for (const [query, pointer] of wrong) {
      const reply = await send('GET', `/v1/explain?${query}`);
      assert.deepEqual([reply.statusCode, reply.json().errors?.[0].pointer], [400, pointer], `${query}: ${reply.body}`);
    }
  });
});

describe('a cluster all of which is coming back', () => {
  test('says which share of its clients it takes, until it takes all', () => {
    const of = { ...configuration({ clusters: [cluster('web', [endpoint('a', '203.0.113.1')])] }), zones: [] };
    const shareAt = (ramp: number) => {
      const judgement = { ...judgeClusters(of, () => 'up', 0), clusterRamps: Float32Array.of(ramp) };
      const status = describeStatus({ ...EMPTY_STATE, configuration: of, judgement }, { ready: true, reasons: [] });
      return status.regions[0]?.clusters[0]?.clientShare;
    };
    assert.deepEqual([shareAt(0.25), shareAt(1)], [0.25, undefined]);
  });
});

describe('a node that could not serve the newest configuration', () => {
  test('is not healthy, however well it serves the one before', () => {
    const of = { ...configuration({ regions: [], vantages: [], monitors: [] }), zones: [] };
    const healthyOf = (isNewestRefused: boolean) =>
      describeStatus(
        { ...EMPTY_STATE, configuration: of, judgement: judgeClusters(of, () => 'up', 0), isNewestRefused },
        { ready: true, reasons: [] },
      ).healthy;
    assert.deepEqual([healthyOf(false), healthyOf(true)], [true, false]);
  });
});

describe('what keeps an installation from being healthy', () => {
  const service: Service = {
    ...{ id: 'www.example.com', zone: 'example.com', ttl: { minSeconds: 10, maxSeconds: 30 } },
    ...{ clusters: ['web'], rank: [{ kind: 'priority' }], pick: { by: 'all', shed: { low: 0.8, high: 0.95 } } },
    ...{ lastResort: { kind: 'fail-open' }, https: [], svcb: [] },
  };
  const told = (clusters: readonly string[], verdict: 'up' | 'down', alive: (vantage: string) => boolean) => {
    const of = {
      ...configuration({ clusters: clusters.map((id) => cluster(id, [endpoint('a', '203.0.113.1')])) }),
      ...{ zones: [], services: [service] },
    };
    const vantages = of.vantages.map(({ id }) => ({ vantage: id, worker: 'w1', alive: alive(id), epochRises: 0 }));
    const state = { ...EMPTY_STATE, vantages, configuration: of, judgement: judgeClusters(of, () => verdict, 0) };
    const { healthy, reasons } = describeStatus(state, { ready: true, reasons: [] });
    return { healthy, reasons };
  };

  test('is named: vantages without a live worker, clusters that do not serve, services without any that does', () => {
    assert.deepEqual(
      told(['web'], 'up', () => true),
      { healthy: true, reasons: [] },
    );
    assert.deepEqual(
      told(['web'], 'up', (vantage) => vantage === 'v1'),
      { healthy: false, reasons: ['vantages without a live worker whose votes count: v2, v3'] },
    );
    assert.deepEqual(
      told(['web'], 'down', () => true),
      {
        healthy: false,
        reasons: [
          'clusters that do not serve as they should: web (out)',
          'services without a cluster that serves: www.example.com',
        ],
      },
    );
  });

  test('is named a few times and counted beyond, so that one line stays one', () => {
    const { reasons } = told(['web', 'b', 'c', 'd', 'e', 'f', 'g'], 'down', () => true);
    assert.match(reasons[0] ?? '', /: web \(out\), b .*, e \(out\) and 2 more$/);
  });
});
