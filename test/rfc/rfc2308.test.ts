// RFC 2308, "Negative Caching of DNS Queries".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, SOA_NEGATIVE } from '../support/rfc-zone.ts';

describe('RFC 2308 section 3: negative answers', () => {
  // "Name servers authoritative for a zone MUST include the SOA record of the zone in the authority section of the response
  // when reporting an NXDOMAIN or indicating that no data of the requested type exists."
  it('carry the SOA', () => {
    assert.deepEqual(askZone('nothing').authorities, [SOA_NEGATIVE]);
    assert.deepEqual(askZone('mail', 'TXT').authorities, [SOA_NEGATIVE]);
    assert.deepEqual(askZone('alias2', 'MX').authorities, [SOA_NEGATIVE]);
  });

  // "The TTL of this record is set from the minimum of the MINIMUM field of the SOA record and the TTL of the SOA itself".
  it('may be kept for the lesser of the SOA’s TTL and its last field', () => {
    assert.match(askZone('nothing').authorities[0] ?? '', /^example\.com 60 SOA /);
    assert.match(askZone('nothing.inner').authorities[0] ?? '', /^inner\.example\.com 5 SOA /);
    // Asked for itself it has its own TTL.
    assert.match(askZone('', 'SOA').answers[0] ?? '', /^example\.com 300 SOA /);
  });
});

describe('RFC 2308 section 2: name errors and no data', () => {
  // Section 2.1: "Name errors (NXDOMAIN) are indicated by the presence of "Name Error" in the RCODE field."
  it('tells a name that does not exist from one without the type', () => {
    assert.equal(askZone('nothing', 'TXT').rcode, 'NXDOMAIN');
    assert.equal(askZone('mail', 'TXT').rcode, 'NOERROR');
    assert.equal(askZone('empty', 'TXT').rcode, 'NOERROR');
  });

  // Section 2.1: "where the NXDOMAIN is the result of a CNAME […] the authority section contains the SOA of the zone of the
  // target". RFC 6604 section 3: "the rcode is that of the last query cycle".
  it('speaks of the last name of a chain', () => {
    const { rcode, answers, authorities } = askZone('broken');
    assert.deepEqual([rcode, answers.length, authorities], ['NXDOMAIN', 1, [SOA_NEGATIVE]]);
    const visiting = askZone('visiting', 'TXT');
    assert.equal(visiting.rcode, 'NOERROR');
    assert.match(visiting.authorities[0] ?? '', /^example\.org 60 SOA /);
  });

  it('is the same for steered names', () => {
    assert.deepEqual(askZone('www', 'TXT').authorities, [SOA_NEGATIVE]);
    assert.deepEqual(askZone('v4', 'AAAA').authorities, [SOA_NEGATIVE]);
    assert.equal(askZone('x.www').rcode, 'NXDOMAIN');
  });
});
