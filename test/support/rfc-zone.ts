// The zone that the tests of RFCs ask: something of everything, in two zones and a nested one.

import { OPEN_CONDUCT } from './conduct.ts';
import { type Answer, ask, createFixture, type Fixture, type Question } from './snapshot-fixture.ts';

export const RFC_DOCUMENT = `
zones:
  - name: example.com
    soa: { mname: ns1.example.com, rname: hostmaster.example.com, minimum: 60, ttl: 300 }
    ns: [ns1.example.com, ns2.example.com]
    records:
      - { name: ns1, type: A, data: [192.0.2.1] }
      - { name: ns2, type: A, data: [192.0.2.2] }
      - { name: ns2, type: AAAA, data: ["2001:db8::2"] }
      - { name: "@", type: MX, data: ["10 mail", "20 mail", "30 backup.example.net."] }
      - { name: mail, type: A, data: [192.0.2.3] }
      - { name: txt, type: TXT, ttl: 120, data: ['"one"', '"two"'] }
      - { name: _sip._tcp, type: SRV, data: ["1 1 5060 mail"] }
      - { name: a.empty, type: TXT, data: ['"below"'] }
      # Aliases, within and beyond, in a ring, and very many.
      - { name: alias, type: CNAME, data: [alias2] }
      - { name: alias2, type: CNAME, data: [mail] }
      - { name: broken, type: CNAME, data: [nothing] }
      - { name: leaving, type: CNAME, data: [www.example.net.] }
      - { name: visiting, type: CNAME, data: [host.example.org.] }
      - { name: delegated, type: CNAME, data: [www.sub] }
      - { name: ring, type: CNAME, data: [ring2] }
      - { name: ring2, type: CNAME, data: [ring] }
      - { name: self, type: CNAME, data: [self] }
      - { name: c1, type: CNAME, data: [c2] }
      - { name: c2, type: CNAME, data: [c3] }
      - { name: c3, type: CNAME, data: [c4] }
      - { name: c4, type: CNAME, data: [c5] }
      - { name: c5, type: CNAME, data: [c6] }
      - { name: c6, type: CNAME, data: [c7] }
      - { name: c7, type: CNAME, data: [c8] }
      - { name: c8, type: CNAME, data: [c9] }
      - { name: c9, type: CNAME, data: [mail] }
      # A delegation with glue, hidden names below it, and one with servers elsewhere.
      - { name: sub, type: NS, data: [ns.sub, ns1.example.net.] }
      - { name: sub, type: DS, data: ["60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"] }
      - { name: ns.sub, type: A, data: [192.0.2.10] }
      - { name: ns.sub, type: AAAA, data: ["2001:db8::10"] }
      - { name: hidden.sub, type: TXT, data: ['"never seen"'] }
      - { name: elsewhere, type: NS, data: [ns1.example.net.] }
      # The parent's side of a zone that is ours too.
      - { name: inner, type: NS, data: [ns1] }
      - { name: inner, type: DS, data: ["60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"] }
      - { name: unsigned, type: NS, data: [ns1] }
      - { name: to-inner, type: CNAME, data: [inner] }
      - { name: to-sub, type: CNAME, data: [sub] }
      # Wildcards.
      - { name: "*.wild", type: TXT, data: ['"wild"'] }
      - { name: "*.wild", type: MX, data: ["5 mail"] }
      - { name: there.wild, type: A, data: [192.0.2.20] }
      - { name: x.between.wild, type: A, data: [192.0.2.21] }
      - { name: cut.wild, type: NS, data: [ns1.example.net.] }
      - { name: "*.loop", type: CNAME, data: [a.loop] }
      - { name: "*.goes", type: CNAME, data: [mail] }
      # A tree that stands in another place.
      - { name: old, type: DNAME, data: [new] }
      - { name: old, type: TXT, data: ['"its own"'] }
      - { name: host.new, type: A, data: [192.0.2.30] }
      - { name: twice.new, type: CNAME, data: [host.old] }
      - { name: away, type: DNAME, data: [example.net.] }
      - { name: round, type: DNAME, data: [round2] }
      - { name: round2, type: DNAME, data: [round] }
      # More than fits into 512 bytes, and into 1232.
      - { name: big, type: A, data: [${Array.from({ length: 40 }, (_, index) => `198.51.100.${index}`).join(', ')}] }
      - { name: huge, type: A, data: [${Array.from({ length: 200 }, (_, index) => `198.51.100.${index}`).join(', ')}] }
  - name: example.org
    ns: [ns1.example.com]
    records:
      - { name: host, type: A, data: [192.0.2.40] }
  - name: deep.within.wild.example.com
    ns: [ns1.example.com]
  - name: unsigned.example.com
    ns: [ns1.example.com]
  - name: stray.example.com
    soa: { minimum: 7 }
    ns: [ns1.example.com]
  - name: inner.example.com
    soa: { minimum: 5 }
    ns: [ns1.example.com]
    records:
      - { name: host, type: A, data: [192.0.2.50] }
clusters:
  - { id: eu, region: eu-west, endpoints: [{ id: a, address: 203.0.113.1 }, { id: b, address: "2001:db8:1::1" }] }
  - { id: us, region: us-east, endpoints: [{ id: a, address: 203.0.113.2 }, { id: b, address: "2001:db8:1::2" }] }
services:
  - { name: www, zone: example.com, ttl: 20, clusters: [eu, us] }
  - { name: v4, zone: example.com, ttl: 20, clusters: [v4] }
`;

const DOCUMENT = RFC_DOCUMENT.replace(
  'services:',
  '  - { id: v4, region: eu-west, endpoints: [{ id: a, address: 203.0.113.9 }] }\nservices:',
);

export const RFC_FIXTURE: Fixture = createFixture(DOCUMENT);

/** The same, from a server that says of itself what it can. */
export const OPEN_FIXTURE: Fixture = createFixture(DOCUMENT, { conduct: OPEN_CONDUCT });

/** Asks the zone; names are below example.com unless they end in a dot. */
export function askZone(name: string, type = 'A', more: Question = {}, { desk } = RFC_FIXTURE): Answer {
  const full = name.endsWith('.') ? name : name === '' ? 'example.com.' : `${name}.example.com.`;
  return ask(desk, { ...more, name: full, type });
}

export const SOA_NEGATIVE = 'example.com 60 SOA ns1.example.com. hostmaster.example.com. 7 1800 600 604800 60';
