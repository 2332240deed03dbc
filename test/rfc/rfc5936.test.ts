// RFC 5936, "DNS Zone Transfer Protocol (AXFR)".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HTTPS, TLS, UDP } from '../../src/answer/answer-query.ts';
import { MAX_TRANSFERS, MAX_TRANSFERS_PER_CLIENT } from '../../src/answer/answer-transfer.ts';
import { adoptSnapshot } from '../../src/answer/desk.ts';
import { createTsigDesk } from '../../src/answer/tsig-desk.ts';
import { computeHmac } from '../../src/replication/hmac.ts';
import { createState } from '../../src/snapshot/state.ts';
import { answerMessage } from '../../src/transport/answer-message.ts';
import { encodeName, encodeQuery } from '../support/dns-client.ts';
import { makeZoneKeys } from '../support/signed-keys.ts';
import { countersMoved, createFixture, type Fixture } from '../support/snapshot-fixture.ts';
import { transfer } from '../support/transfer.ts';
import { macOf, NOW_SECONDS, readSignature, signQuery, TEST_KEY } from '../support/tsig.ts';

const document = (records: readonly object[] = [], services: readonly object[] = []) => ({
  zones: [
    {
      name: 'copy.test',
      soa: { mname: 'ns.copy.test', rname: 'host.copy.test' },
      ns: ['ns.copy.test'],
      transfers: { allow: [{ key: 'test-key' }, '198.51.100.0/24', { key: 'test-key', prefix: '2001:db8::/32' }] },
      records: [
        { name: 'ns', type: 'A', data: ['192.0.2.1'] },
        { name: '@', type: 'MX', data: ['10 mail', '20 mail'] },
        { name: 'mail', type: 'A', data: ['192.0.2.2', '192.0.2.3'] },
        { name: '*.wild', type: 'TXT', data: ['"x"'] },
        { name: 'deep.below.nothing', type: 'TXT', data: ['"y"'] },
        { name: 'child', type: 'NS', data: ['ns.child', 'ns.elsewhere.test.'] },
        { name: 'ns.child', type: 'A', data: ['192.0.2.4'] },
        { name: 'hidden.child', type: 'TXT', data: ['"occluded"'] },
        ...records,
      ],
    },
    { name: 'other.test', ns: ['ns.elsewhere.test'] },
  ],
  clusters: [
    { id: 'one', region: 'eu-west', endpoints: addresses('203.0.113.', 1, 6) },
    {
      id: 'two',
      region: 'us-east',
      endpoints: [...addresses('203.0.113.', 11, 6), { id: 'six', address: '2001:db8::1' }],
    },
    {
      id: 'alias',
      region: 'us-east',
      endpoints: [
        { id: 'a', target: 'cdn.test' },
        { id: 'b', target: 'cdn2.test' },
      ],
    },
  ],
  services,
});
function addresses(prefix: string, first: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({ id: `e${index}`, address: `${prefix}${first + index}` }));
}

const QUERY = encodeQuery({ id: 5, name: 'copy.test.', type: 'AXFR' });
const ALLOWED = '198.51.100.9';
const SOA = 'copy.test 3600 SOA ns.copy.test. host.copy.test. 7 1800 600 604800 60';

function open(fixture: Fixture): Fixture {
  const key = { name: encodeName(TEST_KEY.name), algorithm: 'hmac-sha256' as const, secret: TEST_KEY.secret };
  fixture.desk.tsig = createTsigDesk([key], computeHmac, () => NOW_SECONDS);
  return fixture;
}

describe('RFC 5936', () => {
  const fixture = open(createFixture(document()));
  const rcodeOf = (query: Uint8Array, source?: string, protocol?: number) =>
    transfer(fixture.desk, query, source, protocol).messages[0]?.rcode;

  // Section 2.2: "In such a series, the first message MUST begin with the SOA resource record of the zone, and the last message
  // MUST conclude with the same SOA resource record. Intermediate messages MUST NOT contain the SOA resource record." Section
  // 3.5: glue, and names that a delegation hides, are part of the zone.
  it('sends every record of the zone, glue and what a delegation hides among them, the SOA first and last', () => {
    const { records, messages } = transfer(fixture.desk, QUERY, ALLOWED);
    assert.equal(records[0], SOA);
    assert.equal(records.at(-1), SOA);
    assert.deepEqual(
      records.slice(1, -1).toSorted(),
      [
        'copy.test 3600 NS ns.copy.test.',
        'copy.test 3600 MX 10 mail.copy.test.',
        'copy.test 3600 MX 20 mail.copy.test.',
        'ns.copy.test 3600 A 192.0.2.1',
        'mail.copy.test 3600 A 192.0.2.2',
        'mail.copy.test 3600 A 192.0.2.3',
        '*.wild.copy.test 3600 TXT "x"',
        'deep.below.nothing.copy.test 3600 TXT "y"',
        'child.copy.test 3600 NS ns.child.copy.test.',
        'child.copy.test 3600 NS ns.elsewhere.test.',
        'ns.child.copy.test 3600 A 192.0.2.4',
        'hidden.child.copy.test 3600 TXT "occluded"',
      ].toSorted(),
    );
    // Section 2.2.1: the ID and the question are those of the query, AA is set, TC is not.
    const [message] = messages;
    assert.equal(message?.id, 5);
    assert.equal(message?.rcode, 0);
    assert.ok(message?.isAuthoritative === true && !message.isTruncated);
    assert.equal(message.questions.length, 1);
  });

  // Section 4.2: "AXFR sessions over UDP transport are not defined."
  it('goes over TLS as over TCP; not over UDP, nor HTTPS, where an answer is one message', () => {
    assert.equal(transfer(fixture.desk, QUERY, ALLOWED, TLS).records[0], SOA);
    for (const protocol of [UDP, HTTPS]) assert.equal(rcodeOf(QUERY, ALLOWED, protocol), 5);
  });

  // Section 5: who may copy a zone can be restricted.
  it('is for those only whom a rule of the zone lets, by key, by address, or by both', () => {
    assert.equal(rcodeOf(QUERY, '192.0.2.1'), 5);
    assert.equal(rcodeOf(QUERY, '2001:db8::1'), 5);
    assert.equal(rcodeOf(signQuery(QUERY).bytes, '192.0.2.1'), 0);
    const elsewhere = encodeQuery({ name: 'other.test.', type: 'AXFR' });
    assert.equal(rcodeOf(signQuery(elsewhere).bytes, ALLOWED), 5);
    const both = open(
      createFixture({
        ...document(),
        zones: [
          {
            name: 'copy.test',
            ns: ['ns.elsewhere.test'],
            transfers: { allow: [{ key: 'test-key', prefix: '192.0.2.0/25' }] },
          },
        ],
      }),
    );
    const ask = (query: Uint8Array, source: string) => transfer(both.desk, query, source).messages[0]?.rcode;
    assert.equal(ask(signQuery(QUERY).bytes, '192.0.2.127'), 0);
    assert.equal(ask(signQuery(QUERY).bytes, '192.0.2.128'), 5);
    assert.equal(ask(QUERY, '192.0.2.127'), 5);
  });

  // Section 2.2.1: NOTAUTH says that the server is not authoritative for the zone that is asked for.
  it('is NOTAUTH for what is no zone of ours, and for a name within one', () => {
    for (const name of ['example.net.', 'mail.copy.test.', 'child.copy.test.', 'test.', 'nothing.copy.test.']) {
      assert.equal(rcodeOf(encodeQuery({ name, type: 'AXFR' }), ALLOWED), 9, name);
    }
  });

  it('has an OPT in its first message where the query had one (section 2.2.5)', () => {
    const { messages } = transfer(fixture.desk, encodeQuery({ name: 'copy.test.', type: 'AXFR', edns: true }), ALLOWED);
    assert.equal(messages[0]?.edns?.version, 0);
  });

  // Section 2.2: a response may have several messages, each of which holds as many records as it likes.
  const many = Array.from({ length: 3000 }, (_, index) => ({
    name: `host-${index}.sub`,
    type: 'TXT',
    data: ['"abcdefgh"'],
  }));
  const large = {
    name: 'large',
    type: 'TXT',
    data: [Array.from({ length: 240 }, () => `"${'z'.repeat(250)}"`).join(' ')],
  };
  const big = open(createFixture(document([...many, large])));

  it('comes in several messages, near 16 kB, a larger record in one of its own', () => {
    const { raw, messages, records } = transfer(big.desk, QUERY, ALLOWED);
    assert.equal(records.length, 3000 + 1 + 12 + 2);
    assert.equal(new Set(records).size, records.length - 1);
    const sizes = raw.map(({ length }) => length);
    assert.ok(sizes.length > 5, `${sizes.length}`);
    assert.equal(sizes.filter((size) => size > 16_384).length, 1, sizes.join());
    assert.ok(sizes.filter((size) => size > 14_000).length >= sizes.length - 3, sizes.join());
    for (const { id, questions } of messages) assert.deepEqual([id, questions.length], [5, 1]);
  });

  it('signs each of them, over the one before (RFC 8945 section 5.3.1)', () => {
    const { bytes, mac } = signQuery(QUERY);
    const { raw } = transfer(big.desk, bytes);
    let priorMac = mac;
    for (const [index, message] of raw.entries()) {
      const signature = readSignature(message);
      assert.ok(signature !== undefined);
      assert.deepEqual(signature.mac, macOf([signature.bare], { priorMac, isContinued: index > 0 }));
      priorMac = signature.mac;
    }
    assert.ok(raw.length > 5);
  });

  it('is of one snapshot from its beginning to its end, whatever is swapped in meanwhile', () => {
    const own = open(createFixture(document(many)));
    const before = transfer(own.desk, QUERY, ALLOWED).records;
    own.desk.client.words[0] = 0xc6336409;
    const out = new Uint8Array(70_000);
    const series = answerMessage(own.desk, QUERY, out, TLS);
    assert.ok(typeof series === 'object');
    let octets = series.next(out, 2, 65_535);
    const next = createFixture(document(), { serial: 8 });
    adoptSnapshot(own.desk, next.snapshot, createState(next.snapshot), next.desk.counters);
    for (let length = octets; length > 0; ) {
      length = series.next(out, 2, 65_535);
      octets += length;
    }
    series.close();
    const after = transfer(own.desk, QUERY, ALLOWED).records;
    assert.equal(
      octets,
      transfer(open(createFixture(document(many))).desk, QUERY, ALLOWED).raw.reduce(
        (sum, { length }) => sum + length,
        0,
      ),
    );
    assert.equal(before.length, after.length + 3000);
  });

  it('has a limit of how many are under way, which those give back that end, however they end', () => {
    const out = new Uint8Array(70_000);
    const { desk } = fixture;
    desk.client.family = 4;
    const begin = (_: unknown, index: number) => {
      desk.client.words.set([0xc6336400 + index]);
      return answerMessage(desk, QUERY, out, TLS);
    };
    const open = Array.from({ length: MAX_TRANSFERS }, begin);
    assert.ok(open.every((series) => typeof series === 'object'));
    assert.equal(rcodeOf(QUERY, ALLOWED), 2);
    const [first] = open;
    if (typeof first === 'object') {
      first.close();
      first.close();
    }
    assert.equal(rcodeOf(QUERY, ALLOWED), 0);
    assert.equal(typeof begin(undefined, 0), 'object');
    assert.equal(rcodeOf(QUERY, ALLOWED), 2);
    for (const series of open) if (typeof series === 'object') series.close();
    assert.equal(rcodeOf(QUERY, ALLOWED), 0);
    desk.transferClients.length = 0;
  });

  it('has few records in a message for which signatures are made, since everybody else waits meanwhile', () => {
    const services = Array.from({ length: 100 }, (_, index) => ({
      name: `s${index}`,
      zone: 's.test',
      clusters: ['one'],
    }));
    const [clusters] = [document().clusters];
    const zone = {
      name: 's.test',
      ns: ['ns.elsewhere.test'],
      transfers: { allow: ['0.0.0.0/0'] },
      dnssec: { enabled: true },
    };
    const keys = new Map([['s.test', makeZoneKeys()]]);
    const signed = createFixture({ zones: [zone], clusters, services }, { keys });
    const { messages } = transfer(signed.desk, encodeQuery({ name: 's.test.', type: 'AXFR' }));
    const addresses = messages.map(({ answers }) => answers.filter(({ type }) => type === 1).length / 6);
    assert.equal(
      addresses.reduce((sum, count) => sum + count, 0),
      100,
    );
    assert.ok(Math.max(...addresses) <= 17, addresses.join());
  });

  it('leaves transfers to others when one client takes its own slowly', () => {
    const out = new Uint8Array(70_000);
    const { desk } = fixture;
    const begin = () => {
      desk.client.family = 4;
      desk.client.words.set([0xc6336409]);
      return answerMessage(desk, QUERY, out, TLS);
    };
    const open = Array.from({ length: MAX_TRANSFERS_PER_CLIENT }, begin);
    assert.ok(open.every((series) => typeof series === 'object'));
    assert.equal(rcodeOf(QUERY, ALLOWED), 2);
    assert.equal(rcodeOf(QUERY, '198.51.100.10'), 0);
    for (const series of open) if (typeof series === 'object') series.close();
    assert.equal(rcodeOf(QUERY, ALLOWED), 0);
  });

  it('counts what queries for a transfer were answered with', () => {
    const moved = countersMoved(
      fixture,
      () => {
        transfer(fixture.desk, QUERY, ALLOWED);
        transfer(fixture.desk, QUERY, '192.0.2.1');
      },
      'transfers',
    );
    assert.deepEqual(moved, { axfr: 1, refused: 1 });
  });
});

describe('a steered name in a transfer', () => {
  const service = (name: string, clusters: readonly string[], lastResort: unknown) => ({
    name,
    zone: 'copy.test',
    ttl: { min: 5, max: 60 },
    clusters,
    lastResort,
  });
  const setOf = (name: string, services: readonly object[], records: readonly object[] = []) => {
    const { desk } = createFixture(document(records, services));
    const full = name === '@' ? 'copy.test' : `${name}.copy.test`;
    const own = transfer(desk, QUERY, ALLOWED).records.filter((record) => record.startsWith(`${full} `));
    return own.map((record) => record.slice(full.length + 1));
  };

  it('has the endpoints of its last-resort cluster, with the shortest TTL of the service', () => {
    const set = setOf('www', [service('www', ['one', 'two'], { cluster: 'one' })]);
    assert.deepEqual(
      set,
      [1, 2, 3, 4, 5, 6].map((host) => `5 A 203.0.113.${host}`),
    );
  });

  it('has endpoints of all its clusters in turns, eight of a family, where it fails open or refuses', () => {
    for (const lastResort of ['fail-open', 'refuse']) {
      assert.deepEqual(setOf('www', [service('www', ['one', 'two'], lastResort)]), [
        ...[1, 11, 2, 12, 3, 13, 4, 14].map((host) => `5 A 203.0.113.${host}`),
        '5 AAAA 2001:db8::1',
      ]);
    }
  });

  it('has one CNAME where it has targets alone, and none where it has addresses too', () => {
    assert.deepEqual(setOf('www', [service('www', ['alias'], 'fail-open')]), ['5 CNAME cdn.test.']);
    assert.equal(setOf('www', [service('www', ['alias', 'one'], 'fail-open')]).length, 6);
  });

  it('has the HTTPS and SVCB records that it states, without hints of addresses', () => {
    const stated = { ...service('www', ['one'], 'fail-open'), https: ['1 . alpn=h2'], svcb: ['2 . port=8443'] };
    const set = setOf('www', [stated]);
    assert.deepEqual(set.slice(6), ['5 HTTPS 1 . alpn="h2"', '5 SVCB 2 . port=8443']);
  });

  it('keeps its static records beside its addresses', () => {
    const text = { name: 'www', type: 'TXT', data: ['"z"'] };
    const set = setOf('www', [service('www', ['one'], 'fail-open')], [text]);
    assert.ok(set.includes('3600 TXT "z"') && set.length === 7, set.join());
  });
});
