import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COOKIE_SECRET, conductWith } from '../../support/conduct.ts';
import { encodeQuery } from '../../support/dns-client.ts';
import { RFC_DOCUMENT } from '../../support/rfc-zone.ts';
import { describeWorld, makeWorldKeys, SIGNED_ZONE } from '../../support/signed-world.ts';
import {
  type Answer,
  askBytes,
  countersMoved,
  createFixture,
  describeAnswer,
  type Question,
} from '../../support/snapshot-fixture.ts';

const RATE = 5;
const DOCUMENT = RFC_DOCUMENT.replace('clusters: [v4]', 'clusters: [eu]');

function open(dns: Readonly<Record<string, unknown>> = {}) {
  const conduct = conductWith({ rateLimit: { responsesPerSecond: RATE, slip: 1 }, ...dns }, COOKIE_SECRET);
  const fixture = createFixture(DOCUMENT, { conduct });
  fixture.desk.nowSeconds = 1_700_000_000;
  /** Undefined: nothing came back. */
  const ask = (question: Question): Answer | undefined => {
    const bytes = askBytes(fixture.desk, encodeQuery(question), question);
    return bytes.length === 0 ? undefined : describeAnswer(bytes);
  };
  /** How many of `count` answers were whole, where `nameOf` says what the query of each turn asks for. */
  const whole = (count: number, question: (turn: number) => Question) =>
    Array.from({ length: count }, (_, turn) => ask(question(turn))).filter(
      (answer) => answer !== undefined && !answer.message.isTruncated && answer.rcode !== 'BADCOOKIE',
    ).length;
  return { fixture, ask, whole };
}

const named = (name: string, more: Question = {}): Question => ({ name: `${name}.example.com.`, ...more });

describe('limited answers', () => {
  it('of an endless supply of names that do not exist are those of their zone', () => {
    const { whole } = open();
    assert.equal(
      whole(40, (turn) => named(`n${turn}.x${turn}`)),
      RATE,
    );
    // Names that exist, and other zones, are not affected.
    assert.equal(
      whole(RATE, () => named('mail')),
      RATE,
    );
    assert.equal(
      whole(RATE, (turn) => ({ name: `n${turn}.example.org.` })),
      RATE,
    );
  });

  it('that are withheld cost no signature, whether they deny a name or stand under a wildcard', () => {
    const keys = makeWorldKeys();
    const conduct = conductWith({ rateLimit: { responsesPerSecond: RATE, slip: 2 } });
    const { desk } = createFixture({ ...describeWorld(keys, 'compact') }, { keys, conduct });
    const { sign } = desk.signer;
    let made = 0;
    const counting: typeof sign = (...given) => {
      made++;
      return sign(...given);
    };
    Object.assign(desk.signer, { sign: counting });
    const ask = (name: string) => askBytes(desk, encodeQuery({ name, type: 'TXT', dnssecOk: true }));
    for (const above of ['', 'wild.']) {
      made = 0;
      const answers = Array.from({ length: 60 }, (_, turn) => ask(`n${turn}.${above}${SIGNED_ZONE}.`));
      const went = answers.filter((bytes) => bytes.length > 0).map(describeAnswer);
      assert.equal(went.filter(({ message }) => !message.isTruncated).length, RATE, above);
      assert.equal(made, RATE, above);
      assert.ok(went.some(({ message }) => message.isTruncated && message.authorities.length === 0));
    }
  });

  it('of such names are those of their zone also where they are denied compactly', () => {
    const keys = makeWorldKeys();
    const conduct = conductWith({ rateLimit: { responsesPerSecond: RATE, slip: 0 } });
    const { desk } = createFixture({ ...describeWorld(keys, 'compact') }, { keys, conduct });
    const answered = ['www', 'mail', 'alias', 'a.b.ent', 'h.t'].flatMap((above) =>
      Array.from({ length: RATE }, (_, turn) =>
        askBytes(desk, encodeQuery({ name: `n${turn}.${above}.${SIGNED_ZONE}.`, dnssecOk: true })),
      ).filter(({ length }) => length > 0),
    );
    assert.equal(answered.length, RATE);
    assert.equal(describeAnswer(answered[0] ?? new Uint8Array(0)).rcode, 'NOERROR');
  });

  it('of what a wildcard, a DNAME or a delegation stands for are those of one name', () => {
    const { whole } = open();
    assert.equal(
      whole(40, (turn) => named(`n${turn}.wild`, { type: 'TXT' })),
      RATE,
    );
    assert.equal(
      whole(40, (turn) => named(`n${turn}.x${turn}.goes`)),
      RATE,
    );
    assert.equal(
      whole(40, (turn) => named(`n${turn}.away`)),
      RATE,
    );
    assert.equal(
      whole(40, (turn) => named(`n${turn}.sub`)),
      RATE,
    );
  });

  it('are counted apart for each name, and for each kind', () => {
    const { whole } = open();
    assert.equal(
      whole(40, () => named('mail')),
      RATE,
    );
    assert.equal(
      whole(40, () => named('mail', { type: 'TXT' })),
      RATE,
    );
    assert.equal(
      whole(40, () => named('ns1')),
      RATE,
    );
    assert.equal(
      whole(40, () => named('www')),
      RATE,
    );
    assert.equal(
      whole(40, () => named('alias')),
      RATE,
    );
  });

  it('are the same names after a swap of snapshots', () => {
    const { fixture, whole } = open();
    whole(40, () => named('mail'));
    const next = createFixture(
      DOCUMENT.replace('records:', 'records:\n      - { name: aaa, type: A, data: [192.0.2.9] }'),
    );
    fixture.desk.snapshot = next.snapshot;
    fixture.desk.state = next.state;
    assert.equal(
      whole(10, () => named('mail')),
      0,
    );
  });

  it('that slip through have no records, TC, and the subnet as it was asked', () => {
    const { ask, whole } = open();
    whole(RATE, (turn) => named(`n${turn}`));
    const slipped = ask(named('other', { subnet: '10.1.0.0/16' }));
    assert.deepEqual(
      [slipped?.rcode, slipped?.message.isTruncated, slipped?.answers, slipped?.authorities, slipped?.scope],
      ['NOERROR', true, [], [], 0],
    );
    assert.equal(slipped?.message.isAuthoritative, false);
  });

  it('that are errors count by client alone, and stay what they are', () => {
    const { ask, fixture } = open();
    const moved = countersMoved(
      fixture,
      () => {
        for (let turn = 0; turn < 20; turn++) {
          const answer = ask({ name: `n${turn}.example.net.`, edns: true });
          assert.deepEqual([answer?.rcode, answer?.message.isTruncated], ['REFUSED', false]);
          assert.equal(answer?.message.edns?.options.length, turn < RATE ? 1 : 0);
        }
      },
      'limited',
    );
    assert.deepEqual(moved, { ' slipped': 15 });
    assert.equal(ask({ counts: [2, 0, 0, 0] })?.rcode, 'FORMERR');
  });

  it('that are dropped are counted in their zone, as requests and not as responses', () => {
    const { ask, fixture } = open({ rateLimit: { responsesPerSecond: RATE, slip: 2 } });
    const run = (family: string) =>
      countersMoved(
        fixture,
        () => {
          for (let turn = 0; turn < 10; turn++) ask(named('mail'));
        },
        family,
      );
    assert.deepEqual(run('limited'), { 'example.com dropped': 3, 'example.com slipped': 2 });
    assert.deepEqual(run('requests'), { 'example.com udp 4 A': 10 });
    assert.deepEqual(run('responses'), { 'example.com NOERROR': 5 });
    assert.equal(
      Array.from({ length: 10 }, () => ask(named('mail'))).filter((answer) => answer === undefined).length,
      5,
    );
  });

  it('are never withheld over connections', () => {
    const { whole } = open();
    for (const protocol of ['tcp', 'tls', 'https'] as const) {
      assert.equal(
        whole(40, () => named('mail', { protocol })),
        40,
      );
    }
  });

  it('are never withheld from a client whose cookie is one of ours', () => {
    const { ask, whole } = open();
    const client = [1, 2, 3, 4, 5, 6, 7, 8];
    const withCookie = (data: readonly number[]) => named('mail', { options: [{ code: 10, data }] });
    const given = ask(withCookie(client))?.message.edns?.options[0]?.data ?? [];
    assert.equal(
      whole(40, () => withCookie([...given])),
      40,
    );
    const forged = [...given.slice(0, 23), 0, 0];
    assert.equal(
      whole(10, () => withCookie(forged)),
      RATE - 1,
      'one was spent on learning the cookie',
    );
  });

  it('are BADCOOKIE instead of truncated for clients that send cookies, unless the operator does not want that', () => {
    const question = named('mail', { options: [{ code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8] }] });
    const slip = (required: string) => {
      const { ask, whole, fixture } = open({ cookies: { required } });
      whole(RATE, () => question);
      const answer = ask(question);
      const moved = countersMoved(fixture, () => void ask(question), 'limited');
      return [answer?.rcode, answer?.message.isTruncated, answer?.message.edns?.options[0]?.data.length, moved];
    };
    assert.deepEqual(slip('limited'), ['BADCOOKIE', false, 24, { 'example.com bad-cookie': 1 }]);
    assert.deepEqual(slip('never'), ['NOERROR', true, 24, { 'example.com slipped': 1 }]);
  });
});
