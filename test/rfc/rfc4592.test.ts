// RFC 4592, "The Role of Wildcards in the Domain Name System".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, SOA_NEGATIVE } from '../support/rfc-zone.ts';

describe('RFC 4592', () => {
  // Section 3.3.3: "the resulting answer has the owner name changed from the wildcard domain name to the query name".
  it('answers with the wildcard’s records under the name that was asked', () => {
    assert.deepEqual(askZone('q.wild', 'TXT').answers, ['q.wild.example.com 3600 TXT "wild"']);
    assert.deepEqual(askZone('a.b.c.wild', 'TXT').answers, ['a.b.c.wild.example.com 3600 TXT "wild"']);
    const { answers, additionals } = askZone('q.wild', 'MX');
    assert.deepEqual([answers, additionals.length], [['q.wild.example.com 3600 MX 5 mail.example.com.'], 1]);
  });

  // Section 2.2.1: "QNAME=host3.example. QTYPE=A […] the answer will be a 'no error, but no data'".
  it('has no data where the wildcard has another type', () => {
    const { rcode, answers, authorities } = askZone('q.wild', 'A');
    assert.deepEqual([rcode, answers, authorities], ['NOERROR', [], [SOA_NEGATIVE]]);
  });

  // Section 2.2.1: "The following responses would not be synthesized from any of the wildcards […] because [the name] exists".
  it('is not used for a name that exists, whatever its types', () => {
    assert.equal(askZone('there.wild', 'TXT').answers.length, 0);
    assert.equal(askZone('there.wild', 'TXT').rcode, 'NOERROR');
  });

  // Section 2.2.2: "Empty non-terminals […] are domain names that own no resource records but have subdomains that do." They
  // exist, and section 4.6 "a wildcard never matches them".
  it('is not used for an empty non-terminal, nor below it', () => {
    assert.deepEqual([askZone('between.wild', 'TXT').rcode, askZone('between.wild', 'TXT').answers], ['NOERROR', []]);
    assert.equal(askZone('q.between.wild', 'TXT').rcode, 'NXDOMAIN');
    assert.equal(askZone('q.there.wild', 'TXT').rcode, 'NXDOMAIN');
  });

  // RFC 8020 section 2: "the name has subdomains that exist", here the apex of another zone of ours, which nobody delegates.
  it('is not used above a nested zone, whether or not it is delegated', () => {
    assert.deepEqual([askZone('within.wild', 'TXT').rcode, askZone('within.wild', 'TXT').answers], ['NOERROR', []]);
    assert.equal(askZone('q.within.wild', 'TXT').rcode, 'NXDOMAIN');
    assert.match(askZone('deep.within.wild', 'SOA').answers.join(), /^deep\.within\.wild\.example\.com 3600 SOA/);
  });

  // Section 2.2.1: "there is a zone cut" between: "host.subdel.example. […] the existence of a zone cut".
  it('is not used below a zone cut', () => {
    const { authorities, answers } = askZone('q.cut.wild', 'TXT');
    assert.deepEqual([answers, authorities], [[], ['cut.wild.example.com 3600 NS ns1.example.net.']]);
  });

  // Section 2.3: "a query for [the wildcard itself] is matched as any name".
  it('can be asked for itself, and its subdomains do not exist', () => {
    assert.deepEqual(askZone('*.wild', 'TXT').answers, ['*.wild.example.com 3600 TXT "wild"']);
    assert.equal(askZone('q.*.wild', 'TXT').rcode, 'NXDOMAIN');
  });

  // Section 4.3: "a CNAME RRSet at a wildcard domain name […] the CNAME is synthesized".
  it('makes aliases', () => {
    assert.deepEqual(askZone('q.goes').answers, [
      'q.goes.example.com 3600 CNAME mail.example.com.',
      'mail.example.com 3600 A 192.0.2.3',
    ]);
  });
});
