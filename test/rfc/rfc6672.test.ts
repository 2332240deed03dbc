// RFC 6672, "DNAME Redirection in the DNS".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, SOA_NEGATIVE } from '../support/rfc-zone.ts';

describe('RFC 6672', () => {
  // Section 3.1: "The server includes the DNAME RR in the answer section [… and] a synthesized CNAME RR […] The TTL of the
  // synthesized CNAME RR is equal to the TTL of the corresponding DNAME".
  it('redirects what stands below, by DNAME and CNAME', () => {
    assert.deepEqual(askZone('host.old').answers, [
      'old.example.com 3600 DNAME new.example.com.',
      'host.old.example.com 3600 CNAME host.new.example.com.',
      'host.new.example.com 3600 A 192.0.2.30',
    ]);
    assert.deepEqual(askZone('a.b.away').answers.slice(1), ['a.b.away.example.com 3600 CNAME a.b.example.net.']);
  });

  // Section 2.3: "the DNAME RR redirects DNS names subordinate to its owner name; the owner name of a DNAME is not redirected
  // itself."
  it('does not redirect its own name', () => {
    assert.deepEqual(askZone('old', 'TXT').answers, ['old.example.com 3600 TXT "its own"']);
    assert.deepEqual(askZone('old', 'DNAME').answers, ['old.example.com 3600 DNAME new.example.com.']);
    assert.deepEqual([askZone('old').rcode, askZone('old').authorities], ['NOERROR', [SOA_NEGATIVE]]);
  });

  it('leads to what does not exist', () => {
    const { rcode, answers, authorities } = askZone('nothing.old');
    assert.deepEqual([rcode, answers.length, authorities], ['NXDOMAIN', 2, [SOA_NEGATIVE]]);
  });

  // Section 2.2: "If the name […] is too long […] the server returns YXDOMAIN".
  it('says so when the name becomes too long', () => {
    const label = 'a'.repeat(63);
    const room = 255 - 'old.example.com.'.length - 1 - 3 * 64;
    const longest = `${label}.${label}.${label}.${'b'.repeat(room - 1)}`;
    assert.equal(askZone(`${longest}.old`, 'A', { protocol: 'tcp' }).rcode, 'NXDOMAIN');
    // round2 is one octet longer than round.
    const { rcode, answers } = askZone(`${longest.slice(0, -2)}.round`);
    assert.deepEqual([rcode, answers], ['YXDOMAIN', ['round.example.com 3600 DNAME round2.example.com.']]);
  });

  // Section 3.2: a DNAME is met anew for each name.
  it('redirects two names of one chain', () => {
    assert.deepEqual(askZone('twice.old').answers, [
      'old.example.com 3600 DNAME new.example.com.',
      'twice.old.example.com 3600 CNAME twice.new.example.com.',
      'twice.new.example.com 3600 CNAME host.old.example.com.',
      'host.old.example.com 3600 CNAME host.new.example.com.',
      'host.new.example.com 3600 A 192.0.2.30',
    ]);
  });

  // The synthesized CNAME is what was asked for, as at a CNAME of the zone (RFC 1034 section 4.3.2 step 3a).
  it('answers a question for a CNAME with the one that it makes', () => {
    const { rcode, answers, authorities } = askZone('nothing.old', 'CNAME');
    assert.deepEqual([rcode, authorities], ['NOERROR', []]);
    assert.equal(answers.at(-1), 'nothing.old.example.com 3600 CNAME nothing.new.example.com.');
  });

  it('gives each link of a ring once', () => {
    assert.equal(askZone('q.round').answers.length, 4);
    assert.equal(askZone('q.round').rcode, 'NOERROR');
  });

  it('is truncated when the CNAME does not fit', () => {
    const { message } = askZone('host.old', 'A', { protocol: 'tcp', outSize: 65 });
    assert.equal(message.isTruncated, true);
  });
});
