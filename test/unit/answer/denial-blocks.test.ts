// Denials that are written again must be, octet for octet, what they would be if they were written for the first time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCounters } from '../../../src/answer/counters.ts';
import { adoptSnapshot, createDesk, type Desk } from '../../../src/answer/desk.ts';
import { encodeQuery } from '../../support/dns-client.ts';
import { makeZoneKeys, sign } from '../../support/signed-keys.ts';
import { askBytes, createFixture, type Fixture, type Question } from '../../support/snapshot-fixture.ts';

/** Its signatures of the same are always the same. */
const ED25519 = 15;
const ZONE = 'blocks.test';
const INNER = `inner.${ZONE}`;

function build(serial: number, more: readonly object[] = []): Fixture {
  const records = [
    { name: 'ns', type: 'A', data: ['192.0.2.9'] },
    { name: 'm', type: 'TXT', data: ['"x"'] },
    { name: 'a.b.c', type: 'TXT', data: ['"x"'] },
    { name: '*.wild', type: 'TXT', data: ['"w"'] },
    { name: 'child', type: 'NS', data: ['ns.child'] },
    { name: 'ns.child', type: 'A', data: ['192.0.2.4'] },
    { name: 'inner', type: 'NS', data: ['ns.inner'] },
    { name: 'ns.inner', type: 'A', data: ['192.0.2.5'] },
    { name: '*.into', type: 'CNAME', data: [`no.${INNER}.`] },
    { name: 'alias', type: 'CNAME', data: ['nowhere'] },
    ...more,
  ];
  const inner = {
    name: INNER,
    ns: ['ns'],
    dnssec: { enabled: true },
    records: [{ name: 'ns', type: 'A', data: ['192.0.2.5'] }],
  };
  const keys = new Map([ZONE, INNER].map((zone) => [zone, makeZoneKeys(ED25519)]));
  return createFixture(
    { zones: [{ name: ZONE, ns: ['ns'], dnssec: { enabled: true }, records }, inner] },
    { keys, serial },
  );
}

const LONG = `${'l'.repeat(63)}.${'k'.repeat(63)}.${'j'.repeat(60)}`;
const NAMES = [
  ...[
    'no',
    'zz',
    'AA',
    'x.y.z',
    LONG,
    'm',
    'b.c',
    'c',
    'x.wild',
    'wild',
    'child',
    'x.child',
    'alias',
    'x.into',
    'x.m',
    '*.m',
  ].map((name) => `${name}.${ZONE}`),
  ...['no', 'ns', 'x.y'].map((name) => `${name}.${INNER}`),
  ZONE,
  INNER,
];
const QUESTIONS: readonly Question[] = NAMES.flatMap((name) =>
  ['A', 'TXT', 'DS', 'MX', 'NSEC'].flatMap((type) =>
    [true, false].flatMap((dnssecOk) => [
      { name, type, dnssecOk, udpSize: 4096, outSize: 4096, protocol: 'tcp' as const },
      { name, type, dnssecOk, udpSize: 512, outSize: 512 },
      { name, type, dnssecOk, udpSize: 620, outSize: 620 },
    ]),
  ),
);

const open = ({ snapshot, state }: Fixture): Desk => createDesk(snapshot, state, 1, 0, undefined, sign);
const answer = (desk: Desk, question: Question) =>
  Buffer.from(askBytes(desk, encodeQuery(question), question)).toString('hex');

/** Every answer is written as if for the first time. */
function openForgetful(world: Fixture): (question: Question) => string {
  const desk = open(world);
  return (question) => {
    desk.denials.snapshot = undefined;
    return answer(desk, question);
  };
}

describe('denials that were written before', () => {
  test('are the same, whatever name they are for, and however much room there is', () => {
    const world = build(7);
    const desk = open(world);
    const first = openForgetful(world);
    let again = 0;
    for (let round = 0; round < 3; round++) {
      for (const question of QUESTIONS) {
        const before = desk.denials.lengths.filter((length) => length > 0).length;
        assert.equal(answer(desk, question), first(question), `${round} ${question.name} ${question.type}`);
        again += desk.denials.lengths.filter((length) => length > 0).length - before;
      }
    }
    assert.ok(again > 10, `${again} were kept`);
  });

  test('are those of the snapshot that is served', () => {
    const [old, next] = [build(7), build(8, [{ name: 'nn', type: 'A', data: ['192.0.2.1'] }])];
    const desk = open(old);
    const first = openForgetful(next);
    for (let round = 0; round < 3; round++) for (const question of QUESTIONS) answer(desk, question);
    adoptSnapshot(desk, next.snapshot, next.state, createCounters(next.snapshot));
    assert.equal(desk.denials.snapshot, undefined);
    for (let round = 0; round < 3; round++) {
      for (const question of QUESTIONS) assert.equal(answer(desk, question), first(question), question.name);
    }
  });

  test('are not what a denial of one client alone says', () => {
    const endpoints = (address: string) => [{ id: 'a', address }];
    const document = {
      zones: [{ name: ZONE, ns: ['ns.elsewhere.test'], dnssec: { enabled: true } }],
      clusters: [
        { id: 'four', region: 'eu-west', endpoints: endpoints('203.0.113.1') },
        { id: 'six', region: 'us-east', endpoints: endpoints('2001:db8::1') },
      ],
      services: [
        {
          name: 'www',
          zone: ZONE,
          clusters: ['four', 'six'],
          rank: [{ match: { cidr: ['127.0.0.0/8'] }, use: ['four'], fence: true }, { by: 'priority' }],
        },
      ],
    };
    const world = createFixture(document, { keys: new Map([[ZONE, makeZoneKeys(ED25519)]]) });
    const desk = open(world);
    const first = openForgetful(world);
    for (let round = 0; round < 4; round++) {
      for (const [type, source] of [
        ['AAAA', '127.0.0.9'],
        ['MX', '127.0.0.9'],
        ['AAAA', '192.0.2.1'],
      ] as const) {
        const question = { name: `www.${ZONE}`, type, source, dnssecOk: true, udpSize: 1232 };
        assert.equal(answer(desk, question), first(question));
      }
    }
  });
});
