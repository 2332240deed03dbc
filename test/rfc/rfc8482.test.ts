// RFC 8482, "Providing Minimal-Sized Responses to DNS Queries That Have QTYPE=ANY".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, SOA_NEGATIVE } from '../support/rfc-zone.ts';

describe('RFC 8482', () => {
  // Section 4.2: "a single HINFO resource record SHOULD be returned. […] The CPU field of the HINFO RDATA SHOULD be set to
  // "RFC8482". The OS field of the HINFO RDATA SHOULD be set to the null string".
  it('gives one small HINFO instead of everything', () => {
    for (const name of ['mail', 'big', 'www', '', 'q.wild']) {
      const { answers, rcode, additionals } = askZone(name, 'ANY');
      const owner = name === '' ? 'example.com' : `${name}.example.com`;
      assert.deepEqual([rcode, answers, additionals], ['NOERROR', [`${owner} 3600 HINFO "RFC8482" ""`], []]);
    }
  });

  // Section 4.2: "If there is no CNAME present at the owner name matching the QNAME, the resource record returned in the
  // response MAY instead be synthesized."
  it('gives the CNAME where there is one', () => {
    assert.deepEqual(askZone('alias', 'ANY').answers, ['alias.example.com 3600 CNAME alias2.example.com.']);
    assert.deepEqual(askZone('q.goes', 'ANY').answers, ['q.goes.example.com 3600 CNAME mail.example.com.']);
  });

  it('does not make data where there is none', () => {
    assert.deepEqual(
      [askZone('nothing', 'ANY').rcode, askZone('nothing', 'ANY').authorities],
      ['NXDOMAIN', [SOA_NEGATIVE]],
    );
    assert.deepEqual([askZone('empty', 'ANY').rcode, askZone('empty', 'ANY').authorities], ['NOERROR', [SOA_NEGATIVE]]);
  });

  it('amplifies nothing: the answer is hardly longer than the query', () => {
    const { bytes } = askZone('big', 'ANY');
    assert.ok(bytes.length < 70);
  });
});
