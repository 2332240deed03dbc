// RFC 4343, "Domain Name System (DNS) Case Insensitivity Clarification".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeName } from '../support/dns-client.ts';
import { askZone, RFC_FIXTURE } from '../support/rfc-zone.ts';
import { ask } from '../support/snapshot-fixture.ts';

describe('RFC 4343', () => {
  // Section 3: "names are compared […] case insensitively", and section 4.1: "no loss of case […] the output should be as
  // it was entered".
  it('finds a name in whatever case it is asked, and keeps that case in question and owner', () => {
    const names = ['mail', 'alias', 'www', 'nothing', 'q.wild', 'x.sub', 'host.old'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.infiniteStream(fc.boolean()), (name, upper) => {
        const plain = askZone(name);
        const text = [...`${name}.example.com.`]
          .map((octet) => (upper.next().value ? octet.toUpperCase() : octet))
          .join('');
        const mixed = ask(RFC_FIXTURE.desk, { name: text });
        assert.deepEqual(mixed.message.questions[0]?.name, encodeName(text));
        assert.equal(mixed.rcode, plain.rcode);
        assert.deepEqual(mixed.data, plain.data);
        const [first] = mixed.message.answers;
        // Owners point at the question; that of a DNAME at its end.
        if (plain.answers[0]?.startsWith(`${name}.`)) assert.deepEqual(first?.name, encodeName(text));
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  // Section 3: "those octets in the ranges 0x61 to 0x7A and 0x41 to 0x5A" and no others.
  it('folds ASCII letters alone', () => {
    const withOctet = (octet: number) =>
      ask(RFC_FIXTURE.desk, { rawName: [4, octet, 0x61, 0x69, 0x6c, ...encodeName('example.com.')] });
    assert.equal(withOctet(0x4d).rcode, 'NOERROR');
    for (const octet of [0x2d, 0x0d, 0xcd, 0xed]) assert.equal(withOctet(octet).rcode, 'NXDOMAIN');
  });
});
