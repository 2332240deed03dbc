import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askCanaries } from '../../../src/answer/canary.ts';
import type { Copy } from '../../../src/model/copies.ts';
import { compileSnapshot, createRankMapCache } from '../../../src/snapshot/compile-snapshot.ts';
import { draftCopy, finishCopy } from '../../../src/transfer/compose-copy.ts';
import type { ReceivedRecord } from '../../../src/transfer/received.ts';
import { recordsOfZone, viewZone } from '../../../src/transfer/zone-records.ts';
import { finish, received as receivedOf } from '../../support/received.ts';
import { makeZoneKeys, sign } from '../../support/signed-keys.ts';
import { ask, createFixture, type Fixture, inputOf } from '../../support/snapshot-fixture.ts';

const ZONE = 'fed.test';
const PRIMARIES = [{ address: '192.0.2.1' }];
const FACTS = { primary: '192.0.2.1 port 53', nowMs: 1_000_000 };
/** Its signatures of the same are always the same. */
const ED25519 = 15;
const EXTENDED_ERROR = 15;
const SERIAL = 2_026_112_801;

const received = (owner: string, type: string, data: string) => receivedOf(ZONE, owner, type, data);

function copyOf(records: readonly ReceivedRecord[]): Copy {
  const copy = finishCopy(finish(draftCopy(ZONE, records)), FACTS);
  assert.ok(typeof copy !== 'string', String(copy));
  return copy;
}

const SOA = received(ZONE, 'SOA', `ns hostmaster ${SERIAL} 3600 600 86400 60`);
const APEX = [SOA, received(ZONE, 'NS', 'ns')];
const PLAIN = copyOf([
  ...APEX,
  received(`ns.${ZONE}`, 'A', '192.0.2.9'),
  received(`mail.${ZONE}`, 'MX', '10 alias'),
  received(`alias.${ZONE}`, 'CNAME', 'ns'),
]);
const STEERED = {
  clusters: [{ id: 'one', region: 'eu-west', endpoints: [{ id: 'a', address: '203.0.113.1' }] }],
  services: [{ name: 'www', zone: ZONE, clusters: ['one'] }],
};
const FED = { zones: [{ name: ZONE, primaries: PRIMARIES }] };

function problemsOf(copy: Copy, more: object = {}): readonly string[] {
  const empty = createFixture({ ...FED, ...more });
  const head = { serial: copy.head.serial, isExpired: false };
  const zones = empty.configuration.zones.map((zone) => ({ ...zone, copy: head, ns: [`ns.${ZONE}`] }));
  const input = inputOf({ ...empty.configuration, zones }, 7, [copy]);
  const compiled = compileSnapshot(
    input,
    createRankMapCache(() => empty.placeMap),
  );
  return compiled.ok ? [] : compiled.problems.map(({ message }) => message);
}

describe('a zone that is copied from its primaries', () => {
  test('is answered as it came, with the serial of its primary', () => {
    const { desk } = createFixture(FED, { copies: [PLAIN] });
    assert.deepEqual(ask(desk, { name: ZONE, type: 'SOA' }).data, [
      `ns.${ZONE}. hostmaster.${ZONE}. ${SERIAL} 3600 600 86400 60`,
    ]);
    assert.deepEqual(ask(desk, { name: `ns.${ZONE}`, type: 'A' }).data, ['192.0.2.9']);
    const missing = ask(desk, { name: `no.${ZONE}`, type: 'A' });
    assert.equal(missing.rcode, 'NXDOMAIN');
    assert.match(missing.authorities[0] ?? '', new RegExp(` ${SERIAL} `));
  });

  test('may break rules that we hold our own zones to', () => {
    const { desk } = createFixture(FED, { copies: [PLAIN] });
    assert.deepEqual(ask(desk, { name: `mail.${ZONE}`, type: 'MX' }).data, [`10 alias.${ZONE}.`]);
  });

  test('has the serial of the revision where services answer in it', () => {
    const { desk } = createFixture({ ...FED, ...STEERED }, { copies: [PLAIN], serial: 41 });
    assert.match(ask(desk, { name: ZONE, type: 'SOA' }).data[0] ?? '', / 41 3600 /);
    assert.deepEqual(ask(desk, { name: `www.${ZONE}`, type: 'A' }).data, ['203.0.113.1']);
    assert.deepEqual(ask(desk, { name: `ns.${ZONE}`, type: 'A' }).data, ['192.0.2.9']);
  });

  test('is signed here, what services answer in it too, with the serial of the revision', () => {
    const document = { zones: [{ ...FED.zones[0], dnssec: { enabled: true } }], ...STEERED };
    const keys = new Map([[ZONE, makeZoneKeys()]]);
    const { desk } = createFixture(document, { copies: [PLAIN], serial: 41, keys });
    for (const [name, type] of [
      [ZONE, 'SOA'],
      [`ns.${ZONE}`, 'A'],
      [`www.${ZONE}`, 'A'],
      [ZONE, 'DNSKEY'],
    ] as const) {
      const { answers } = ask(desk, { name, type, dnssecOk: true });
      assert.ok(
        answers.some((line) => line.includes(` RRSIG ${type} `)),
        `${name} ${type}`,
      );
    }
    assert.match(ask(desk, { name: ZONE, type: 'SOA' }).data[0] ?? '', / 41 3600 /);
    const denied = ask(desk, { name: `no.${ZONE}`, type: 'A', dnssecOk: true }).authorities;
    assert.ok(denied.some((line) => line.includes(' NSEC ')));
  });

  for (const [what, copies] of [
    ['of which nothing was copied yet', []],
    ['that has expired', [{ ...PLAIN, head: { ...PLAIN.head, expired: true as const } }]],
  ] as const) {
    test(`${what} is withheld, but for its steered names`, () => {
      const { desk, snapshot } = createFixture({ ...FED, ...STEERED }, { copies });
      assert.deepEqual(askCanaries(snapshot), []);
      for (const name of [ZONE, `ns.${ZONE}`, `no.${ZONE}`]) {
        for (const type of ['A', 'SOA', 'NS', 'ANY']) {
          const answer = ask(desk, { name, type, edns: true });
          assert.equal(answer.rcode, 'SERVFAIL', `${name} ${type}`);
          assert.deepEqual([answer.answers, answer.authorities], [[], []]);
          const error = answer.message.edns?.options.find(({ code }) => code === EXTENDED_ERROR);
          assert.deepEqual([...(error?.data.subarray(0, 2) ?? [])], [0, 24]);
        }
      }
      assert.deepEqual(ask(desk, { name: `www.${ZONE}`, type: 'A' }).data, ['203.0.113.1']);
      assert.equal(ask(desk, { name: `www.${ZONE}`, type: 'AAAA' }).rcode, 'NOERROR');
      for (const type of ['TXT', 'MX', 'DNSKEY'])
        assert.equal(ask(desk, { name: `www.${ZONE}`, type }).rcode, 'SERVFAIL');
      const signed = { zones: [{ ...FED.zones[0], dnssec: { enabled: true } }], ...STEERED };
      const world = createFixture(signed, { copies, keys: new Map([[ZONE, makeZoneKeys()]]) });
      const keys = ask(world.desk, { name: ZONE, type: 'DNSKEY', dnssecOk: true });
      assert.ok(keys.answers.some((line) => line.includes(' RRSIG DNSKEY ')));
      const denied = ask(world.desk, { name: `www.${ZONE}`, type: 'AAAA', dnssecOk: true }).authorities;
      const chain = denied.filter((line) => line.includes(' NSEC ') && !line.includes(' RRSIG NSEC '));
      if (copies.length === 0) assert.match(chain[0] ?? '', /NSEC \\000\.www/);
    });
  }

  test('an alias into it ends where it is withheld', () => {
    const records = [
      { name: 'ns1', type: 'A', data: ['192.0.2.53'] },
      { name: 'into', type: 'CNAME', data: [`ns.${ZONE}.`] },
    ];
    const own = { name: 'own.test', ns: ['ns1'], records };
    const { desk } = createFixture({ zones: [...FED.zones, own] });
    const answer = ask(desk, { name: 'into.own.test', type: 'A' });
    assert.equal(answer.rcode, 'NOERROR');
    assert.deepEqual(answer.data, [`ns.${ZONE}.`]);
    assert.deepEqual(answer.authorities, []);
  });

  test('is refused where a service and its records contradict each other', () => {
    const copy = copyOf([...APEX, received(`www.${ZONE}`, 'A', '192.0.2.7')]);
    assert.match(problemsOf(copy, STEERED)[0] ?? '', /A service answers for www\.fed\.test/);
    assert.deepEqual(problemsOf(copy), []);
  });

  test('is refused where it leads away from a service, for a node would refuse every revision with it', () => {
    const steered = { ...STEERED, services: [{ name: 'www.sub', zone: ZONE, clusters: ['one'] }] };
    const delegated = copyOf([...APEX, received(`sub.${ZONE}`, 'NS', 'ns.elsewhere.test.')]);
    assert.match(problemsOf(delegated, steered)[0] ?? '', /This NS hides the service www\.sub\.fed\.test/);
    assert.deepEqual(problemsOf(delegated), []);
    const redirected = [...APEX, received(`sub.${ZONE}`, 'DNAME', 'elsewhere.test.')];
    assert.match(problemsOf(copyOf(redirected), steered)[0] ?? '', /This DNAME hides the service/);
    // Not ours to say what a primary has below a DNAME, where nobody is answered with it.
    assert.deepEqual(problemsOf(copyOf([...redirected, received(`a.sub.${ZONE}`, 'A', '192.0.2.7')])), []);
  });

  test('is refused where its primary signs it in a way that could not be answered here', () => {
    const keys = received(ZONE, 'DNSKEY', '257 3 13 AAAA');
    const rrsig = (type: string) =>
      received(ZONE, 'RRSIG', `${type} 13 2 300 20300101000000 20200101000000 1 ${ZONE}. AAAA`);
    const hashed = [...APEX, keys, rrsig('SOA'), received(ZONE, 'NSEC3PARAM', '1 0 0 -')];
    assert.match(problemsOf(copyOf(hashed))[0] ?? '', /with NSEC3.*have it use NSEC/);
    const chained = [...APEX, keys, rrsig('SOA'), received(ZONE, 'NSEC', `${ZONE}. NS SOA RRSIG NSEC DNSKEY`)];
    assert.deepEqual(problemsOf(copyOf(chained)), []);
    assert.match(problemsOf(copyOf(chained), STEERED)[0] ?? '', /could not sign what services answer/);
    const both = { zones: [{ ...FED.zones[0], dnssec: { enabled: true } }] };
    assert.match(problemsOf(copyOf(chained), both)[0] ?? '', /let one of them sign it/);
  });
});

describe('a zone that its primary has signed', () => {
  const own = {
    zones: [
      {
        name: ZONE,
        ns: ['ns'],
        dnssec: { enabled: true },
        records: [
          { name: 'ns', type: 'A', data: ['192.0.2.9'] },
          { name: 'a.b', type: 'TXT', data: ['"x"'] },
          { name: '*.wild', type: 'TXT', data: ['"w"'] },
          { name: 'child', type: 'NS', data: ['ns.child'] },
          { name: 'ns.child', type: 'A', data: ['192.0.2.4'] },
        ],
      },
    ],
  };
  const primary = createFixture(own, { keys: new Map([[ZONE, makeZoneKeys(ED25519)]]), serial: 99 });
  const secondary = createFixture(FED, { copies: [copyOf(listRecords(primary))], serial: 7 });

  const names = [
    ZONE,
    `ns.${ZONE}`,
    `a.b.${ZONE}`,
    `b.${ZONE}`,
    `x.wild.${ZONE}`,
    `no.${ZONE}`,
    `child.${ZONE}`,
    `x.child.${ZONE}`,
  ];
  for (const name of names) {
    test(`answers for ${name} as its primary does`, () => {
      for (const type of ['SOA', 'NS', 'A', 'TXT', 'MX', 'DS', 'DNSKEY', 'NSEC']) {
        const question = { name, type, dnssecOk: true };
        const [theirs, ours] = [ask(primary.desk, question), ask(secondary.desk, question)];
        const meaning = ({ rcode, answers, authorities, additionals }: typeof ours) => ({
          rcode,
          answers: answers.toSorted(),
          authorities: authorities.toSorted(),
          additionals: additionals.toSorted(),
        });
        assert.deepEqual(meaning(ours), meaning(theirs), `${name} ${type}`);
      }
    });
  }

  test('answers ANY with something that is signed', () => {
    const { answers } = ask(secondary.desk, { name: `ns.${ZONE}`, type: 'ANY', dnssecOk: true });
    assert.match(answers[0] ?? '', /^ns\.fed\.test \d+ A 192\.0\.2\.9$/);
    assert.match(answers[1] ?? '', / RRSIG A /);
  });

  function listRecords({ snapshot }: Fixture): readonly ReceivedRecord[] {
    const view = viewZone(snapshot, 0, sign);
    assert.ok(view !== undefined);
    const records: ReceivedRecord[] = [];
    for (const record of recordsOfZone(view)) {
      const owner = new Uint8Array(record.ownerLength + view.image.name.length);
      owner.set(record.owner.subarray(record.ownerStart, record.ownerStart + record.ownerLength));
      owner.set(view.image.name, record.ownerLength);
      const data = record.data.slice(record.dataStart, record.dataStart + record.dataLength);
      records.push({ owner, type: record.type, ttlSeconds: record.ttlSeconds, data });
    }
    return records;
  }
});
