// Scenarios of steering: what is configured, what is up, who asks, and what then is answered: the records, the TTL, the scope,
// and the counters that moved. Every path of the decision has a row.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LoadReport } from '../../src/model/load-report.ts';
import {
  ask,
  countersMoved,
  createFixture,
  type Health,
  LONDON,
  NEW_YORK,
  NOWHERE,
  type Question,
  setHealth,
  setLoads,
  TOKYO,
} from '../support/snapshot-fixture.ts';

/** Three clusters far apart, two endpoints each, in both families. */
const CLUSTERS = `
clusters:
  - id: eu
    region: eu-west
    monitor: web
    capacity: 100
    balance: round-robin
    endpoints:
      - { id: a, address: 198.51.100.1 }
      - { id: b, address: 198.51.100.2 }
      - { id: c, address: "2001:db8:e::1" }
  - id: us
    region: us-east
    monitor: web
    capacity: 100
    balance: round-robin
    endpoints:
      - { id: a, address: 198.51.100.11 }
      - { id: c, address: "2001:db8:a::1" }
  - id: ap
    region: ap-north
    monitor: web
    capacity: 100
    balance: round-robin
    endpoints:
      - { id: a, address: 198.51.100.21 }
`;

type Expected = {
  /** Data of the answers, as a set in order of text. */
  readonly data?: readonly string[];
  readonly rcode?: string;
  readonly ttl?: number;
  readonly scope?: number;
  /** `cluster reason`, or just the reason: how often counted. */
  readonly counted?: Readonly<Record<string, number>>;
};

type Step = {
  readonly when: string;
  readonly health?: Health;
  readonly loads?: readonly LoadReport[];
  readonly ask?: Question;
  /** The question is asked so often; `data` is then everything that was answered. */
  readonly times?: number;
  readonly expect: Expected;
};

type Scenario = {
  readonly title: string;
  readonly service: string;
  readonly clusters?: string;
  readonly steps: readonly Step[];
};

const EU = ['198.51.100.1', '198.51.100.2'];
const US = ['198.51.100.11'];
const AP = ['198.51.100.21'];

const SCENARIOS: readonly Scenario[] = [
  {
    title: 'the nearest cluster that is up answers',
    service: 'clusters: [eu, us, ap]',
    steps: [
      {
        when: 'London asks',
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, ttl: 30, scope: 9, counted: { 'eu preferred': 2 } },
      },
      {
        when: 'New York asks',
        ask: { subnet: NEW_YORK },
        expect: { data: US, ttl: 30, scope: 8, counted: { 'us preferred': 1 } },
      },
      { when: 'Tokyo asks', ask: { subnet: TOKYO }, expect: { data: AP, scope: 8, counted: { 'ap preferred': 1 } } },
      {
        when: 'a network of Tokyo within London’s asks',
        ask: { subnet: '81.200.5.0/24' },
        expect: { data: AP, scope: 24 },
      },
      {
        when: 'the neighbour of that network asks',
        ask: { subnet: '81.200.4.0/24' },
        times: 2,
        expect: { data: EU, scope: 24 },
      },
      {
        when: 'nobody knows where',
        ask: { subnet: NOWHERE },
        times: 2,
        expect: { data: EU, counted: { 'eu preferred': 2 } },
      },
      { when: 'a resolver of New York asks for itself', ask: { source: '12.9.9.9' }, expect: { data: US } },
      {
        when: 'a resolver of New York asks for London',
        ask: { source: '12.9.9.9', subnet: LONDON },
        times: 2,
        expect: { data: EU, scope: 9 },
      },
      {
        when: 'a client does not want to be located',
        ask: { source: '12.9.9.9', subnet: '0.0.0.0/0' },
        expect: { data: US, scope: 0 },
      },
      {
        when: 'a client of family 0 asks',
        ask: { source: '12.9.9.9', options: [{ code: 8, data: [0, 0, 0, 0] }] },
        expect: { data: US, scope: 0 },
      },
      {
        when: 'London asks by IPv6',
        ask: { subnet: '2a00:1::/48' },
        times: 2,
        expect: { data: EU, counted: { 'eu preferred': 2 } },
      },
      { when: 'an IPv6 resolver of New York asks', ask: { source: '2600::1' }, expect: { data: US } },
    ],
  },
  {
    title: 'what is down is left out, and the TTL is short while anything is',
    service: 'clusters: [eu, us, ap]\n    ttl: { min: 5, max: 50 }',
    steps: [
      {
        when: 'one endpoint is down',
        health: { down: ['eu/a'] },
        ask: { subnet: LONDON },
        times: 3,
        expect: { data: ['198.51.100.2'], ttl: 5, counted: { 'eu preferred': 3 } },
      },
      {
        when: 'its cluster is down',
        health: { down: ['eu'] },
        ask: { subnet: LONDON },
        expect: { data: US, ttl: 5, counted: { 'us failover': 1 } },
      },
      {
        when: 'the next one is down too',
        health: { down: ['eu', 'us'] },
        ask: { subnet: LONDON },
        expect: { data: AP, ttl: 5, counted: { 'ap failover': 1 } },
      },
      {
        when: 'those elsewhere do not notice but for the TTL',
        ask: { subnet: TOKYO },
        expect: { data: AP, ttl: 5, counted: { 'ap preferred': 1 } },
      },
      {
        when: 'all is up again',
        health: {},
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, ttl: 50, counted: { 'eu preferred': 2 } },
      },
    ],
  },
  {
    title: 'families are judged apart',
    service: 'clusters: [eu, us, ap]',
    steps: [
      {
        when: 'AAAA is asked in Tokyo, whose cluster has none',
        ask: { subnet: TOKYO, type: 'AAAA' },
        expect: { data: ['2001:db8:e::1'], counted: { 'eu preferred': 1 } },
      },
      {
        when: 'AAAA is down in Europe, A is not',
        health: { down: ['eu/c'] },
        ask: { subnet: LONDON, type: 'AAAA' },
        expect: { data: ['2001:db8:a::1'], counted: { 'us failover': 1 } },
      },
      {
        when: 'A is asked then',
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, counted: { 'eu preferred': 2 } },
      },
      {
        when: 'all A are down in Europe, AAAA is not',
        health: { down: ['eu/a', 'eu/b'] },
        ask: { subnet: LONDON, type: 'AAAA' },
        expect: { data: ['2001:db8:e::1'], counted: { 'eu preferred': 1 } },
      },
      {
        when: 'every AAAA is down, as a last resort the nearest',
        health: { down: ['eu/c', 'us/c'] },
        ask: { subnet: LONDON, type: 'AAAA' },
        expect: { data: ['2001:db8:e::1'], counted: { 'eu last-resort': 1 } },
      },
      {
        when: 'a type is asked that no endpoint has',
        health: {},
        ask: { subnet: LONDON, type: 'TXT' },
        expect: { data: [], rcode: 'NOERROR', scope: 0, counted: {} },
      },
    ],
  },
  {
    title: 'fail-open: first the few that are up, then what drains, then what is down, never what was forced down',
    service: 'clusters: [eu, us]\n    lastResort: fail-open',
    clusters: CLUSTERS.replace(
      'balance: round-robin\n    endpoints:\n      - { id: a, address: 198.51.100.11',
      'minHealthy: 1\n    balance: round-robin\n    endpoints:\n      - { id: a, address: 198.51.100.11',
    ).replace('id: eu\n', 'id: eu\n    minHealthy: 100%\n'),
    steps: [
      {
        when: 'too few are up in one',
        health: { down: ['eu/a'] },
        ask: { subnet: LONDON },
        expect: { data: US, counted: { 'us failover': 1 } },
      },
      {
        when: 'too few there, nothing here',
        health: { down: ['eu/a', 'us'] },
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: ['198.51.100.2'], counted: { 'eu last-resort': 2 } },
      },
      {
        when: 'the nearest drains, and too few are up in the farther one: up goes before draining',
        health: { down: ['eu/a'], overrides: [{ kind: 'clusters', id: 'us', state: 'drain' }] },
        ask: { subnet: NEW_YORK },
        expect: { data: ['198.51.100.2'], counted: { 'eu last-resort': 1 } },
      },
      {
        when: 'one drains, the other is down',
        health: { down: ['eu'], overrides: [{ kind: 'clusters', id: 'us', state: 'drain' }] },
        ask: { subnet: LONDON },
        expect: { data: US, counted: { 'us last-resort': 1 } },
      },
      {
        when: 'all are down',
        health: { down: ['eu', 'us'] },
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, counted: { 'eu last-resort': 2 } },
      },
      {
        when: 'all are down, and the nearest was forced down',
        health: { down: ['eu', 'us'], overrides: [{ kind: 'clusters', id: 'eu', state: 'force-down' }] },
        ask: { subnet: LONDON },
        expect: { data: US, counted: { 'us last-resort': 1 } },
      },
      {
        when: 'all were forced down',
        health: {
          overrides: [
            { kind: 'clusters', id: 'eu', state: 'force-down' },
            { kind: 'regions', id: 'us-east', state: 'force-down' },
          ],
        },
        ask: { subnet: LONDON },
        expect: { rcode: 'REFUSED', data: [], counted: { refused: 1 } },
      },
    ],
  },
  {
    title: 'refuse: nothing is answered that is not up',
    service: 'clusters: [eu, us]\n    lastResort: refuse',
    steps: [
      {
        when: 'all are down',
        health: { down: ['eu', 'us'] },
        ask: { subnet: LONDON },
        expect: { rcode: 'REFUSED', data: [], counted: { refused: 1 } },
      },
      {
        when: 'all drain',
        health: {
          overrides: [
            { kind: 'clusters', id: 'eu', state: 'drain' },
            { kind: 'clusters', id: 'us', state: 'drain' },
          ],
        },
        ask: { subnet: LONDON },
        expect: { rcode: 'REFUSED', data: [], counted: { refused: 1 } },
      },
      {
        when: 'one is up again',
        health: { down: ['eu'] },
        ask: { subnet: LONDON },
        expect: { data: US, counted: { 'us failover': 1 } },
      },
    ],
  },
  {
    title: 'a last-resort cluster answers when nothing is up, whatever its own state',
    service: 'clusters: [eu, us, ap]\n    lastResort: { cluster: ap }',
    steps: [
      {
        when: 'all are down',
        health: { down: ['eu', 'us', 'ap'] },
        ask: { subnet: LONDON },
        expect: { data: AP, counted: { 'ap last-resort': 1 } },
      },
      {
        when: 'it drains and the others are down',
        health: { down: ['eu', 'us'], overrides: [{ kind: 'clusters', id: 'ap', state: 'drain' }] },
        ask: { subnet: LONDON },
        expect: { data: AP, counted: { 'ap last-resort': 1 } },
      },
      {
        when: 'it was forced down itself: the service fails open',
        health: { down: ['eu', 'us'], overrides: [{ kind: 'clusters', id: 'ap', state: 'force-down' }] },
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, counted: { 'eu last-resort': 2 } },
      },
      {
        when: 'it has none of the family',
        health: { down: ['eu', 'us', 'ap'] },
        ask: { subnet: LONDON, type: 'AAAA' },
        expect: { data: ['2001:db8:e::1'], counted: { 'eu last-resort': 1 } },
      },
    ],
  },
  {
    title: 'the strongest word of an operator holds',
    service: 'clusters: [eu, us]',
    steps: [
      {
        when: 'a cluster that is down was forced up',
        health: { down: ['eu'], overrides: [{ kind: 'clusters', id: 'eu', state: 'force-up' }] },
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, counted: { 'eu preferred': 2 } },
      },
      {
        when: 'its region drains all the same',
        health: {
          overrides: [
            { kind: 'clusters', id: 'eu', state: 'force-up' },
            { kind: 'regions', id: 'eu-west', state: 'drain' },
          ],
        },
        ask: { subnet: LONDON },
        expect: { data: US, counted: { 'us failover': 1 } },
      },
      {
        when: 'one endpoint drains',
        health: { overrides: [{ kind: 'endpoints', id: 'eu/a', state: 'drain' }] },
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: ['198.51.100.2'], counted: { 'eu preferred': 2 } },
      },
    ],
  },
  {
    title: 'a cluster over its capacity is passed over while another has room',
    service: 'clusters: [eu, us]\n    pick: { shed: { low: 80%, high: 100% } }',
    steps: [
      {
        when: 'below the low watermark all stay',
        loads: [{ subject: 'eu', connections: 70 }],
        ask: { subnet: LONDON },
        times: 4,
        expect: { data: EU, counted: { 'eu preferred': 4 } },
      },
      {
        when: 'it is full',
        loads: [{ subject: 'eu', connections: 100 }],
        ask: { subnet: LONDON },
        times: 4,
        expect: { data: US, counted: { 'us spill': 4 } },
      },
      {
        when: 'the other is full too',
        loads: [
          { subject: 'eu', connections: 100 },
          { subject: 'us', connections: 200 },
        ],
        ask: { subnet: LONDON },
        times: 4,
        expect: { data: EU, counted: { 'eu preferred': 4 } },
      },
      {
        when: 'the other has a little room',
        loads: [
          { subject: 'eu', connections: 100 },
          { subject: 'us', connections: 97 },
        ],
        ask: { subnet: LONDON },
        expect: { data: US, counted: { 'us spill': 1 } },
      },
      {
        when: 'full, but the only one that is up',
        health: { down: ['us'] },
        loads: [{ subject: 'eu', connections: 150 }],
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, counted: { 'eu preferred': 2 } },
      },
      {
        when: 'the reports are gone',
        health: {},
        loads: [],
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, counted: { 'eu preferred': 2 } },
      },
    ],
  },
  {
    title: 'an endpoint over its capacity is passed over while another has room',
    service: 'clusters: [eu, us]',
    steps: [
      {
        when: 'one is full',
        loads: [
          { subject: 'eu/a', connections: 10, capacity: 10 },
          { subject: 'eu/b', connections: 1, capacity: 10 },
        ],
        ask: { subnet: LONDON },
        times: 3,
        expect: { data: ['198.51.100.2'], counted: { 'eu preferred': 3 } },
      },
      {
        when: 'both are full, the cluster as a whole says it is not',
        loads: [
          { subject: 'eu', connections: 1 },
          { subject: 'eu/a', connections: 10, capacity: 10 },
          { subject: 'eu/b', connections: 20, capacity: 10 },
        ],
        ask: { subnet: LONDON },
        times: 2,
        expect: { data: EU, counted: { 'eu preferred': 2 } },
      },
    ],
  },
  {
    title: 'a cluster without weight gets nobody while an equally preferred one can serve, and its room is not theirs',
    service: 'clusters: [eu, twin, us]\n    rank: [{ by: proximity, tolerance: 1% }]',
    clusters: `${CLUSTERS}
  - { id: twin, region: eu-west, monitor: web, weight: 0, capacity: 100, endpoints: [{ id: a, address: 198.51.100.31 }] }
`,
    steps: [
      { when: 'all are idle', ask: { subnet: LONDON }, times: 4, expect: { data: EU, counted: { 'eu preferred': 4 } } },
      {
        when: 'the weighted one is full',
        loads: [
          { subject: 'eu', connections: 100 },
          { subject: 'twin', connections: 0 },
        ],
        ask: { subnet: LONDON },
        times: 4,
        expect: { data: US, counted: { 'us spill': 4 } },
      },
      {
        when: 'the weighted one is down',
        health: { down: ['eu'] },
        loads: [],
        ask: { subnet: LONDON },
        expect: { data: ['198.51.100.31'], counted: { 'twin preferred': 1 } },
      },
    ],
  },
  {
    title: 'rules: a match prefers, a fence ends the list',
    service: `clusters: [eu, us, ap]
    rank:
      - { match: { country: [GB] }, use: [ap], fence: true }
      - { match: { cidr: [12.0.0.0/9] }, use: [eu] }
      - { by: priority }`,
    steps: [
      { when: 'a fenced client asks', ask: { subnet: LONDON }, expect: { data: AP, counted: { 'ap preferred': 1 } } },
      {
        when: 'its only cluster is down',
        health: { down: ['ap'] },
        ask: { subnet: LONDON },
        expect: { data: AP, counted: { 'ap last-resort': 1 } },
      },
      {
        when: 'its only cluster was forced down',
        health: { overrides: [{ kind: 'clusters', id: 'ap', state: 'force-down' }] },
        ask: { subnet: LONDON },
        expect: { rcode: 'REFUSED', data: [], counted: { refused: 1 } },
      },
      {
        when: 'it asks for a type that its cluster does not have',
        health: {},
        ask: { subnet: LONDON, type: 'AAAA' },
        expect: { rcode: 'NOERROR', data: [], counted: { 'no-data': 1 } },
      },
      {
        when: 'a matching prefix asks',
        ask: { subnet: NEW_YORK },
        times: 2,
        expect: { data: EU, scope: 2, counted: { 'eu preferred': 2 } },
      },
      { when: 'the other half of it asks', ask: { subnet: '12.200.0.0/16' }, times: 2, expect: { data: EU } },
    ],
  },
  {
    title: 'targets are answered as one CNAME, whatever the type',
    service: 'clusters: [names, us-names]',
    clusters: `
clusters:
  - { id: names, region: eu-west, balance: round-robin, endpoints: [{ id: a, target: lb-1.example.net }, { id: b, target: lb-2.example.net }] }
  - { id: us-names, region: us-east, endpoints: [{ id: a, target: lb-us.example.net }] }
`,
    steps: [
      {
        when: 'A is asked',
        ask: { subnet: LONDON },
        expect: { data: ['lb-1.example.net'], ttl: 30, scope: 4, counted: { 'names preferred': 1 } },
      },
      { when: 'A is asked again', ask: { subnet: LONDON }, expect: { data: ['lb-2.example.net'] } },
      { when: 'AAAA is asked', ask: { subnet: NEW_YORK, type: 'AAAA' }, expect: { data: ['lb-us.example.net'] } },
      { when: 'TXT is asked', ask: { subnet: NEW_YORK, type: 'TXT' }, expect: { data: ['lb-us.example.net'] } },
      { when: 'CNAME is asked', ask: { subnet: NEW_YORK, type: 'CNAME' }, expect: { data: ['lb-us.example.net'] } },
      { when: 'ANY is asked', ask: { subnet: NEW_YORK, type: 'ANY' }, expect: { data: ['lb-us.example.net'] } },
    ],
  },
  {
    title: 'where some clusters are addresses and others targets, other types have no data',
    service: 'clusters: [eu, names]',
    clusters: `${CLUSTERS}
  - { id: names, region: us-east, endpoints: [{ id: a, target: lb.example.net }] }
`,
    steps: [
      { when: 'New York asks for A', ask: { subnet: NEW_YORK }, expect: { data: ['lb.example.net'] } },
      { when: 'London asks for A', ask: { subnet: LONDON }, times: 2, expect: { data: EU } },
      { when: 'London asks for TXT', ask: { subnet: LONDON, type: 'TXT' }, expect: { rcode: 'NOERROR', data: [] } },
    ],
  },
];

/** `www.gtm.example.com cluster reason` → `cluster reason`. */
function shorten(moved: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(moved).map(([key, value]) => [key.replace('www.gtm.example.com ', '').trim(), value]),
  );
}

for (const { title, service, clusters = CLUSTERS, steps } of SCENARIOS) {
  describe(title, () => {
    const fixture = createFixture(`${clusters}
services:
  - name: www
    zone: gtm.example.com
    ${service}
`);
    for (const { when, health, loads, ask: question = {}, times = 1, expect } of steps) {
      it(when, () => {
        if (health !== undefined) setHealth(fixture, health);
        if (loads !== undefined) setLoads(fixture, loads);
        const seen = new Set<string>();
        const moved = countersMoved(fixture, () => {
          for (let time = 0; time < times; time++) {
            const answer = ask(fixture.desk, question);
            for (const data of answer.data) seen.add(data.replace(/\.$/, ''));
            assert.equal(answer.rcode, expect.rcode ?? 'NOERROR');
            if (expect.ttl !== undefined) assert.equal(answer.ttl, expect.ttl);
            if (expect.scope !== undefined) assert.equal(answer.scope, expect.scope);
            // Whoever has nothing says so with a SOA; whoever refuses says nothing.
            const isNegative = answer.rcode === 'NOERROR' && answer.data.length === 0;
            assert.equal(answer.authorities.length, isNegative ? 1 : 0);
            assert.equal(answer.message.isAuthoritative, answer.rcode === 'NOERROR');
          }
        });
        if (expect.data !== undefined) assert.deepEqual([...seen].sort(), [...expect.data].sort());
        if (expect.counted !== undefined) assert.deepEqual(shorten(moved), expect.counted);
      });
    }
  });
}
