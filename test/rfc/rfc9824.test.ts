// RFC 9824, "Compact Denial of Existence in DNSSEC".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeQuery } from '../support/dns-client.ts';
import { ASKED, ASKED_TYPES, describeWorld, makeWorldKeys, SIGNED_ZONE } from '../support/signed-world.ts';
import { type Answer, askBytes, ask as askDesk, createFixture, type Question } from '../support/snapshot-fixture.ts';
import { verifySignatures } from '../support/verify-signatures.ts';

const keys = makeWorldKeys();
const { desk } = createFixture({ ...describeWorld(keys, 'compact') }, { keys });
const dnskeys = new Map([...keys].map(([zone, { published }]) => [zone, published]));
const COMPACT_OK = 0x40;

function ask(name: string, type = 'A', question: Question = {}): Answer {
  return askDesk(desk, { name: `${name}.${SIGNED_ZONE}.`, type, dnssecOk: true, ...question });
}

/** `owner next types` of the only NSEC. */
function denialOf({ authorities }: Answer): string {
  const found = authorities.filter((line) => / NSEC /.test(line) && !line.includes(' RRSIG NSEC 13 '));
  assert.equal(found.length, 1, authorities.join('\n'));
  return (found[0] ?? '').replace(/ \d+ NSEC/, '');
}

describe('RFC 9824', () => {
  // Section 3.1: "the server returns a NODATA response with […] an NSEC record whose owner name matches the QNAME, […] Next
  // Domain Name […] the immediate lexicographic successor of the owner name, and Type Bit Maps field [with] only […] RRSIG,
  // NSEC, and NXNAME".
  it('denies a name that is not there by one record at that name', () => {
    const answer = ask('absent');
    assert.equal(answer.rcode, 'NOERROR');
    assert.equal(denialOf(answer), 'absent.s.example \\000.absent.s.example. RRSIG NSEC NXNAME');
    assert.equal(answer.authorities.length, 4);
    assert.deepEqual(verifySignatures(answer.message, dnskeys), { unsigned: [], faults: [] });
  });

  // Section 3.2: "a NODATA response […] Type Bit Maps […] the types that do exist at the name".
  it('says what there is where the type is not', () => {
    assert.equal(denialOf(ask('www', 'MX')), 'www.s.example \\000.www.s.example. A AAAA RRSIG NSEC HTTPS');
    assert.equal(denialOf(ask('steer', 'TXT')), 'steer.s.example \\000.steer.s.example. A AAAA RRSIG NSEC HTTPS');
    assert.equal(
      denialOf(ask('fenced', 'AAAA', { source: '127.0.0.9' })),
      'fenced.s.example \\000.fenced.s.example. A RRSIG NSEC',
    );
  });

  // Section 3.2, on empty non-terminals: they have "only NSEC and RRSIG", which tells them from names that are not there.
  it('tells a name between others from one that is not there', () => {
    assert.equal(denialOf(ask('b.ent')), 'b.ent.s.example \\000.b.ent.s.example. RRSIG NSEC');
  });

  it('answers from a wildcard as if the name had the records, and as if it lacked the others', () => {
    const answer = ask('x.wild', 'TXT');
    assert.deepEqual(answer.authorities, []);
    assert.match(answer.answers[1] ?? '', /^x\.wild\.s\.example 300 RRSIG TXT 13 4 300 /);
    assert.deepEqual(verifySignatures(answer.message, dnskeys), { unsigned: [], faults: [] });
    assert.equal(denialOf(ask('x.wild', 'MX')), 'x.wild.s.example \\000.x.wild.s.example. A TXT RRSIG NSEC');
  });

  // RFC 4035 section 2.2: "An RRSIG RR itself MUST NOT be signed".
  it('signs no signatures, asked for as they may be', () => {
    for (const name of ['x.wild', 'www', '*.wild']) {
      const { answers } = ask(name, 'RRSIG');
      assert.ok(answers.length > 0, name);
      assert.deepEqual(
        answers.filter((line) => line.includes(' RRSIG RRSIG ')),
        [],
      );
    }
  });

  it('refers to a child without DS with an NSEC of the delegation', () => {
    const insecure = ask('insecure', 'DS');
    assert.match(denialOf(insecure), /^insecure\.s\.example \\000\.insecure\.s\.example\. NS RRSIG NSEC$/);
  });

  // Section 5.1: "an authoritative server implementing both […] will set the Compact Answers OK EDNS header flag and, for
  // nonexistent names, will additionally set the response code field to NXDOMAIN."
  it('says NXDOMAIN, and CO, to those who set CO', () => {
    const query = encodeQuery({ name: `absent.${SIGNED_ZONE}.`, dnssecOk: true });
    const flags = query.length - 4;
    assert.equal(query[flags], 0x80);
    query[flags] = 0x80 | COMPACT_OK;
    const bytes = askBytes(desk, query);
    assert.equal((bytes[3] ?? 0) & 15, 3);
    assert.equal(bytes[bytes.length - 4], 0x80 | COMPACT_OK);
    assert.equal(ask('absent', 'A', { dnssecOk: false, edns: true }).rcode, 'NXDOMAIN');
  });

  // Section 3.5: "If an explicit query for the NXNAME RR type is received, the DNS server MUST return a Format Error".
  it('takes NXNAME for no type to ask for', () => {
    assert.equal(ask('www', 'NXNAME').rcode, 'FORMERR');
  });

  it('signs whatever it says, of every name and type, in one NSEC at most', () => {
    for (const [name] of ASKED) {
      for (const type of ASKED_TYPES) {
        const { message, authorities } = askDesk(desk, { name: `${name}.`, type, dnssecOk: true });
        const { faults } = verifySignatures(message, dnskeys);
        assert.deepEqual(faults, [], `${name} ${type}`);
        if (!name.includes('secure')) assert.ok(authorities.length <= 4, authorities.join('\n'));
      }
    }
  });

  // RFC 4471 section 3.1.2: a name that has no room for another label, or octet.
  it('finds a next name for the longest ones', () => {
    const label = 'a'.repeat(63);
    // 3 × 64 and the zone's 11 octets leave 52 of 255.
    for (const length of [49, 50, 51]) {
      const name = ['b'.repeat(length), label, label, label].join('.');
      const answer = ask(name);
      const [owner = '', next = ''] = denialOf(answer).split(' ');
      assert.notEqual(next, `${owner}.`);
      assert.deepEqual(verifySignatures(answer.message, dnskeys).faults, []);
    }
    assert.match(denialOf(ask(['b'.repeat(51), label, label, label].join('.'))), / b{50}c\./);
  });
});
