// RFC 1034, "Domain names - concepts and facilities": how a name is looked up in zones.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, SOA_NEGATIVE } from '../support/rfc-zone.ts';

describe('RFC 1034 section 4.3.2: the algorithm', () => {
  // "If the whole of QNAME is matched, we have found the node. […] copy all RRs which match QTYPE into the answer section"
  it('answers with the records of the name and type, with authority', () => {
    const { rcode, answers, message } = askZone('txt', 'TXT');
    assert.equal(rcode, 'NOERROR');
    assert.equal(message.isAuthoritative, true);
    assert.deepEqual(answers, ['txt.example.com 120 TXT "one"', 'txt.example.com 120 TXT "two"']);
  });

  // "If the data at the node is a CNAME, and QTYPE doesn't match CNAME, copy the CNAME RR into the answer section of the
  // response, change QNAME to the canonical name in the CNAME RR, and go back to step 1."
  it('follows aliases', () => {
    assert.deepEqual(askZone('alias').answers, [
      'alias.example.com 3600 CNAME alias2.example.com.',
      'alias2.example.com 3600 CNAME mail.example.com.',
      'mail.example.com 3600 A 192.0.2.3',
    ]);
    assert.deepEqual(askZone('alias', 'CNAME').answers, ['alias.example.com 3600 CNAME alias2.example.com.']);
  });

  it('follows aliases into other zones of ours, and no further', () => {
    assert.deepEqual(askZone('visiting').answers, [
      'visiting.example.com 3600 CNAME host.example.org.',
      'host.example.org 3600 A 192.0.2.40',
    ]);
    const { answers, rcode, authorities } = askZone('leaving');
    assert.deepEqual(
      [answers, rcode, authorities],
      [['leaving.example.com 3600 CNAME www.example.net.'], 'NOERROR', []],
    );
  });

  // Back at step 1, step 3b may come next: "Copy the NS RRs for the subzone into the authority section of the reply."
  it('refers to a delegated zone at the end of an alias', () => {
    const { answers, rcode, authorities, additionals, message } = askZone('delegated');
    assert.deepEqual([answers, rcode], [['delegated.example.com 3600 CNAME www.sub.example.com.'], 'NOERROR']);
    assert.equal(message.isAuthoritative, true);
    assert.deepEqual(authorities, [
      'sub.example.com 3600 NS ns.sub.example.com.',
      'sub.example.com 3600 NS ns1.example.net.',
    ]);
    assert.deepEqual(additionals, [
      'ns.sub.example.com 3600 A 192.0.2.10',
      'ns.sub.example.com 3600 AAAA 2001:db8::10',
    ]);
  });

  // Section 3.6.2: "CNAME chains should be followed and CNAME loops signalled as an error." (Of a resolver, which is given
  // each link of the loop once, and finds it.)
  it('gives each link of a ring of aliases once', () => {
    assert.deepEqual(askZone('ring').answers, [
      'ring.example.com 3600 CNAME ring2.example.com.',
      'ring2.example.com 3600 CNAME ring.example.com.',
    ]);
    assert.deepEqual(askZone('self').answers, ['self.example.com 3600 CNAME self.example.com.']);
    // The same record of a wildcard stands for two names.
    assert.deepEqual(askZone('q.loop').answers, [
      'q.loop.example.com 3600 CNAME a.loop.example.com.',
      'a.loop.example.com 3600 CNAME a.loop.example.com.',
    ]);
  });

  it('ends a very long chain with what has been found', () => {
    const { answers, rcode } = askZone('c1');
    assert.equal(rcode, 'NOERROR');
    assert.equal(answers.length, 8);
    assert.equal(askZone('c2').answers.at(-1), 'mail.example.com 3600 A 192.0.2.3');
  });

  // "If a match would take us out of the authoritative data, we have a referral. […] Copy the NS RRs for the subzone into
  // the authority section of the reply. Put whatever addresses are available into the additional section, using glue RRs
  // if the addresses are not available from authoritative data or the cache."
  it('refers to the servers of a delegated zone, without authority, with their glue', () => {
    for (const name of ['sub', 'www.sub', 'a.b.c.sub', 'ns.sub', 'hidden.sub']) {
      for (const type of ['A', 'TXT', 'NS', 'SOA', 'ANY']) {
        const { rcode, message, answers, authorities, additionals } = askZone(name, type);
        assert.equal(rcode, 'NOERROR');
        assert.equal(message.isAuthoritative, false);
        assert.deepEqual(answers, []);
        assert.deepEqual(authorities, [
          'sub.example.com 3600 NS ns.sub.example.com.',
          'sub.example.com 3600 NS ns1.example.net.',
        ]);
        assert.deepEqual(additionals, [
          'ns.sub.example.com 3600 A 192.0.2.10',
          'ns.sub.example.com 3600 AAAA 2001:db8::10',
        ]);
      }
    }
  });

  it('refers to servers elsewhere without any address', () => {
    const { authorities, additionals } = askZone('x.elsewhere');
    assert.deepEqual([authorities, additionals], [['elsewhere.example.com 3600 NS ns1.example.net.'], []]);
  });

  // "If the "*" label does not exist, check whether the name we are looking for is the original QNAME in the query […]. If
  // the name is original, set an authoritative name error in the response and exit."
  it('says that a name does not exist', () => {
    const { rcode, message, authorities } = askZone('nothing');
    assert.deepEqual([rcode, message.isAuthoritative, authorities], ['NXDOMAIN', true, [SOA_NEGATIVE]]);
  });

  // "Using local data only, attempt to add other RRs which may be useful to the additional section of the query."
  it('adds the addresses of the hosts that are named, each once', () => {
    assert.deepEqual(askZone('', 'MX').additionals, ['mail.example.com 3600 A 192.0.2.3']);
    assert.deepEqual(askZone('', 'NS').additionals, [
      'ns1.example.com 3600 A 192.0.2.1',
      'ns2.example.com 3600 A 192.0.2.2',
      'ns2.example.com 3600 AAAA 2001:db8::2',
    ]);
    assert.deepEqual(askZone('_sip._tcp', 'SRV').additionals, ['mail.example.com 3600 A 192.0.2.3']);
  });
});

describe('RFC 1034 section 4.2.1: zones', () => {
  it('answers from the deepest zone that holds the name', () => {
    assert.deepEqual(askZone('host.inner').answers, ['host.inner.example.com 3600 A 192.0.2.50']);
    const { rcode, authorities } = askZone('nothing.inner');
    assert.equal(rcode, 'NXDOMAIN');
    assert.match(authorities[0] ?? '', /^inner\.example\.com 5 SOA /);
  });

  it('refuses names in none of its zones, saying nothing more', () => {
    for (const name of ['example.net.', 'com.', 'www.example.com.example.net.', 'xexample.com.']) {
      const { rcode, message, authorities, additionals } = askZone(name);
      assert.deepEqual([rcode, message.isAuthoritative, authorities, additionals], ['REFUSED', false, [], []]);
    }
  });
});

// RFC 4035 section 3.1.4.1: "the name server is authoritative for the parent zone" of a cut, and answers DS from there.
describe('RFC 4035 section 3.1.4.1: DS at a cut', () => {
  it('is answered by the parent, with authority', () => {
    const { answers, message } = askZone('sub', 'DS');
    assert.equal(answers.length, 1);
    assert.equal(message.isAuthoritative, true);
  });

  it('is no data where there is none, with the SOA of the parent', () => {
    const { rcode, answers, authorities } = askZone('elsewhere', 'DS');
    assert.deepEqual([rcode, answers, authorities], ['NOERROR', [], [SOA_NEGATIVE]]);
  });

  it('is a referral below the cut', () => {
    assert.equal(askZone('x.sub', 'DS').authorities.length, 2);
    assert.equal(askZone('x.sub', 'DS').message.isAuthoritative, false);
  });

  it('is answered by the parent where both sides are ours, whatever else is asked by the child', () => {
    const signed = askZone('inner', 'DS');
    assert.deepEqual(signed.answers, ['inner.example.com 3600 DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118']);
    assert.equal(signed.message.isAuthoritative, true);
    const { rcode, answers, authorities } = askZone('unsigned', 'DS');
    assert.deepEqual([rcode, answers, authorities], ['NOERROR', [], [SOA_NEGATIVE]]);
    assert.match(askZone('inner', 'SOA').answers.join(), /^inner\.example\.com 3600 SOA/);
  });

  it('is answered by the parent at the end of an alias too', () => {
    const ds = (name: string) => [`${name}.example.com 3600 DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118`];
    assert.deepEqual(askZone('to-inner', 'DS').answers.slice(1), ds('inner'));
    assert.deepEqual(askZone('to-sub', 'DS').answers.slice(1), ds('sub'));
    assert.deepEqual(askZone('to-inner', 'DS').authorities, []);
  });

  it('is answered by the zone above where that one does not delegate the child, too', () => {
    const { rcode, answers, authorities } = askZone('stray', 'DS');
    assert.deepEqual([rcode, answers, authorities], ['NOERROR', [], [SOA_NEGATIVE]]);
  });

  it('is answered by the child where no zone of ours is above it', () => {
    assert.match(askZone('example.org.', 'DS').authorities.join(), /^example\.org 60 SOA/);
  });
});
