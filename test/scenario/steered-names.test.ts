// Steered names in every place that a name can have: at the apex, behind wildcards, at the end of aliases of a zone and of
// other services. What is answered, for how long, how far it holds (RFC 7871 section 7.2.1), and whom it counts for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from '../../src/answer/explain.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseNameText } from '../../src/wire/name.ts';
import { TYPE_A } from '../../src/wire/record-types.ts';
import {
  ask,
  countersMoved,
  createFixture,
  type Health,
  LONDON,
  setHealth,
  TOKYO,
} from '../support/snapshot-fixture.ts';

const DOCUMENT = `
zones:
  - name: gtm.example.com
    soa: { mname: ns1.gtm.example.com, rname: hostmaster.example.com, minimum: 60 }
    ns: [ns1.gtm.example.com]
    records:
      - { name: ns1, type: A, data: [192.0.2.53] }
      - { name: alias, type: CNAME, ttl: 300, data: [www] }
      - { name: to-wild, type: CNAME, ttl: 300, data: [q.app] }
      - { name: to-closed, type: CNAME, ttl: 300, data: [closed] }
      - { name: "*.alias", type: CNAME, ttl: 300, data: [www.example.org.] }
      - { name: old, type: DNAME, ttl: 300, data: [app] }
      - { name: there.app, type: TXT, ttl: 300, data: ['"no address"'] }
      - { name: host, type: A, ttl: 300, data: [192.0.2.80] }
      - { name: back, type: CNAME, ttl: 300, data: [ring] }
  - name: example.org
    ns: [ns1.gtm.example.com]
    records:
      - { name: old, type: CNAME, ttl: 300, data: [www.gtm.example.com.] }
clusters:
  - { id: eu, region: eu-west, monitor: web, endpoints: [{ id: a, address: 198.51.100.1 }] }
  - { id: us, region: us-east, monitor: web, endpoints: [{ id: a, address: 198.51.100.11 }] }
  - { id: ap, region: ap-north, monitor: web, endpoints: [{ id: a, address: 198.51.100.21 }] }
  - { id: to-www, region: eu-west, monitor: web, endpoints: [{ id: a, target: www.gtm.example.com }] }
  - { id: to-host, region: ap-north, monitor: web, endpoints: [{ id: a, target: host.gtm.example.com }] }
  - { id: to-wild, region: us-east, monitor: web, endpoints: [{ id: a, target: to-wild.gtm.example.com }] }
  - { id: to-nothing, region: eu-west, endpoints: [{ id: a, target: nothing.gtm.example.com }] }
  - { id: to-cdn, region: eu-west, endpoints: [{ id: a, target: cdn.example.net }] }
  - { id: to-back, region: eu-west, endpoints: [{ id: a, target: back.gtm.example.com }] }
services:
  - { name: "@", zone: gtm.example.com, ttl: 20, clusters: [eu, us, ap] }
  - { name: www, zone: gtm.example.com, ttl: 20, clusters: [eu, us, ap] }
  - { name: "*.app", zone: gtm.example.com, ttl: 25, clusters: [eu, us, ap] }
  - { name: "www", zone: example.org, ttl: 30, clusters: [ap] }
  - { name: front, zone: gtm.example.com, ttl: 40, clusters: [to-www, to-host] }
  - name: narrow
    zone: gtm.example.com
    ttl: 40
    clusters: [to-wild, to-host]
    rank: [{ match: { cidr: [81.2.68.0/24] }, use: [to-host] }, { by: priority }]
  - { name: broken, zone: gtm.example.com, ttl: 40, clusters: [to-nothing] }
  - { name: cdn, zone: gtm.example.com, ttl: 40, clusters: [to-cdn] }
  - { name: ring, zone: gtm.example.com, ttl: 40, clusters: [to-back] }
  - { name: closed, zone: gtm.example.com, ttl: 20, clusters: [eu], lastResort: refuse }
`;

type Row = {
  readonly title: string;
  /** Below gtm.example.com; the zone itself when empty; full with a dot at its end. */
  readonly name: string;
  readonly type?: string;
  readonly subnet?: string;
  readonly health?: Health;
  readonly answers: readonly string[];
  readonly rcode?: string;
  readonly scope: number;
  readonly counted?: Readonly<Record<string, number>>;
};

const ROWS: readonly Row[] = [
  {
    title: 'at the apex, beside its SOA and NS',
    name: '',
    answers: ['gtm.example.com 20 A 198.51.100.1'],
    scope: 9,
    counted: { 'gtm.example.com eu preferred': 1 },
  },
  {
    title: 'with the records of the apex',
    name: '',
    type: 'NS',
    answers: ['gtm.example.com 3600 NS ns1.gtm.example.com.'],
    scope: 0,
  },
  {
    title: 'behind a wildcard',
    name: 'q.app',
    answers: ['q.app.gtm.example.com 25 A 198.51.100.1'],
    scope: 9,
    counted: { '*.app.gtm.example.com eu preferred': 1 },
  },
  { title: 'far behind a wildcard', name: 'x.y.app', answers: ['x.y.app.gtm.example.com 25 A 198.51.100.1'], scope: 9 },
  { title: 'the wildcard itself', name: '*.app', answers: ['*.app.gtm.example.com 25 A 198.51.100.1'], scope: 9 },
  { title: 'a name that exists beside the wildcard: not', name: 'there.app', answers: [], scope: 0 },
  {
    title: 'below a name that exists beside the wildcard: not',
    name: 'q.there.app',
    rcode: 'NXDOMAIN',
    answers: [],
    scope: 0,
  },
  { title: 'another type behind the wildcard: no data', name: 'q.app', type: 'TXT', answers: [], scope: 0 },
  {
    title: 'at the end of an alias',
    name: 'alias',
    answers: ['alias.gtm.example.com 300 CNAME www.gtm.example.com.', 'www.gtm.example.com 20 A 198.51.100.1'],
    scope: 9,
  },
  {
    title: 'behind a wildcard at the end of an alias',
    name: 'to-wild',
    answers: ['to-wild.gtm.example.com 300 CNAME q.app.gtm.example.com.', 'q.app.gtm.example.com 25 A 198.51.100.1'],
    scope: 9,
  },
  {
    title: 'behind a wildcard below a DNAME',
    name: 'q.old',
    answers: [
      'old.gtm.example.com 300 DNAME app.gtm.example.com.',
      'q.old.gtm.example.com 300 CNAME q.app.gtm.example.com.',
      'q.app.gtm.example.com 25 A 198.51.100.1',
    ],
    scope: 9,
  },
  {
    title: 'in another zone, through a wildcard that is an alias',
    name: 'q.alias',
    answers: ['q.alias.gtm.example.com 300 CNAME www.example.org.', 'www.example.org 30 A 198.51.100.21'],
    scope: 0,
    counted: { 'www.example.org ap preferred': 1 },
  },
  {
    title: 'from another zone',
    name: 'old.example.org.',
    answers: ['old.example.org 300 CNAME www.gtm.example.com.', 'www.gtm.example.com 20 A 198.51.100.1'],
    scope: 9,
  },
  {
    title: 'a service whose target is a service: both count, and the scope is the narrower one',
    name: 'front',
    answers: ['front.gtm.example.com 40 CNAME www.gtm.example.com.', 'www.gtm.example.com 20 A 198.51.100.1'],
    scope: 9,
    counted: { 'front.gtm.example.com to-www preferred': 1, 'www.gtm.example.com eu preferred': 1 },
  },
  {
    title: 'a service whose target for this client is a record: the scope of the choice holds',
    name: 'front',
    subnet: TOKYO,
    answers: ['front.gtm.example.com 40 CNAME host.gtm.example.com.', 'host.gtm.example.com 300 A 192.0.2.80'],
    scope: 8,
    counted: { 'front.gtm.example.com to-host preferred': 1 },
  },
  {
    title: 'a service whose choice is finer than that of the one it leads to, by an alias: its scope holds',
    name: 'narrow',
    answers: [
      'narrow.gtm.example.com 40 CNAME to-wild.gtm.example.com.',
      'to-wild.gtm.example.com 300 CNAME q.app.gtm.example.com.',
      'q.app.gtm.example.com 25 A 198.51.100.1',
    ],
    scope: 24,
  },
  {
    title: 'a service whose target does not exist: the rcode is that of the last name (RFC 6604)',
    name: 'broken',
    rcode: 'NXDOMAIN',
    answers: ['broken.gtm.example.com 40 CNAME nothing.gtm.example.com.'],
    scope: 0,
  },
  {
    title: 'a service whose target is no name of ours',
    name: 'cdn',
    answers: ['cdn.gtm.example.com 40 CNAME cdn.example.net.'],
    scope: 0,
  },
  {
    title: 'a ring of a service and an alias: each once',
    name: 'ring',
    answers: [
      'ring.gtm.example.com 40 CNAME back.gtm.example.com.',
      'back.gtm.example.com 300 CNAME ring.gtm.example.com.',
    ],
    scope: 0,
    counted: { 'ring.gtm.example.com to-back preferred': 1 },
  },
  {
    title: 'a question for the CNAME of a service: it is not followed',
    name: 'front',
    type: 'CNAME',
    answers: ['front.gtm.example.com 40 CNAME www.gtm.example.com.'],
    scope: 9,
    counted: { 'front.gtm.example.com to-www preferred': 1 },
  },
  {
    title: 'another type through the CNAME of a service',
    name: 'front',
    type: 'TXT',
    answers: ['front.gtm.example.com 40 CNAME www.gtm.example.com.'],
    scope: 9,
  },
  {
    title: 'a service that refuses at the end of an alias: the alias holds all the same',
    name: 'to-closed',
    health: { down: ['eu'] },
    answers: ['to-closed.gtm.example.com 300 CNAME closed.gtm.example.com.'],
    scope: 0,
    counted: { 'closed.gtm.example.com  refused': 1 },
  },
  {
    title: 'a service that refuses',
    name: 'closed',
    health: { down: ['eu'] },
    rcode: 'REFUSED',
    answers: [],
    scope: 0,
  },
];

describe('a steered name is answered', () => {
  for (const {
    title,
    name,
    type = 'A',
    subnet = LONDON,
    health = {},
    answers,
    rcode = 'NOERROR',
    scope,
    counted,
  } of ROWS) {
    it(title, () => {
      const fixture = createFixture(DOCUMENT);
      setHealth(fixture, health);
      const full = name.endsWith('.') ? name : `${name === '' ? '' : `${name}.`}gtm.example.com.`;
      const moved = countersMoved(fixture, () => {
        const answer = ask(fixture.desk, { name: full, type, subnet });
        assert.deepEqual([answer.rcode, answer.answers, answer.scope], [rcode, answers, scope]);
      });
      if (counted !== undefined) assert.deepEqual(moved, counted);
    });
  }
});

describe('an explanation of a chain', () => {
  it('shows each step, and who chose the endpoints', () => {
    const fixture = createFixture(DOCUMENT);
    const stepsOf = (text: string) => {
      const name = parseNameText(text);
      const source = parseAddress('81.2.69.1');
      assert.ok(name instanceof Uint8Array && source !== undefined);
      return explain(fixture, { name, type: TYPE_A, source, seed: 1 });
    };
    const front = stepsOf('front.gtm.example.com.');
    const kinds = front.steps.map(({ step }) => step).filter((step) => step !== 'skip' && step !== 'consider');
    assert.deepEqual(kinds, [
      'zone',
      'service',
      'client',
      'pass',
      'choose',
      'alias',
      'service',
      'client',
      'pass',
      'choose',
    ]);
    assert.equal(front.service, 'www.gtm.example.com');
    assert.equal(front.preference[0]?.cluster, 'eu');
    const wild = stepsOf('q.app.gtm.example.com.');
    assert.deepEqual(wild.steps.map(({ step }) => step).slice(0, 3), ['zone', 'wildcard', 'service']);
    assert.equal(wild.service, '*.app.gtm.example.com');
  });
});
