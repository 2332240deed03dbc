// RFC 7873, "Domain Name System (DNS) Cookies", and RFC 9018, "Interoperable Domain Name System (DNS) Server Cookies".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCookies } from '../../src/answer/cookie.ts';
import { parseAddress } from '../../src/model/address.ts';
import { COOKIE_SECRET, conductWith } from '../support/conduct.ts';
import { askZone, OPEN_FIXTURE } from '../support/rfc-zone.ts';
import { createFixture, type Fixture, type Question } from '../support/snapshot-fixture.ts';

const CLIENT_COOKIE = [0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57];
const optionOf = (data: readonly number[]) => ({ code: 10, data });
const cookies = (...data: readonly number[]): Question => ({ options: [optionOf(data)], source: '198.51.100.100' });
const cookiesOf = ({ message }: ReturnType<typeof askZone>) =>
  message.edns?.options.filter(({ code }) => code === 10).map(({ data }) => Buffer.from(data).toString('hex')) ?? [];

OPEN_FIXTURE.desk.nowSeconds = 1_559_731_985;
const ask = (question: Question, fixture: Fixture = OPEN_FIXTURE, name = 'mail') =>
  askZone(name, 'A', question, fixture);

const strict = createFixture({}, { conduct: conductWith({ cookies: { required: 'always' } }, COOKIE_SECRET) });
const ignorant = createFixture({});

describe('RFC 7873', () => {
  // Section 5.2.1: "If there is no OPT RR or no COOKIE option is present in the request, then the server responds to the
  // request as if the server doesn't implement the COOKIE option."
  it('says nothing of cookies to clients without', () => {
    assert.deepEqual(cookiesOf(ask({})), []);
    assert.deepEqual(cookiesOf(ask({ edns: true })), []);
    assert.equal(ask({ edns: true }, strict, 'ns1.gtm.example.com.').rcode, 'NOERROR');
  });

  // Section 5.2.2: "If the COOKIE option is too short to contain a Client Cookie, then FORMERR is generated. If the COOKIE
  // option length is longer than that required to hold a COOKIE option with just a Client Cookie (8 bytes) but is shorter
  // than the minimum COOKIE option with both a Client Cookie and a Server Cookie (16 bytes), then FORMERR is generated. If the
  // COOKIE option length is longer than the maximum valid COOKIE option (40 bytes), then FORMERR is generated."
  it('refuses lengths that no cookie has', () => {
    for (let length = 0; length <= 45; length++) {
      const isValid = length === 8 || (length >= 16 && length <= 40);
      const { rcode } = ask(cookies(...new Array<number>(length).fill(1)));
      assert.equal(rcode, isValid ? 'NOERROR' : 'FORMERR', `${length} octets`);
    }
  });

  // Section 5.2.3, choice (3): a normal response, whose COOKIE option has the client's cookie as it was sent and a server cookie.
  it('answers a client cookie with the same and a cookie of its own, whatever the answer', () => {
    for (const name of ['mail', 'nothing', 'www', 'sub', 'example.net.', 'huge']) {
      const [sent = ''] = cookiesOf(ask(cookies(...CLIENT_COOKIE), OPEN_FIXTURE, name));
      assert.ok(sent.startsWith('2464c4abcf10c957') && sent.length === 48);
    }
  });

  // Section 5.2.3: "(2) Send a BADCOOKIE error response."
  it('answers BADCOOKIE, with a good one, only where the operator requires cookies', () => {
    const name = 'ns1.gtm.example.com.';
    const first = ask(cookies(...CLIENT_COOKIE), strict, name);
    assert.deepEqual([first.rcode, first.answers], ['BADCOOKIE', []]);
    const [good = ''] = cookiesOf(first);
    const second = ask(cookies(...Buffer.from(good, 'hex')), strict, name);
    assert.deepEqual([second.rcode, second.data], ['NOERROR', ['192.0.2.53']]);
  });

  // Section 5.2.4: a client cookie and an invalid server cookie are treated as a client cookie alone.
  it('takes a wrong server cookie for none', () => {
    const wrong = cookies(...CLIENT_COOKIE, ...new Array<number>(16).fill(9));
    const { rcode, data } = ask(wrong);
    assert.deepEqual([rcode, data], ['NOERROR', ['192.0.2.3']]);
    assert.equal(ask(wrong, strict, 'ns1.gtm.example.com.').rcode, 'BADCOOKIE');
  });

  // Section 5.2.3: "If the request was received over TCP, the server SHOULD take the authentication provided by the use of TCP
  // into account and SHOULD choose (3)."
  it('believes who comes over TCP', () => {
    const name = 'ns1.gtm.example.com.';
    assert.equal(ask({ ...cookies(...CLIENT_COOKIE), protocol: 'tcp' }, strict, name).rcode, 'NOERROR');
  });

  it('looks at the first of several cookie options alone', () => {
    const other = optionOf([1, 2, 3, 4, 5, 6, 7, 8]);
    const answer = ask({ options: [optionOf(CLIENT_COOKIE), other], source: '198.51.100.100' });
    assert.deepEqual(cookiesOf(answer), cookiesOf(ask(cookies(...CLIENT_COOKIE))));
  });

  // Section 5.4: "For servers with DNS Cookies enabled, the QUERY opcode behavior is extended to support queries with an empty
  // Question Section (a QDCOUNT of zero (0)), provided that an OPT record is present with a COOKIE option. For such queries, the
  // server will send a reply that has an empty Answer Section and has a COOKIE option containing the Client Cookie and a valid
  // Server Cookie. If such a query provided just a Client Cookie and no Server Cookie, the response SHALL have the RCODE NOERROR."
  describe('without a question', () => {
    const bare = (question: Question): Question => ({ ...question, noQuestion: true });

    it('hands out a cookie', () => {
      const answer = ask(bare(cookies(...CLIENT_COOKIE)));
      assert.deepEqual([answer.rcode, answer.message.questions, answer.answers], ['NOERROR', [], []]);
      assert.equal(cookiesOf(answer)[0]?.length, 48);
    });

    // "In this case, the response SHALL have the RCODE BADCOOKIE if the Server Cookie sent with the query was invalid and the
    // RCODE NOERROR if it was valid."
    it('tells whether a cookie is still good', () => {
      const [good = ''] = cookiesOf(ask(cookies(...CLIENT_COOKIE)));
      assert.equal(ask(bare(cookies(...Buffer.from(good, 'hex')))).rcode, 'NOERROR');
      const stale = ask(bare(cookies(...CLIENT_COOKIE, ...new Array<number>(16).fill(1))));
      assert.deepEqual([stale.rcode, cookiesOf(stale)], ['BADCOOKIE', [good]]);
    });

    it('is badly formed without a cookie, or where there are none', () => {
      assert.equal(ask(bare({ options: [] })).rcode, 'FORMERR');
      assert.equal(ask(bare({ options: [{ code: 3, data: [] }] })).rcode, 'FORMERR');
      assert.equal(ask(bare(cookies(...CLIENT_COOKIE)), ignorant).rcode, 'FORMERR');
    });
  });

  it('answers as if there were no such option where cookies are off', () => {
    const answer = ask(cookies(...CLIENT_COOKIE), ignorant, 'ns1.gtm.example.com.');
    assert.deepEqual([answer.rcode, answer.message.edns?.options], ['NOERROR', []]);
  });
});

describe('RFC 9018', () => {
  const answerTo = (secrets: readonly string[], address: string, nowSeconds: number, cookie: string) => {
    const shared = conductWith({}, ...secrets).cookies.secrets;
    const data = Buffer.from(cookie, 'hex');
    const parsed = parseAddress(address);
    const words = new Uint32Array(4);
    words.set(parsed?.words ?? []);
    const out = new Uint8Array(24);
    const isValid = checkCookies(shared, { family: parsed?.family ?? 4, words }, data, 0, data.length, nowSeconds, out);
    return [Buffer.from(out).toString('hex'), isValid];
  };

  it('makes the cookies of appendix A.1, learning a new server cookie', () => {
    assert.deepEqual(answerTo([COOKIE_SECRET], '198.51.100.100', 1_559_731_985, '2464c4abcf10c957'), [
      '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
      false,
    ]);
    // The same through the whole answer path.
    assert.deepEqual(cookiesOf(ask(cookies(...CLIENT_COOKIE))), ['2464c4abcf10c957010000005cf79f111f8130c3eee29480']);
  });

  it('and of A.2, the same client learning a renewed server cookie', () => {
    const learned = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
    assert.deepEqual(answerTo([COOKIE_SECRET], '198.51.100.100', 1_559_734_385, learned), [
      '2464c4abcf10c957010000005cf7a871d4a564a1442aca77',
      true,
    ]);
  });

  // "Note that the Server Cookie has Reserved bytes set but is still valid with the configured secret; the Hash part is
  // calculated taking along the Reserved bytes." It is too old by then, and a new one has no Reserved bytes set.
  it('and of A.3, another client learning a renewed server cookie', () => {
    const learned = 'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5';
    const renewed = 'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e';
    assert.equal(answerTo([COOKIE_SECRET], '203.0.113.203', 1_559_734_700, learned)[0], renewed);
    assert.deepEqual(answerTo([COOKIE_SECRET], '203.0.113.203', 1_559_728_000, learned)[1], true);
  });

  it('and of A.4, IPv6 query with rolled over secret', () => {
    const secrets = ['445536bcd2513298075a5d379663c962', 'dd3bdf9344b678b185a6f5cb60fca715'];
    const learned = '22681ab97d52c298010000005cf7c57926556bd0934c72f8';
    assert.deepEqual(answerTo(secrets, '2001:db8:220:1:59de:d0f4:8769:82b8', 1_559_741_961, learned), [
      '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
      true,
    ]);
  });
});
