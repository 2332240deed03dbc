import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTsigDesk } from '../../../src/answer/tsig-desk.ts';
import { computeHmac } from '../../../src/replication/hmac.ts';
import { COOKIE_SECRET, conductWith } from '../../support/conduct.ts';
import { encodeName, encodeQuery } from '../../support/dns-client.ts';
import {
  askBytes,
  countersMoved,
  createFixture,
  describeAnswer,
  LONDON,
  type Question,
} from '../../support/snapshot-fixture.ts';
import { NOW_SECONDS, readSignature, signQuery, TEST_KEY, type TestKey } from '../../support/tsig.ts';

const OTHER_KEY: TestKey = { ...TEST_KEY, name: 'other-key.' };
const FLAGS = 0x2400;
const [OPEN, OPEN_IPV6, KEYED, BOTH] = ['192.0.2.1', '2001:db8::5', '192.0.2.2', '192.0.2.3'];
const STRANGER = '198.51.100.7';

const DOCUMENT = {
  zones: [
    {
      name: 'copy.test',
      primaries: [
        { address: OPEN },
        { address: OPEN_IPV6 },
        { address: KEYED, key: 'test-key' },
        // Two servers behind one address.
        { address: BOTH, key: 'other-key' },
        { address: BOTH, port: 5353, key: 'test-key' },
      ],
    },
    { name: 'keyless.test', primaries: [{ address: OPEN }] },
    { name: 'own.test', ns: ['ns.elsewhere.test'] },
  ],
};

function open(conduct = conductWith({})) {
  const fixture = createFixture(DOCUMENT, { conduct });
  const { desk } = fixture;
  desk.nowSeconds = NOW_SECONDS;
  const keys = [TEST_KEY, OTHER_KEY].map(({ name, secret }) => ({
    name: encodeName(name),
    algorithm: 'hmac-sha256' as const,
    secret,
  }));
  desk.tsig = createTsigDesk(keys, computeHmac, () => NOW_SECONDS);
  const hints: string[] = [];
  desk.notifyHints = { note: ({ zone, address }) => hints.push(`${zone} ${address}`) };
  /** What comes back, and whether it is signed where the question was. */
  const tell = (source: string, { key, ...more }: Question & { readonly key?: TestKey } = {}): string => {
    const message = encodeQuery({ flags: FLAGS, name: 'copy.test.', type: 'SOA', ...more });
    const sent = key === undefined ? message : signQuery(message, { key }).bytes;
    const bytes = askBytes(desk, sent, { ...more, source });
    if (bytes.length === 0) return 'nothing';
    if (key !== undefined) assert.ok(readSignature(bytes, key), 'the answer is signed');
    const { rcode, message: answer } = describeAnswer(bytes);
    assert.equal(answer.opcode, 4);
    assert.equal(answer.isAuthoritative, rcode === 'NOERROR');
    assert.equal(answer.answers.length + answer.authorities.length, 0);
    return rcode;
  };
  return { fixture, desk, tell, hints };
}

describe('a NOTIFY', () => {
  const { fixture, desk, tell, hints } = open();

  it('is accepted from the address of a primary, IPv4 or IPv6, and handed on with that address', () => {
    assert.equal(tell(OPEN), 'NOERROR');
    assert.equal(tell(OPEN_IPV6), 'NOERROR');
    assert.equal(tell(OPEN, { name: 'KEYLESS.test.' }), 'NOERROR');
    assert.deepEqual(hints.splice(0), [`copy.test ${OPEN}`, `copy.test ${OPEN_IPV6}`, `keyless.test ${OPEN}`]);
  });

  it('is refused from anybody else, whatever client subnet it states', () => {
    for (const source of [STRANGER, '192.0.2.11', '2001:db8::6', '2001:db8:0:1::5'])
      assert.equal(tell(source), 'REFUSED');
    assert.equal(tell(STRANGER, { subnet: `${OPEN}/32` }), 'REFUSED');
    assert.equal(tell(OPEN, { subnet: LONDON }), 'NOERROR');
    assert.deepEqual(hints.splice(0), [`copy.test ${OPEN}`]);
  });

  it('is accepted from anywhere with the key of a primary, and with no other', () => {
    assert.equal(tell(STRANGER, { key: TEST_KEY }), 'NOERROR');
    assert.equal(tell(STRANGER, { key: OTHER_KEY }), 'NOERROR');
    assert.equal(tell(STRANGER, { key: TEST_KEY, name: 'keyless.test.' }), 'REFUSED');
    assert.deepEqual(hints.splice(0), [`copy.test ${STRANGER}`, `copy.test ${STRANGER}`]);
  });

  it('must be signed with the key of the primary that it comes from, where that has one', () => {
    assert.equal(tell(KEYED), 'REFUSED');
    assert.equal(tell(KEYED, { key: OTHER_KEY }), 'REFUSED');
    assert.equal(tell(KEYED, { key: TEST_KEY }), 'NOERROR');
    assert.equal(tell(BOTH), 'REFUSED');
    for (const key of [TEST_KEY, OTHER_KEY]) assert.equal(tell(BOTH, { key }), 'NOERROR');
    // No key is asked for: one more proof does no harm.
    assert.equal(tell(OPEN, { key: OTHER_KEY }), 'NOERROR');
    assert.equal(hints.splice(0).length, 4);
  });

  it('with a wrong signature is answered as any message with one is, and does nothing', () => {
    const message = encodeQuery({ flags: FLAGS, name: 'copy.test.', type: 'SOA' });
    const bad = { ...TEST_KEY, secret: new Uint8Array(32) };
    const bytes = askBytes(desk, signQuery(message, { key: bad }).bytes, { source: OPEN });
    assert.equal(describeAnswer(bytes).rcode, 'NOTAUTH');
    assert.deepEqual(hints, []);
  });

  it('of a name that is no apex of ours, or of another class, is NOTAUTH', () => {
    for (const name of ['www.copy.test.', 'test.', 'example.net.', '.']) assert.equal(tell(OPEN, { name }), 'NOTAUTH');
    for (const text of ['CH', 'ANY', 'NONE']) assert.equal(tell(OPEN, { class: text }), 'NOTAUTH');
    assert.deepEqual(hints, []);
  });

  it('of a zone that has no primaries is refused', () => {
    assert.equal(tell(OPEN, { name: 'own.test.' }), 'REFUSED');
    assert.equal(tell(STRANGER, { name: 'own.test.', key: TEST_KEY }), 'REFUSED');
    assert.deepEqual(hints, []);
  });

  it('goes over UDP, TCP and TLS, and is no request of the web', () => {
    for (const protocol of ['udp', 'tcp', 'tls'] as const) assert.equal(tell(OPEN, { protocol }), 'NOERROR');
    assert.equal(tell(OPEN, { protocol: 'https' }), 'NOTIMP');
    assert.equal(hints.splice(0).length, 3);
  });

  it('is counted by what it was answered with, and as a request for the zone', () => {
    const run = () => {
      tell(OPEN);
      tell(OPEN, { name: 'keyless.test.' });
      tell(STRANGER);
      tell(OPEN, { name: 'example.net.' });
    };
    assert.deepEqual(countersMoved(fixture, run, 'hints'), { accepted: 2, refused: 1, 'not-authoritative': 1 });
    assert.deepEqual(countersMoved(fixture, run, 'requests'), {
      'copy.test udp 4 SOA': 2,
      'keyless.test udp 4 SOA': 1,
      ' udp 4 SOA': 1,
    });
    hints.length = 0;
  });

  it('says why it was not accepted to whoever understands it (RFC 8914)', () => {
    const errorOf = (source: string, name: string) => {
      const message = encodeQuery({ flags: FLAGS, name, type: 'SOA', edns: true });
      const { edns } = describeAnswer(askBytes(desk, message, { source })).message;
      return edns?.options.find(({ code }) => code === 15)?.data[1];
    };
    assert.equal(errorOf(STRANGER, 'copy.test.'), 18);
    assert.equal(errorOf(OPEN, 'example.net.'), 20);
    assert.equal(errorOf(OPEN, 'copy.test.'), undefined);
    hints.length = 0;
  });

  it('costs nobody anything where nobody listens', () => {
    const deaf = open();
    deaf.desk.notifyHints = undefined;
    assert.equal(deaf.tell(OPEN), 'NOERROR');
    assert.deepEqual(deaf.hints, []);
  });
});

describe('a NOTIFY where answers are limited', () => {
  it('is handed on though its answers are withheld; one that is signed is not limited', () => {
    const { fixture, tell, hints } = open(conductWith({ rateLimit: { responsesPerSecond: 5, slip: 0 } }));
    const limited = countersMoved(
      fixture,
      () => {
        const answers = Array.from({ length: 20 }, () => tell(OPEN));
        assert.equal(answers.filter((answer) => answer === 'NOERROR').length, 5);
      },
      'limited',
    );
    assert.deepEqual(limited, { 'copy.test dropped': 15 });
    // Each zone by itself: a primary may have many.
    assert.equal(tell(OPEN, { name: 'keyless.test.' }), 'NOERROR');
    assert.equal(hints.length, 21);
    for (let turn = 0; turn < 20; turn++) assert.equal(tell(KEYED, { key: TEST_KEY }), 'NOERROR');
  });

  it('needs a cookie over UDP where queries do', () => {
    const { tell, hints } = open(conductWith({ cookies: { required: 'always' } }, COOKIE_SECRET));
    const options = [{ code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8] }];
    assert.equal(tell(OPEN, { options }), 'BADCOOKIE');
    assert.deepEqual(hints, []);
    assert.equal(tell(OPEN, { options, protocol: 'tcp' }), 'NOERROR');
  });
});
