// RFC 4035, "Protocol Modifications for the DNS Security Extensions": section 2, the signed zone, and section 3, the server.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { originalTtlOf } from '../../src/dnssec/rrsig.ts';
import type { ZoneKeys } from '../../src/dnssec/zone-keys.ts';
import { dataStartOf, findRrset, NODE_WORDS, type ZoneImage } from '../../src/snapshot/zone-image.ts';
import { recordsOfZone, viewZone } from '../../src/transfer/zone-records.ts';
import { formatName } from '../../src/wire/name.ts';
import { TYPE_NSEC, TYPE_RRSIG } from '../../src/wire/record-types.ts';
import { sign } from '../support/signed-keys.ts';
import { ASKED, ASKED_TYPES, describeWorld, makeWorldKeys, SIGNED_ZONE } from '../support/signed-world.ts';
import { type Answer, ask as askDesk, createFixture, type Question } from '../support/snapshot-fixture.ts';
import { verifySignatures } from '../support/verify-signatures.ts';

const keys: ReadonlyMap<string, ZoneKeys> = makeWorldKeys();
const fixture = createFixture({ ...describeWorld(keys) }, { keys });
const dnskeys = new Map([...keys].map(([zone, { published }]) => [zone, published]));

function ask(name: string, type = 'A', question: Question = {}): Answer {
  const full = name === '@' ? SIGNED_ZONE : `${name}.${SIGNED_ZONE}`;
  return askDesk(fixture.desk, { name: `${full}.`, type, dnssecOk: true, ...question });
}

/** What stands in a section, types and names only: signatures as `name RRSIG(type)`. */
function outline(lines: readonly string[]): readonly string[] {
  return lines.map((line) => {
    const [name, , type, covered] = line.split(' ');
    const short = name === SIGNED_ZONE ? '@' : name?.replace(`.${SIGNED_ZONE}`, '');
    return type === 'RRSIG' ? `${short} RRSIG(${covered})` : `${short} ${type}`;
  });
}

const DENIAL = ['@ SOA', '@ RRSIG(SOA)'];
const nsec = (name: string) => [`${name} NSEC`, `${name} RRSIG(NSEC)`];

describe('RFC 4035 section 2, zone signing', () => {
  // Section 2.2: "For each authoritative RRset in a signed zone, there MUST be at least one RRSIG record".
  it('signs every authoritative set, whatever is asked, and each signature is good', () => {
    let sets = 0;
    for (const [name] of ASKED) {
      for (const type of ASKED_TYPES) {
        const answer = askDesk(fixture.desk, { name: `${name}.`, type, dnssecOk: true, protocol: 'tcp' });
        const { unsigned, faults } = verifySignatures(answer.message, dnskeys);
        assert.deepEqual(faults, [], `${name} ${type}`);
        const plain = unsigned.filter((title) => !mayBeUnsigned(title));
        assert.deepEqual(plain, [], `${name} ${type}`);
        sets += answer.answers.length + answer.authorities.length;
      }
    }
    assert.ok(sets > 1000);
  });

  // Section 2.2: "The NS RRset that appears at the zone apex name MUST be signed, but the NS RRsets that appear at delegation
  // points […] MUST NOT be signed. Glue address RRsets associated with delegations MUST NOT be signed."
  it('signs the NS of the apex, not those of delegations', () => {
    assert.deepEqual(outline(ask('@', 'NS').answers), ['@ NS', '@ RRSIG(NS)']);
    assert.deepEqual(outline(ask('secure', 'NS', { name: 'x.deep.secure.s.example.' }).answers), []);
    const referral = ask('www.cut', 'A');
    assert.equal(outline(referral.authorities).includes('cut RRSIG(NS)'), false);
  });

  // Section 2.3: "Each owner name in the zone that has authoritative data or a delegation point NS RRset MUST have an NSEC
  // resource record", and RFC 4034 section 4.1.1: "The value of the Next Domain Name field in the last NSEC record in the zone
  // is the name of the zone apex".
  it('chains all names that have records, in canonical order, and back to the apex', () => {
    const image = fixture.snapshot.zones.images[0];
    assert.ok(image?.signing);
    const next = new Map(Array.from(image.signing.chain, (node) => nextOf(image, node)));
    const seen = [SIGNED_ZONE];
    for (let name = next.get(SIGNED_ZONE) ?? ''; name !== SIGNED_ZONE; name = next.get(name) ?? SIGNED_ZONE)
      seen.push(name);
    assert.equal(seen.length, next.size);
    assert.deepEqual(seen, [...seen].sort(inCanonicalOrder));
    const names = ['www', 'steer', 'cn', '*.wild', 'x.*.star', 'a.b.ent', 'secure', 'insecure', 'upper.case'];
    for (const name of names) assert.ok(seen.includes(`${name}.${SIGNED_ZONE}`), name);
    // Names that only stand between others have none: "MUST NOT be the only RRset at any particular owner name".
    for (const name of ['ent', 'b.ent', 'wild', 'case', '*.star', 't']) {
      assert.equal(seen.includes(`${name}.${SIGNED_ZONE}`), false, name);
    }
  });

  // Section 2.3: "The type bitmap of every NSEC resource record in a signed zone MUST indicate the presence of both the NSEC
  // record itself and its corresponding RRSIG record", and RFC 4034 section 4.1.2: "Bits representing types at a delegation […]
  // NS and DS".
  it('says in the bitmap what there is, steered types among them', () => {
    const types = (name: string) => ask(name, 'NSEC').answers[0]?.split(' ').slice(4).join(' ');
    assert.equal(types('www'), 'A AAAA RRSIG NSEC HTTPS');
    assert.equal(types('steer'), 'A AAAA RRSIG NSEC HTTPS');
    assert.equal(types('cn'), 'CNAME RRSIG NSEC');
    assert.equal(types('@'), 'NS SOA MX TXT RRSIG NSEC DNSKEY');
  });
});

describe('RFC 4035 section 3.1, authoritative name servers', () => {
  // Section 3.1: "If the DO bit is not set, the name server MUST NOT include [RRSIG, DNSKEY, or NSEC] unless explicitly requested".
  it('adds nothing where the DO bit is clear', () => {
    const { answers, authorities } = ask('absent', 'A', { dnssecOk: false, edns: true });
    assert.deepEqual([answers, outline(authorities)], [[], ['@ SOA']]);
    assert.deepEqual(outline(ask('www', 'A', { dnssecOk: false }).answers), ['www A']);
    assert.deepEqual(outline(ask('@', 'DNSKEY', { dnssecOk: false }).answers), ['@ DNSKEY', '@ DNSKEY']);
  });

  // Section 3.1.1: "If space does not permit inclusion of these RRSIG RRs, the name server MUST set the TC bit".
  it('truncates where a signature has no room', () => {
    const whole = ask('www', 'AAAA');
    assert.deepEqual(outline(whole.answers), ['www AAAA', 'www AAAA', 'www RRSIG(AAAA)']);
    const cut = ask('www', 'AAAA', { udpSize: 512, outSize: whole.bytes.length - 1 });
    assert.deepEqual([cut.answers, cut.message.isTruncated], [[], true]);
    const denied = ask('absent', 'A', { outSize: ask('absent').bytes.length - 1 });
    assert.equal(denied.message.isTruncated, true);
    assert.deepEqual(verifySignatures(denied.message, dnskeys).faults, []);
  });

  // Section 3.1.3.1: "the name server MUST include the NSEC RR for <SNAME, SCLASS> along with its associated RRSIG RR(s)".
  it('proves with the NSEC of the name that a type is not there', () => {
    assert.deepEqual(outline(ask('ns1', 'TXT').authorities), [...DENIAL, ...nsec('ns1')]);
    assert.deepEqual(outline(ask('steer', 'TXT').authorities), [...DENIAL, ...nsec('steer')]);
  });

  // RFC 7129 section 3 on empty non-terminals: they "exist" but own no NSEC; the one that covers them spans the name.
  it('proves with the NSEC that covers it that a name between others has nothing', () => {
    const { rcode, authorities } = ask('b.ent', 'A');
    assert.deepEqual([rcode, outline(authorities)], ['NOERROR', [...DENIAL, ...nsec('d')]]);
  });

  // Section 3.1.3.2: "An NSEC RR proving that there is no exact match […] An NSEC RR proving that the zone contains no RRsets
  // that would match <SNAME, SCLASS> via wildcard name expansion."
  it('proves that there is neither the name nor a wildcard for it, with one record where one does both', () => {
    assert.deepEqual(outline(ask('absent').authorities), [...DENIAL, ...nsec('@')]);
    assert.deepEqual(outline(ask('zzzz').authorities), [...DENIAL, ...nsec('_443._tcp.www'), ...nsec('@')]);
    assert.equal(ask('zzzz').rcode, 'NXDOMAIN');
  });

  // Section 3.1.3.3: "An NSEC RR that proves that the zone does not contain a closer match […] MUST be [in] the Authority section".
  it('proves beside a wildcard’s records that there is nothing closer', () => {
    const { answers, authorities } = ask('x.wild', 'TXT');
    assert.deepEqual(outline(answers), ['x.wild TXT', 'x.wild RRSIG(TXT)']);
    assert.deepEqual(outline(authorities), nsec('there.wild'));
  });

  // Section 3.1.3.4: wildcard no data: "An NSEC RR proving that there are no RRsets matching STYPE at the wildcard owner name
  // […] [and] an NSEC RR proving that there are no RRsets in the zone that would have been a closer match".
  it('proves where a wildcard has nothing of the type both', () => {
    const { rcode, authorities } = ask('x.wild', 'MX');
    assert.deepEqual([rcode, outline(authorities)], ['NOERROR', [...DENIAL, ...nsec('there.wild'), ...nsec('*.wild')]]);
  });

  // RFC 1035 section 4.1.4: a pointer has 14 bits, and the proof stands behind all of the answer.
  it('proves beside an answer that is longer than a pointer reaches', () => {
    const data = Array.from({ length: 100 }, (_, index) => `"${String(index).padStart(200, 'x')}"`);
    const records = [
      { name: '*.big', type: 'TXT', ttl: 300, data },
      { name: 'a.big', type: 'A', ttl: 300, data: ['192.0.2.1'] },
    ];
    const zones = [{ name: SIGNED_ZONE, ns: ['ns1.example.net'], records, dnssec: { enabled: true } }];
    const big = createFixture({ zones, monitors: [] }, { keys });
    const answer = askDesk(big.desk, { name: `x.big.${SIGNED_ZONE}.`, type: 'TXT', dnssecOk: true, protocol: 'tcp' });
    assert.ok(answer.bytes.length > 20_000);
    assert.deepEqual(outline(answer.authorities), nsec('a.big'));
    assert.deepEqual(verifySignatures(answer.message, dnskeys), { unsigned: [], faults: [] });
  });

  // RFC 9077 section 3.1: "The TTL of the NSEC RR that is returned MUST be the lesser of the MINIMUM field of the SOA record and the
  // TTL of the SOA itself."
  it('gives an NSEC the TTL of a negative answer', () => {
    for (const [ttl, minimum] of [
      [30, 60],
      [600, 60],
    ]) {
      const soa = { mname: 'ns1.example.net', rname: 'h.example.net', ttl, minimum };
      const zone = { name: SIGNED_ZONE, ns: ['ns1.example.net'], soa, records: [], dnssec: { enabled: true } };
      const { desk } = createFixture({ zones: [zone], monitors: [] }, { keys });
      const { message } = askDesk(desk, { name: `absent.${SIGNED_ZONE}.`, dnssecOk: true });
      const ttls = message.authorities.map(({ ttlSeconds }) => ttlSeconds);
      assert.deepEqual(ttls, Array(4).fill(Math.min(ttl ?? 0, minimum ?? 0)));
    }
  });

  // Section 3.1.4: "If a DS RRset is present at the delegation point, the name server MUST return both the DS RRset and its
  // associated RRSIG RR(s) in the Authority section along with the NS RRset. If no DS RRset is present […] the NSEC RR that
  // proves that the DS RRset is not present".
  it('refers with the DS, or with the proof that there is none', () => {
    const cut = createFixture(
      {
        zones: [
          {
            name: SIGNED_ZONE,
            ns: ['ns1.example.net'],
            records: [
              { name: 'bare', type: 'NS', data: ['ns1.example.net.'] },
              { name: 'held', type: 'NS', data: ['ns1.held'] },
              { name: 'ns1.held', type: 'A', data: ['192.0.2.9'] },
              { name: 'held', type: 'DS', data: [`1 13 2 ${'ab'.repeat(32)}`] },
            ],
            dnssec: { enabled: true },
          },
        ],
        monitors: [],
      },
      { keys },
    );
    const refer = (name: string) => askDesk(cut.desk, { name: `${name}.${SIGNED_ZONE}.`, dnssecOk: true });
    assert.deepEqual(outline(refer('x.bare').authorities), ['bare NS', ...nsec('bare')]);
    const held = refer('x.held');
    assert.deepEqual(outline(held.authorities), ['held NS', 'held DS', 'held RRSIG(DS)']);
    assert.deepEqual(outline(held.additionals), ['ns1.held A']);
    assert.deepEqual(verifySignatures(held.message, dnskeys), { unsigned: ['held.s.example NS'], faults: [] });
    const types = askDesk(cut.desk, { name: `bare.${SIGNED_ZONE}.`, type: 'DS', dnssecOk: true });
    assert.match(types.authorities.join('\n'), /^bare\.s\.example 60 NSEC \S+ NS RRSIG NSEC$/m);
  });

  // Section 3.1.4.1: the DS of a child is answered from above the cut, "as the parent".
  it('signs the DS of a zone of ours with the keys of its parent', () => {
    const { answers, message } = ask('secure', 'DS');
    assert.deepEqual(outline(answers), ['secure DS', 'secure RRSIG(DS)']);
    assert.match(answers[1] ?? '', / s\.example\. /);
    assert.deepEqual(verifySignatures(message, dnskeys).faults, []);
    assert.deepEqual(outline(ask('insecure', 'DS').authorities), [...DENIAL, ...nsec('insecure')]);
  });
});

describe('RFC 4034 section 3, the RRSIG record', () => {
  // "The TTL value of an RRSIG RR MUST match the TTL value of the RRset it covers."
  it('gives signatures that are asked for, or copied, the TTL of what each of them covers', () => {
    const ttls = (lines: readonly string[]) =>
      Object.fromEntries(lines.map((line) => [line.split(' ')[3] ?? '', Number(line.split(' ')[1])]));
    assert.deepEqual(ttls(ask('www', 'RRSIG').answers), { A: 300, AAAA: 600, HTTPS: 300, NSEC: 60 });
    const view = viewZone(fixture.snapshot, 0, sign);
    assert.ok(view);
    const copied = [...recordsOfZone(view)].flatMap(({ type, ttlSeconds, data, dataStart }) =>
      type === TYPE_RRSIG ? [[ttlSeconds, originalTtlOf(data, dataStart)]] : [],
    );
    assert.ok(copied.length > 50);
    for (const [ttl, original] of copied) assert.equal(ttl, original);
  });
});

describe('signing what depends on who asks', () => {
  it('signs whatever set a service hands out, with the TTL that it may have at most', () => {
    const seen = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const { message, data, answers } = ask('steer', 'A');
      assert.deepEqual(verifySignatures(message, dnskeys), { unsigned: [], faults: [] });
      seen.add(
        data
          .filter((text) => !text.startsWith('A '))
          .sort()
          .join(),
      );
      assert.match(answers.at(-1) ?? '', /RRSIG A 13 3 30 /);
    }
    assert.ok(seen.size >= 1);
    fixture.state.serviceTtls.fill(10);
    const { message, ttl } = ask('steer', 'A');
    assert.equal(ttl, 10);
    assert.deepEqual(verifySignatures(message, dnskeys), { unsigned: [], faults: [] });
  });

  it('denies a type that a service has for others with an NSEC of its own', () => {
    const fenced = { source: '127.0.0.9' };
    const { rcode, authorities, message } = ask('fenced', 'AAAA', fenced);
    assert.equal(rcode, 'NOERROR');
    assert.match(authorities.join('\n'), /^fenced\.s\.example 60 NSEC \S+ A RRSIG NSEC$/m);
    assert.deepEqual(verifySignatures(message, dnskeys), { unsigned: [], faults: [] });
    assert.match(ask('fenced', 'TXT').authorities.join('\n'), /NSEC \S+ A AAAA RRSIG NSEC$/m);
  });

  it('denies it so too where the same NSEC proves that a wildcard stands in', () => {
    const { answers, authorities, message } = ask('x.fx', 'AAAA', { source: '127.0.0.9' });
    assert.deepEqual(outline(answers), ['x.fx CNAME', 'x.fx RRSIG(CNAME)']);
    assert.match(authorities.join('\n'), /^m\.fx\.s\.example 60 NSEC \S+ A RRSIG NSEC$/m);
    assert.deepEqual(verifySignatures(message, dnskeys), { unsigned: [], faults: [] });
  });

  // RFC 8482 section 4.2: the HINFO stands for what there is; in a signed zone it must be signed as any record.
  it('signs the one record that ANY is answered with', () => {
    const { answers, message } = ask('www', 'ANY');
    assert.deepEqual(outline(answers), ['www HINFO', 'www RRSIG(HINFO)']);
    assert.deepEqual(verifySignatures(message, dnskeys), { unsigned: [], faults: [] });
  });
});

/** Synthesized CNAMEs are proven by their DNAME (RFC 6672 section 5.3.1); referrals and unsigned zones have no signatures. */
function mayBeUnsigned(title: string): boolean {
  return /\.d\.s\.example CNAME$/.test(title) || title.includes('insecure.s.example') || title.endsWith(' NS');
}

/** Owner and next name of the NSEC at a node. */
function nextOf(image: ZoneImage, node: number): readonly [string, string] {
  const { bytes, words, name } = image;
  const start = 4 * (node + NODE_WORDS);
  const owner = formatName(Uint8Array.from([...bytes.subarray(start, start + ((words[node] ?? 0) & 0xff)), ...name]));
  return [owner, formatName(bytes, dataStartOf(image, findRrset(image, node, TYPE_NSEC)) + 2)];
}

/** RFC 4034 section 6.1, for names without escapes. */
function inCanonicalOrder(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.split('.').reverse().join('\0'));
  return left === right ? 0 : (left ?? '') < (right ?? '') ? -1 : 1;
}
