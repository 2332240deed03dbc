// The configuration that is fuzzed against: one of everything that a lookup can meet.

export const WORLD_DOCUMENT = `
zones:
  - name: gtm.example.com
    soa: { mname: ns1.gtm.example.com, rname: hostmaster.example.com, minimum: 60 }
    ns: [ns1.gtm.example.com]
    records:
      - { name: ns1, type: A, ttl: 3600, data: [192.0.2.53] }
      - { name: alias, type: CNAME, ttl: 300, data: [www.gtm.example.com.] }
      - { name: loop, type: CNAME, ttl: 300, data: [pool.gtm.example.com.] }
      - { name: pool, type: CNAME, ttl: 300, data: [loop.gtm.example.com.] }
      - { name: "*.wild", type: TXT, ttl: 300, data: ['"anything"'] }
      - { name: sub, type: NS, ttl: 300, data: [ns.sub.gtm.example.com.] }
      - { name: ns.sub, type: A, ttl: 300, data: [192.0.2.77] }
      - { name: big, type: TXT, ttl: 300, data: ['"${'x'.repeat(250)}"', '"${'y'.repeat(250)}"', '"${'z'.repeat(250)}"'] }
clusters:
  - { id: eu, region: eu-west, endpoints: [{ id: a, address: 203.0.113.1 }, { id: b, address: "2001:db8::1" }] }
  - { id: us, region: us-east, endpoints: [{ id: a, address: 203.0.113.2 }] }
services:
  - { name: www, zone: gtm.example.com, clusters: [eu, us], rank: [{ by: proximity }] }
`;
