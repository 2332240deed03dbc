// RFC 1995, "Incremental Zone Transfer in DNS".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HTTPS, UDP } from '../../src/answer/answer-query.ts';
import { adoptSnapshot, type Desk } from '../../src/answer/desk.ts';
import { ChangeRecorder } from '../../src/roles/change-recorder.ts';
import { createState } from '../../src/snapshot/state.ts';
import type { JournalStep } from '../../src/transfer/journal.ts';
import { advanceJournal } from '../../src/transfer/journal.ts';
import { createReceiver, receiveMessage } from '../../src/transfer/receive-transfer.ts';
import type { Received } from '../../src/transfer/received.ts';
import { composeIxfr } from '../../src/wire/compose-ixfr.ts';
import { encodeQuery } from '../support/dns-client.ts';
import { createFixture, type Fixture } from '../support/snapshot-fixture.ts';
import { encodeIxfr, transfer } from '../support/transfer.ts';
import {
  COPY_NAME,
  decode,
  describeRecord,
  encodeAnswer,
  host,
  soa,
  type WireRecord,
} from '../support/zone-answers.ts';

type Sets = readonly {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly data: readonly string[];
}[];
type Version = {
  readonly serial: number;
  readonly records: Sets;
  readonly refresh?: number;
  readonly endpoints?: readonly string[];
};

const SOURCE = '198.51.100.9';
const AXFR = encodeQuery({ name: 'copy.test.', type: 'AXFR' });
const compile = (
  { serial, records, refresh = 1800, endpoints = ['203.0.113.1'] }: Version,
  allow: readonly string[] = ['0.0.0.0/0'],
) =>
  createFixture(
    {
      zones: [{ name: 'copy.test', soa: { refresh }, ns: ['ns.elsewhere.test'], transfers: { allow }, records }],
      clusters: [
        { id: 'one', region: 'eu-west', endpoints: endpoints.map((address, index) => ({ id: `e${index}`, address })) },
      ],
      services: [{ name: 'www', zone: 'copy.test', clusters: ['one'], ttl: 9 }],
    },
    { serial },
  );

/** A desk that has served the versions one after another, as an answer thread does. */
async function serve(fixtures: readonly Fixture[]): Promise<Desk> {
  const [first] = fixtures;
  assert.ok(first !== undefined);
  const steps: JournalStep[] = [];
  const recorder = new ChangeRecorder({
    onStep: (step) => steps.push(step),
    onError: (error) => assert.fail(error),
  });
  for (const [index, { snapshot }] of fixtures.entries()) {
    recorder.note(snapshot);
    while (steps.length <= index) await new Promise((resolve) => setImmediate(resolve));
    adoptSnapshot(first.desk, snapshot, createState(snapshot), first.desk.counters);
    const step = steps[index];
    assert.ok(step !== undefined);
    advanceJournal(first.desk.journal, step);
  }
  return first.desk;
}

const ixfr = (desk: Desk, held: number, protocol?: number) =>
  transfer(desk, encodeIxfr('copy.test.', held), SOURCE, protocol).records;
const axfr = (desk: Desk) => transfer(desk, AXFR, SOURCE).records;
const isSoa = (record: string) => record.split(' ')[2] === 'SOA';
const serialOf = (soa: string) => Number(soa.split(' ')[5]);

/** Section 4, as a secondary carries it out. @throws when a sequence does not fit the zone. */
function apply(zone: readonly string[], difference: readonly string[]): readonly string[] {
  const records = new Set(zone.slice(0, -1));
  assert.ok(isSoa(difference[0] ?? '') && difference.at(-1) === difference[0]);
  let isDeleting = false;
  for (const record of difference.slice(1, -1)) {
    if (isSoa(record)) isDeleting = !isDeleting;
    if (isDeleting) assert.ok(records.delete(record), `${record} is to be deleted and is not there`);
    else {
      assert.ok(!records.has(record), `${record} is to be added and is there`);
      records.add(record);
    }
  }
  assert.ok(!isDeleting);
  assert.ok(records.has(difference[0] ?? ''));
  return [...records].toSorted();
}

const A = (name: string, ...data: readonly string[]) => ({ name, type: 'A', data });
const MANY: Sets = Array.from({ length: 200 }, (_, index) => A(`host-${index}`, `10.0.0.${index}`));

describe('RFC 1995', () => {
  const versions: readonly Version[] = [
    { serial: 41, records: [...MANY, A('a', '192.0.2.1', '192.0.2.2'), A('b', '192.0.2.3')] },
    { serial: 42, records: [...MANY, A('a', '192.0.2.2', '192.0.2.9'), A('c.d', '192.0.2.4')] },
    // Nothing of this zone.
    { serial: 43, records: [...MANY, A('a', '192.0.2.2', '192.0.2.9'), A('c.d', '192.0.2.4')] },
    { serial: 46, records: [...MANY, { ...A('a', '192.0.2.2', '192.0.2.9'), ttl: 77 }], refresh: 999 },
    {
      serial: 47,
      records: [...MANY, { ...A('a', '192.0.2.2', '192.0.2.9'), ttl: 77 }],
      refresh: 999,
      endpoints: ['203.0.113.2'],
    },
    {
      serial: 48,
      records: [...MANY, { ...A('a', '192.0.2.2', '192.0.2.9'), ttl: 77 }],
      refresh: 999,
      endpoints: ['203.0.113.2'],
    },
  ];
  const fixtures = versions.map((version) => compile(version));

  // Section 4: "Each difference sequence represents one update to the zone (one SOA serial change) consisting of deleted RRs
  // and added RRs. The first RR of the deleted RRs is the older SOA RR and the first RR of the added RRs is the newer SOA RR."
  it('sends what changed since the version of whoever asks, from every version that was served', async () => {
    const desk = await serve(fixtures);
    const current = axfr(desk);
    for (const [index, { serial }] of versions.slice(0, -1).entries()) {
      const fixture = compile(versions[index] ?? { serial: 0, records: [] });
      const difference = ixfr(desk, serial);
      assert.ok(difference.length < 20, `${difference.length}`);
      assert.equal(serialOf(difference[1] ?? ''), serial);
      assert.deepEqual(apply(axfr(fixture.desk), difference), current.slice(0, -1).toSorted());
    }
  });

  it('chains its sequences: each begins with the serial at which the one before ended', async () => {
    const difference = ixfr(await serve(fixtures), 41);
    const serials = difference.slice(1, -1).filter(isSoa).map(serialOf);
    assert.deepEqual(serials, [41, 42, 42, 46, 46, 48]);
    // Section 4: "The list of difference sequences is preceded and followed by a copy of the server's current version of the SOA."
    assert.equal(serialOf(difference[0] ?? ''), 48);
  });

  it('sends the serial alone where nothing else has changed', async () => {
    const difference = ixfr(await serve(fixtures), 47);
    assert.deepEqual(difference.map(serialOf), [48, 47, 48, 48]);
  });

  // Section 2: "If an IXFR query with the same or newer version number than that of the server is received, it is replied to
  // with a single SOA record of the server's current version".
  it('sends one SOA to whoever has this version or a newer one', async () => {
    const desk = await serve(fixtures);
    for (const held of [48, 49, 48 + 0x7fffffff]) assert.deepEqual(ixfr(desk, held).map(serialOf), [48]);
  });

  // Section 2: "If the UDP reply does not fit, the query is responded to with a single SOA record of the server's current version
  // to inform the client that a TCP query should be initiated."
  it('sends one SOA over UDP and HTTPS, so that whoever asks comes over TCP', async () => {
    const desk = await serve(fixtures);
    for (const protocol of [UDP, HTTPS]) assert.deepEqual(ixfr(desk, 41, protocol).map(serialOf), [48]);
  });

  // Section 4: "If incremental zone transfer is not available, the entire zone is returned."
  it('sends the whole zone to whoever has a version that was not served here', async () => {
    const desk = await serve(fixtures);
    for (const held of [40, 44, 45]) assert.deepEqual(ixfr(desk, held), axfr(desk));
    const [last] = fixtures.slice(-1);
    assert.ok(last !== undefined);
    assert.deepEqual(ixfr(await serve([last]), 47), axfr(desk));
  });

  it('sends the whole zone where that says less than what has changed', async () => {
    const desk = await serve([
      compile({ serial: 1, records: [A('a', '192.0.2.1'), ...MANY] }),
      compile({ serial: 2, records: [A('a', '192.0.2.1')] }),
    ]);
    assert.deepEqual(ixfr(desk, 1), axfr(desk));
  });

  it('does not take a zone that nobody could copy for one that has not changed', async () => {
    const desk = await serve([
      compile({ serial: 1, records: [...MANY, A('a', '192.0.2.1')] }),
      compile({ serial: 2, records: [...MANY, A('a', '192.0.2.2')] }, []),
      compile({ serial: 3, records: [...MANY, A('a', '192.0.2.3')] }),
      compile({ serial: 4, records: [...MANY, A('a', '192.0.2.4')] }),
    ]);
    for (const held of [1, 2]) assert.deepEqual(ixfr(desk, held), axfr(desk));
    assert.equal(ixfr(desk, 3).length, 6);
  });

  it('leads from any version to any later one, whatever changes', async () => {
    const set = fc.record({
      name: fc.constantFrom('@', 'a', 'b', 'c.b', '*.w', 'deep.er.x'),
      type: fc.constantFrom('A', 'AAAA', 'TXT'),
      ttl: fc.constantFrom(60, 90),
      values: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
    });
    const data = {
      A: (n: number) => `192.0.2.${n}`,
      AAAA: (n: number) => `2001:db8::${n}`,
      TXT: (n: number) => `"${n}"`,
    };
    const version = fc
      .uniqueArray(set, { selector: ({ name, type }) => `${name} ${type}`, maxLength: 12 })
      .map((sets) =>
        sets.map(({ name, type, ttl, values }) => ({ name, type, ttl, data: values.map((n) => data[type](n)) })),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(version, { minLength: 2, maxLength: 5 }), async (all) => {
        const served = all.map((records, index) => compile({ serial: index + 1, records: [...MANY, ...records] }));
        const befores = served.map(({ desk }) => axfr(desk));
        const desk = await serve(served);
        const current = axfr(desk);
        for (const [index, before] of befores.slice(0, -1).entries()) {
          const difference = ixfr(desk, index + 1);
          assert.deepEqual(apply(before, difference), current.slice(0, -1).toSorted());
        }
      }),
      { numRuns: 25, seed: 1995 },
    );
  });
});

describe('RFC 1995, as the client', () => {
  const receive = (held: number, messages: readonly Uint8Array[]): Received | string => {
    const receiver = createReceiver({ id: 5, zone: COPY_NAME, heldSerial: held });
    for (const message of messages) {
      const step = receiveMessage(receiver, decode(message));
      if (step.status !== 'more') return step.status === 'done' ? step.received : step.reason;
    }
    return 'more';
  };
  const statusOf = (held: number, records: readonly WireRecord[]) => {
    const received = receive(held, [encodeAnswer(records, { type: 'IXFR' })]);
    return typeof received === 'string' ? received : received.status;
  };
  const [X, Y] = [host('x.copy.test.', 1), host('y.copy.test.', 2)];

  // Section 3: "The IXFR query packet format is the same as that of a normal DNS query, but with the query type being IXFR and
  // the authority section containing the SOA record of client's version of the zone."
  it('asks with the serial that it holds, which a server of ours reads', async () => {
    const query = decode(composeIxfr(5, COPY_NAME, 0xfedc_ba98));
    assert.deepEqual([query.id, query.questions[0]?.type, query.authorities.length], [5, 251, 1]);
    assert.deepEqual(query.authorities[0]?.name, COPY_NAME);
    const versions = [1, 2].map((serial) => compile({ serial, records: [...MANY, A('a', `192.0.2.${serial}`)] }));
    const desk = await serve(versions);
    const { raw } = transfer(desk, composeIxfr(5, COPY_NAME, 1), SOURCE);
    const received = receive(1, raw);
    assert.ok(typeof received === 'object' && received.status === 'changes');
    const [change, ...others] = received.changes;
    assert.ok(change !== undefined && others.length === 0);
    assert.deepEqual(change.deletions.map(describeRecord), ['a.copy.test 3600 A 192.0.2.1']);
    assert.deepEqual(change.additions.map(describeRecord), ['a.copy.test 3600 A 192.0.2.2']);
    assert.deepEqual([change.fromSerial, change.toSerial, received.serial], [1, 2, 2]);
  });

  // Section 2: "If an IXFR query with the same or newer version number than that of the server is received, it is replied to with
  // a single SOA record of the server's current version".
  it('has nothing to do where a single SOA says so', () => {
    assert.equal(statusOf(9, [soa(9)]), 'current');
    assert.equal(statusOf(9, [soa(8)]), 'behind');
  });

  // Section 4: "If incremental zone transfer is not available, the entire zone is returned." "An incremental response is
  // different from that of a non-incremental response in that it begins with two SOA RRs, the server's current SOA followed by
  // the SOA of the client's version which is about to be replaced."
  it('tells by the second record whether it gets the whole zone', () => {
    assert.equal(statusOf(7, [soa(9), X, soa(9)]), 'whole');
    assert.equal(statusOf(7, [soa(9), soa(7), X, soa(9), Y, soa(9)]), 'changes');
    assert.match(statusOf(7, [soa(9), soa(8), X, soa(9), Y, soa(9)]), /^the differences begin at the serial 8/);
  });

  // Section 4: "The list of difference sequences is preceded and followed by a copy of the server's current version of the SOA."
  // "The sequences of differential information are ordered oldest first newest last."
  it('takes sequences that lead from its version to the newest, each from where the one before ended', () => {
    const sequences = [soa(7), X, soa(8), Y, soa(8), Y, soa(9), X];
    assert.equal(statusOf(7, [soa(9), ...sequences, soa(9)]), 'changes');
    assert.equal(statusOf(7, [soa(9), ...sequences]), 'more');
    assert.match(statusOf(7, [soa(9), ...sequences.slice(0, 4), soa(9)]), /end at the serial 8 and go on at 9$/);
    assert.match(statusOf(7, [soa(9), ...sequences.slice(0, 2), soa(6)]), /back to 6$/);
  });
});
