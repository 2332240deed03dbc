// RFC 7871, "Client Subnet in DNS Queries".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeSubnet } from '../support/dns-client.ts';
import { askZone } from '../support/rfc-zone.ts';
import { LONDON, NEW_YORK } from '../support/snapshot-fixture.ts';

const raw = (...data: readonly number[]) => ({ options: [{ code: 8, data }] });

describe('RFC 7871', () => {
  // Section 7.2.1: "an Authoritative Nameserver […] If it implements and the query has the option, it MUST include an ECS
  // option in its response", and section 6: FAMILY, SOURCE PREFIX-LENGTH and ADDRESS "MUST match those in the query".
  it('hands the option back with the query’s family, length and address', () => {
    for (const subnet of [LONDON, '81.2.69.160/32', '2a00::/16', '0.0.0.0/0', '::/0', '2001:db8:ffff::/47']) {
      const sent = encodeSubnet(subnet).data;
      const [option] = askZone('www', 'A', { subnet }).message.edns?.options ?? [];
      assert.equal(option?.code, 8);
      const { data } = option;
      assert.deepEqual([...data.slice(0, 3), ...data.slice(4)], [...sent.slice(0, 3), ...sent.slice(4)]);
    }
  });

  it('says nothing of subnets where none was said', () => {
    assert.deepEqual(askZone('www', 'A', { edns: true, source: '81.2.69.1' }).message.edns?.options, []);
  });

  // Section 7.2.1: "SCOPE PREFIX-LENGTH […] indicates the length of the network prefix for which this answer is appropriate".
  it('says over which prefix a steered answer holds', () => {
    assert.equal(askZone('www', 'A', { subnet: LONDON }).scope, 4);
    assert.notDeepEqual(askZone('www', 'A', { subnet: LONDON }).data, askZone('www', 'A', { subnet: NEW_YORK }).data);
  });

  // Section 7.2.1: "if the answer does not depend on the client’s network […] SHOULD set SCOPE PREFIX-LENGTH to 0".
  it('says 0 where the answer is not tailored', () => {
    for (const name of ['mail', 'nothing', 'sub', 'example.net.'])
      assert.equal(askZone(name, 'A', { subnet: LONDON }).scope, 0);
    assert.equal(askZone('www', 'TXT', { subnet: LONDON }).scope, 0);
  });

  // Section 7.1.2: "SOURCE PREFIX-LENGTH set to 0 [… the server] MUST NOT use information from [the option]", and section
  // 7.2.1: the response then has scope 0.
  it('does not locate a client that does not want to be located', () => {
    const answer = askZone('www', 'A', { subnet: '0.0.0.0/0', source: '12.0.0.1' });
    assert.deepEqual([answer.scope, answer.data], [0, ['203.0.113.2']]);
    assert.equal(askZone('www', 'A', raw(0, 0, 0, 0)).scope, 0);
  });

  // Section 7.2.1: "A query with a wrongly formatted option (e.g., an unknown FAMILY) MUST be rejected and a FORMERR response
  // MUST be returned to the sender, as described by [RFC6891]".
  it('refuses what is wrongly formatted', () => {
    const wrong = [
      raw(0, 3, 0, 0),
      raw(0, 1, 33, 0, 1, 2, 3, 4, 5),
      raw(0, 1, 24, 0, 1, 2),
      raw(0, 1, 24, 0, 1, 2, 3, 4),
      raw(0, 1, 23, 0, 1, 2, 1),
      raw(0, 1, 24, 24, 1, 2, 3),
      raw(),
    ];
    for (const shape of wrong) {
      const { rcode, message } = askZone('www', 'A', shape);
      assert.deepEqual([rcode, message.edns?.options], ['FORMERR', []]);
    }
  });

  it('is the same over TCP', () => {
    const [udp, tcp] = (['udp', 'tcp'] as const).map((protocol) => askZone('www', 'A', { subnet: LONDON, protocol }));
    assert.deepEqual(udp?.bytes, tcp?.bytes);
  });
});
