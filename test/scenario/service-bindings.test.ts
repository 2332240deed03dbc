// HTTPS and SVCB of steered names (RFC 9460): what a service states, with hints of the addresses that this very client would be
// given, each parameter in its place.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { explain } from '../../src/answer/explain.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseConfiguration } from '../../src/model/parse-configuration.ts';
import { parseNameText } from '../../src/wire/name.ts';
import { formatRecordData, parseRecordData } from '../../src/wire/record-data.ts';
import { TYPE_HTTPS } from '../../src/wire/record-types.ts';
import { checkRecordData } from '../../src/zone/check-record-data.ts';
import {
  ask,
  BASE,
  countersMoved,
  createFixture,
  type Fixture,
  type Health,
  LONDON,
  setHealth,
  TOKYO,
} from '../support/snapshot-fixture.ts';

function documentWith(service: string, name = 'www'): string {
  return `
clusters:
  - id: eu
    region: eu-west
    monitor: web
    endpoints: [{ id: a, address: 198.51.100.1 }, { id: b, address: 198.51.100.2 }, { id: c, address: "2001:db8:e::1" }]
    balance: all
  - { id: ap, region: ap-north, monitor: web, endpoints: [{ id: a, address: 198.51.100.21 }] }
  - { id: to-cdn, region: eu-west, endpoints: [{ id: a, target: cdn.example.net }] }
services:
  - name: "${name}"
    zone: gtm.example.com
    ttl: { min: 10, max: 40 }
    clusters: [eu, ap]
    ${service}
`;
}

type Row = {
  readonly title: string;
  readonly service: string;
  readonly type?: string;
  readonly name?: string;
  readonly subnet?: string;
  readonly health?: Health;
  readonly data: readonly string[];
  readonly scope?: number;
  /** 40, the longest, when not given. */
  readonly ttl?: number;
};

const STATED = 'https: ["1 . alpn=h2,h3 port=8443"]';
const EU_HINTS = 'ipv4hint=198.51.100.1,198.51.100.2 ipv6hint=2001:db8:e::1';

const ROWS: readonly Row[] = [
  {
    title: 'the addresses of both families that A and AAAA would give',
    service: STATED,
    data: [`1 . alpn="h2,h3" port=8443 ${EU_HINTS}`],
    scope: 9,
  },
  {
    title: 'those of the cluster that this client is sent to, in one family only where it has no other',
    service: STATED,
    subnet: TOKYO,
    data: ['1 . alpn="h2,h3" port=8443 ipv4hint=198.51.100.21 ipv6hint=2001:db8:e::1'],
  },
  {
    title: 'none of a cluster that is down',
    service: STATED,
    health: { down: ['eu'] },
    ttl: 10,
    data: ['1 . alpn="h2,h3" port=8443 ipv4hint=198.51.100.21'],
  },
  {
    title: 'none of an endpoint that is down',
    service: STATED,
    health: { down: ['eu/a'] },
    ttl: 10,
    data: ['1 . alpn="h2,h3" port=8443 ipv4hint=198.51.100.2 ipv6hint=2001:db8:e::1'],
  },
  {
    title: 'none at all where everything is down, though A has its last resort',
    service: STATED,
    health: { down: ['eu', 'ap'] },
    data: ['1 . alpn="h2,h3" port=8443'],
    ttl: 10,
  },
  {
    title: 'in the order of keys, between those that are stated',
    service: 'https: ["1 . mandatory=port,alpn alpn=h2 port=1 ech=AQID dohpath=/{?dns} key4711=x"]',
    data: [
      '1 . mandatory=alpn,port alpn="h2" port=1 ipv4hint=198.51.100.1,198.51.100.2 ech=AQID ipv6hint=2001:db8:e::1 dohpath="/{?dns}" key4711="x"',
    ],
  },
  {
    title: 'none where the operator hints: the same for everybody',
    service: 'https: ["1 . ipv4hint=192.0.2.1"]',
    data: ['1 . ipv4hint=192.0.2.1'],
    scope: 0,
  },
  { title: 'none in an alias', service: 'https: ["0 pool"]', data: ['0 pool.gtm.example.com.'], scope: 0 },
  {
    title: 'none where the target is another name',
    service: 'https: ["1 other alpn=h2"]',
    data: ['1 other.gtm.example.com. alpn="h2"'],
    scope: 0,
  },
  {
    title: 'where the target is the name itself, written out',
    service: 'https: ["1 WWW.gtm.example.com."]',
    data: [`1 WWW.gtm.example.com. ${EU_HINTS}`],
  },
  {
    title: 'in each of several records, that takes them',
    service: 'https: ["1 . alpn=h3", "2 backup alpn=h2"]',
    data: [`1 . alpn="h3" ${EU_HINTS}`, '2 backup.gtm.example.com. alpn="h2"'],
  },
  {
    title: 'in SVCB alike',
    service: 'svcb: ["1 . alpn=dot"]',
    type: 'SVCB',
    data: [`1 . alpn="dot" ${EU_HINTS}`],
  },
  {
    title: 'behind a wildcard',
    service: STATED,
    name: '*.app',
    data: [`1 . alpn="h2,h3" port=8443 ${EU_HINTS}`],
  },
  { title: 'and no data of the other type', service: STATED, type: 'SVCB', data: [], scope: 0 },
];

function fixtureOf(row: Row): Fixture {
  const fixture = createFixture(documentWith(row.service, row.name));
  setHealth(fixture, row.health ?? {});
  return fixture;
}

describe('a service binding carries', () => {
  for (const row of ROWS) {
    it(row.title, () => {
      const fixture = fixtureOf(row);
      const { type = 'HTTPS', subnet = LONDON, name = 'www', ttl = 40 } = row;
      const full = `${name.replace('*', 'q')}.gtm.example.com.`;
      // Nobody is counted as sent anywhere: the client asks for addresses all the same.
      const moved = countersMoved(fixture, () => {
        const answer = ask(fixture.desk, { name: full, type, subnet });
        assert.deepEqual([answer.rcode, answer.data], ['NOERROR', row.data]);
        assert.equal(answer.ttl, row.data.length === 0 ? undefined : ttl);
        if (row.scope !== undefined) assert.equal(answer.scope, row.scope);
      });
      assert.deepEqual(moved, {});
      assert.ok(fixture.state.endpointLoads.handedOut.every((count) => count === 0));
    });
  }

  it('hints by turns, without taking a turn from those who ask for addresses', () => {
    const { desk } = createFixture(documentWith(STATED).replace('balance: all', 'balance: round-robin'));
    const addressOf = (type: string) => ask(desk, { type, subnet: LONDON }).data[0] ?? '';
    assert.match(addressOf('HTTPS'), /ipv4hint=198\.51\.100\.1/);
    assert.equal(addressOf('A'), '198.51.100.1');
    assert.match(addressOf('HTTPS'), /ipv4hint=198\.51\.100\.2/);
    assert.equal(addressOf('A'), '198.51.100.2');
  });

  it('is explained', () => {
    const fixture = createFixture(documentWith(STATED));
    const name = parseNameText('www.gtm.example.com.');
    const source = parseAddress('81.2.69.1');
    assert.ok(name instanceof Uint8Array && source !== undefined);
    const { steps, answer, service } = explain(fixture, { name, type: TYPE_HTTPS, source, seed: 1 });
    const kinds = steps.map(({ step }) => step).filter((step) => step !== 'skip' && step !== 'consider');
    assert.deepEqual(kinds, [
      'zone',
      'service',
      'client',
      'hints',
      'pass',
      'choose',
      'choose',
      'hints',
      'pass',
      'choose',
    ]);
    assert.deepEqual([service, answer.reason], ['www.gtm.example.com', 'preferred']);
  });

  it('is truncated where it does not fit', () => {
    const { desk } = createFixture(documentWith(`https: ["1 . ech=${Buffer.alloc(900).toString('base64')}"]`));
    const { message } = ask(desk, { type: 'HTTPS' });
    assert.deepEqual([message.isTruncated, message.answers], [true, []]);
    assert.equal(ask(desk, { type: 'HTTPS', protocol: 'tcp' }).data.length, 1);
  });
});

describe('whatever parameters a service states', () => {
  const parameters = fc.subarray(['alpn=h3', 'port=7', 'ech=AQID', 'dohpath=/{?dns}', 'ohttp', 'key99=x', 'key700']);

  it('the record is the one that states the hints as well', () => {
    const property = fc.property(parameters, fc.nat(9), (stated, priority) => {
      const text = [`${priority + 1} .`, ...stated].join(' ');
      const { desk } = createFixture(documentWith(`https: ["${text}"]`));
      const whole = parseRecordData(TYPE_HTTPS, `${text} ${EU_HINTS}`, Uint8Array.of(0));
      assert.ok(whole.ok);
      assert.deepEqual(ask(desk, { type: 'HTTPS', subnet: LONDON }).data, [formatRecordData(TYPE_HTTPS, whole.bytes)]);
    });
    fc.assert(property, { numRuns: 60 });
  });
});

describe('of what a service states is refused', () => {
  const findProblems = (service: string, clusters = '[eu, ap]', records: readonly unknown[] = []) => {
    const document = { ...BASE, ...parse(documentWith(service).replace('[eu, ap]', clusters)) };
    const zones = BASE.zones.map((zone) => ({ ...zone, records: [...zone.records, ...records] }));
    const parsed = parseConfiguration({ ...document, zones }, { resolveLocation: () => undefined, checkRecordData });
    return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path} ${message}`);
  };

  for (const [title, service, expected] of [
    ['what is no data', 'https: ["1 . alpn"]', /^\/services\/0\/https\/0 HTTPS data: the parameter alpn/],
    ['an alias beside others', 'https: ["1 .", "0 pool"]', /^\/services\/0\/https\/1 .*ignore the records beside it/],
    ['the same twice', 'svcb: ["1 .", "1 ."]', /^\/services\/0\/svcb\/1 the same as \/services\/0\/svcb\/0/],
    ['an empty list', 'https: []', /^\/services\/0\/https /],
  ] as const) {
    it(title, () => {
      const problems = findProblems(service);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', expected);
    });
  }

  it('a record beside a CNAME', () => {
    assert.match(
      findProblems(STATED, '[to-cdn]')[0] ?? '',
      /^\/services\/0\/https the cluster "to-cdn" answers with a CNAME/,
    );
  });

  it('a record beside those of the zone', () => {
    const records = [{ name: 'www', type: 'HTTPS', data: ['1 .'] }];
    assert.match(
      findProblems(STATED, '[eu]', records)[0] ?? '',
      /^\/services\/0\/https www\.gtm\.example\.com has a static/,
    );
  });
});
