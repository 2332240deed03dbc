import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerQuery, UDP } from '../../../src/answer/answer-query.ts';
import { askCanaries } from '../../../src/answer/canary.ts';
import { countDuration, DURATION_BUCKETS } from '../../../src/answer/counters.ts';
import { adoptSnapshot, type Desk } from '../../../src/answer/desk.ts';
import { ignorePortZero } from '../../../src/answer/silence.ts';
import { NONE } from '../../../src/snapshot/snapshot.ts';
import { COOKIE_SECRET, conductWith } from '../../support/conduct.ts';
import { encodeQuery } from '../../support/dns-client.ts';
import {
  ask,
  askBytes,
  BASE,
  countersMoved,
  createFixture,
  LONDON,
  readCounters,
  setHealth,
} from '../../support/snapshot-fixture.ts';

const [base] = BASE.zones;
const DOCUMENT = {
  zones: [
    {
      ...base,
      records: [
        ...(base?.records ?? []),
        { name: 'out', type: 'CNAME', data: ['www.example.net.'] },
        { name: 'alias', type: 'CNAME', data: ['www'] },
        { name: 'txt', type: 'TXT', data: ['"v=1"'] },
      ],
    },
  ],
  clusters: [
    { id: 'eu', region: 'eu-west', monitor: 'web', endpoints: [{ id: 'a', address: '198.51.100.1' }] },
    { id: 'us', region: 'us-east', monitor: 'web', endpoints: [{ id: 'a', address: '198.51.100.2' }] },
  ],
  services: [{ name: 'www', zone: 'gtm.example.com', clusters: ['eu', 'us'] }],
};

describe('answering', () => {
  const fixture = createFixture(DOCUMENT);
  const { desk } = fixture;

  it('counts requests and responses under the zone of the question', () => {
    const requests = countersMoved(
      fixture,
      () => {
        ask(desk, {});
        ask(desk, { protocol: 'tcp', type: 'HTTPS' });
        ask(desk, { source: '2001:db8::1', type: 'TYPE999' });
        // An alias that leads elsewhere is still a question to this zone.
        ask(desk, { name: 'out.gtm.example.com.' });
        ask(desk, { name: 'example.net.' });
        ask(desk, { type: 'MX', counts: [2, 0, 0, 0] });
      },
      'requests',
    );
    assert.deepEqual(requests, {
      'gtm.example.com udp 4 A': 2,
      'gtm.example.com tcp 4 HTTPS': 1,
      'gtm.example.com udp 6 other': 1,
      ' udp 4 A': 1,
      // Of a message that could not be parsed no type is known.
      ' udp 4 other': 1,
    });
    const responses = countersMoved(
      fixture,
      () => {
        ask(desk, { name: 'out.gtm.example.com.' });
        ask(desk, { name: 'nothing.gtm.example.com.' });
        ask(desk, { version: 1 });
      },
      'responses',
    );
    assert.deepEqual(responses, { 'gtm.example.com NOERROR': 1, 'gtm.example.com NXDOMAIN': 1, ' BADVERS': 1 });
  });

  it('counts what it says nothing to as dropped, under the zone that it is about, and as no request', () => {
    const before = readCounters(fixture);
    assert.equal(askBytes(desk, encodeQuery({ flags: 0x8000 })).length, 0);
    assert.equal(askBytes(desk, encodeQuery({ flags: 0x8000, name: 'example.net.' })).length, 0);
    assert.equal(askBytes(desk, encodeQuery({ flags: 0x8000 }).subarray(0, 12)).length, 0);
    assert.equal(askBytes(desk, new Uint8Array(11)).length, 0);
    const forged = encodeQuery({ name: 'nothing.gtm.example.com.' });
    ignorePortZero(desk, forged, 0, forged.length);
    const moved = Object.entries(readCounters(fixture)).flatMap(([key, value]) => {
      const by = value - (before[key] ?? 0);
      return by === 0 ? [] : [[key, by]];
    });
    assert.deepEqual(Object.fromEntries(moved), {
      'dropped malformed': 1,
      'dropped response': 3,
      'dropped port-zero': 1,
      'silenced gtm.example.com response': 1,
      'silenced gtm.example.com port-zero': 1,
    });
  });

  it('puts durations into the bucket that they are just not above', () => {
    const { durations } = desk.counters;
    durations.fill(0);
    for (const seconds of [0, 1e-5, 1.1e-5, 0.1, 5]) countDuration(desk.counters, seconds, 1);
    const counts = [...durations];
    assert.deepEqual(
      [counts[0], counts[1], counts[DURATION_BUCKETS.length - 1], counts[DURATION_BUCKETS.length]],
      [2, 1, 1, 1],
    );
    assert.ok(Math.abs((counts.at(-1) ?? 0) - 5.100021) < 1e-9);
  });

  it('steers along a static alias', () => {
    const answer = ask(desk, { name: 'alias.gtm.example.com.', subnet: LONDON });
    assert.deepEqual(
      answer.answers.map((text) => text.split(' ')[2]),
      ['CNAME', 'A'],
    );
    assert.ok((answer.scope ?? 0) > 0);
  });

  it('refuses classes other than IN without saying more', () => {
    for (const text of ['CH', 'HS', 'NONE', 'CLASS4711']) {
      const { rcode, message, authorities } = ask(desk, { class: text });
      assert.deepEqual([rcode, message.isAuthoritative, authorities], ['REFUSED', false, []]);
    }
  });

  it('refuses transfers, and does not implement other types that exist in messages only', () => {
    assert.equal(ask(desk, { type: 'AXFR', name: 'gtm.example.com.' }).rcode, 'REFUSED');
    for (const type of ['TYPE0', 'OPT', 'TSIG', 'TKEY', 'MAILA', 'MAILB', 'TYPE129']) {
      assert.equal(ask(desk, { type, name: 'gtm.example.com.' }).rcode, 'NOTIMP');
    }
    assert.equal(ask(desk, { type: 'AXFR', name: 'example.net.' }).rcode, 'NOTAUTH');
  });

  it('takes another snapshot from one query to the next', () => {
    const next = createFixture({ ...DOCUMENT, zones: [{ ...DOCUMENT.zones[0], name: 'other.example' }], services: [] });
    assert.equal(ask(desk, {}).rcode, 'NOERROR');
    adoptSnapshot(desk, next.snapshot, next.state, next.desk.counters);
    assert.equal(ask(desk, {}).rcode, 'REFUSED');
    assert.equal(ask(desk, { name: 'txt.other.example.', type: 'TXT' }).answers.length, 1);
    adoptSnapshot(desk, fixture.snapshot, fixture.state, desk.counters);
  });

  it('works with no zones, no services, nothing at all', () => {
    const empty = createFixture({ zones: [], regions: [], monitors: [] });
    assert.equal(ask(empty.desk, {}).rcode, 'REFUSED');
    assert.equal(ask(empty.desk, { rawName: [0] }).rcode, 'REFUSED');
    assert.deepEqual(askCanaries(empty.snapshot), []);
  });

  it('can serve the root', () => {
    const zone = {
      name: '.',
      ns: ['ns1.example.net.'],
      records: [{ name: 'com', type: 'NS', data: ['a.example.net.'] }],
    };
    const parsed = (() => {
      try {
        return createFixture({ zones: [zone] });
      } catch {
        return undefined;
      }
    })();
    // Whether the model takes such a zone is its own affair; where it does, it must answer.
    if (parsed === undefined) return;
    assert.equal(ask(parsed.desk, { rawName: [0], type: 'SOA' }).answers.length, 1);
    assert.equal(ask(parsed.desk, { name: 'q.com.' }).authorities.length, 1);
    assert.equal(ask(parsed.desk, { name: 'q.' }).rcode, 'NXDOMAIN');
  });

  it('costs no memory and little time', (t) => {
    setHealth(fixture, { down: ['us'] });
    holdCost(t, desk, [
      encodeQuery({ subnet: LONDON }),
      encodeQuery({ subnet: '2001:db8::/56' }),
      encodeQuery({ name: 'alias.gtm.example.com.' }),
      encodeQuery({ name: 'nothing.gtm.example.com.' }),
      encodeQuery({ name: 'example.net.' }),
      encodeQuery({ options: [{ code: 8, data: [0, 9, 0, 0] }] }),
    ]);
  });

  it('costs no more with options, hints, wildcards, DNAMEs, referrals and the rate limit', (t) => {
    const rateLimit = { responsesPerSecond: 1, slip: 2 };
    const conduct = conductWith({ nsid: 'gtm1.test', chaos: { id: 'gtm1.test' }, rateLimit }, COOKIE_SECRET);
    const richFixture = createFixture(RICH, { conduct });
    const rich = richFixture.desk;
    rich.nowSeconds = 1_700_000_000;
    const cookie = [1, 2, 3, 4, 5, 6, 7, 8];
    const good = ask(rich, { options: [{ code: 10, data: cookie }] }).message.edns?.options[0]?.data ?? [];
    assert.equal(good.length, 24);
    holdCost(t, rich, [
      // Of the same kind and name as others: all that is not exempt is withheld, by turns in each of the ways.
      encodeQuery({ subnet: LONDON }),
      encodeQuery({ options: [{ code: 10, data: cookie }] }),
      ...['www', 'any.app', 'host.dname', 'x.cut', 'nothing', 'to-app'].map((name) =>
        encodeQuery({ name: `${name}.gtm.example.com.`, options: [{ code: 10, data: [...good] }] }),
      ),
      encodeQuery({ type: 'HTTPS', subnet: LONDON, options: [{ code: 10, data: [...good] }] }),
      encodeQuery({ options: [{ code: 3, data: [] }] }),
      encodeQuery({ name: 'id.server.', type: 'TXT', class: 'CH' }),
    ]);
    const counted = Object.keys(readCounters(richFixture));
    for (const action of ['dropped', 'slipped', 'bad-cookie'])
      assert.ok(counted.includes(`limited gtm.example.com ${action}`), action);
  });
});

const RICH = {
  zones: [
    {
      ...base,
      records: [
        ...(base?.records ?? []),
        { name: 'dname', type: 'DNAME', data: ['t'] },
        { name: 'host.t', type: 'A', data: ['192.0.2.1'] },
        { name: 'cut', type: 'NS', data: ['ns.cut'] },
        { name: 'ns.cut', type: 'A', data: ['192.0.2.2'] },
        { name: 'to-app', type: 'CNAME', data: ['other.app'] },
      ],
    },
  ],
  clusters: [
    {
      id: 'eu',
      region: 'eu-west',
      endpoints: [
        { id: 'a', address: '198.51.100.1' },
        { id: 'b', address: '2001:db8::1' },
      ],
    },
  ],
  services: [
    { name: 'www', zone: 'gtm.example.com', clusters: ['eu'], https: ['1 . alpn=h2'] },
    { name: '*.app', zone: 'gtm.example.com', clusters: ['eu'] },
  ],
};

/** Answers the queries by turns, a few million in all, and fails where that allocates or keeps anything. */
function holdCost(t: TestContext, desk: Desk, queries: readonly Uint8Array[]): void {
  const out = new Uint8Array(1232);
  const run = (count: number) => {
    for (let turn = 0; turn < count; turn++) {
      const query = queries[turn % queries.length];
      if (query !== undefined) answerQuery(desk, query, 0, query.length, out, 0, out.length, UDP);
    }
  };
  run(100_000);
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const count = 1_000_000;
  const measure = () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const began = process.cpuUsage();
    run(count);
    const { user } = process.cpuUsage(began);
    // Without collecting: what a query allocates shows. The rest is what running for a second leaves by itself.
    const perQuery = (process.memoryUsage().heapUsed - before) / count;
    collect();
    return { perQuery, kept: (process.memoryUsage().heapUsed - before) / count, ns: (user * 1000) / count };
  };
  // The least of a few: on a busy machine V8 may still be optimising during the first million, and until then code allocates.
  const rounds = [measure(), measure(), measure()];
  const perQuery = Math.min(...rounds.map((round) => round.perQuery));
  const kept = Math.min(...rounds.map((round) => round.kept));
  const ns = Math.min(...rounds.map((round) => round.ns));
  t.diagnostic(`${ns.toFixed(0)} ns of CPU, ${perQuery.toFixed(3)} bytes allocated, ${kept.toFixed(3)} kept per query`);
  assert.ok(perQuery < 2, `${perQuery} bytes are allocated per query`);
  assert.ok(kept < 0.5, `${kept} bytes are kept per query`);
}

describe('canaries', () => {
  it('have nothing to say of a snapshot that answers', () => {
    assert.deepEqual(askCanaries(createFixture(DOCUMENT).snapshot), []);
  });

  it('tell which zone or service does not answer', () => {
    const { snapshot } = createFixture(DOCUMENT);
    snapshot.zones.services.fill(NONE);
    assert.deepEqual(askCanaries(snapshot), ['service www.gtm.example.com does not answer (rcode 0)']);
    snapshot.zones.apexSlots.fill(0);
    assert.equal(askCanaries(snapshot).length, 2);
  });
});
