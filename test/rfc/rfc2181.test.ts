// RFC 2181, "Clarifications to the DNS Specification": RRsets are whole or not there at all.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone } from '../support/rfc-zone.ts';

describe('RFC 2181 section 9: the TC bit', () => {
  // "Where TC is set, the partial RRSet that would not completely fit may be left in the response. When a DNS client receives
  // a reply with TC set, it should ignore that response, and query again" - and section 5: "RRsets […] must be whole".
  it('is set when an RRset that was asked for does not fit, and no part of it is sent', () => {
    for (const udpSize of [512, 600, 651, 652, 653, 1232]) {
      const { message, bytes } = askZone('big', 'A', { udpSize });
      assert.ok(bytes.length <= udpSize);
      assert.equal(message.answers.length, message.isTruncated ? 0 : 40);
    }
  });

  it('is not needed from the byte on where all of it fits', () => {
    const whole = askZone('big', 'A', { udpSize: 1232 }).bytes.length;
    assert.equal(askZone('big', 'A', { udpSize: whole }).message.isTruncated, false);
    assert.equal(askZone('big', 'A', { udpSize: whole - 1 }).message.isTruncated, true);
  });

  // "The TC bit should not be set merely because some extra information could have been included, but there was insufficient
  // room. This includes the results of additional section processing."
  it('is not set for additional records that do not fit', () => {
    const { message } = askZone('', 'MX', { protocol: 'tcp', outSize: 150 });
    assert.deepEqual([message.answers.length, message.additionals.length, message.isTruncated], [3, 0, false]);
  });

  // "The TC bit should be set in responses only when an RRSet is required as a part of the response, but could not be
  // included in its entirety."
  it('is set when the SOA of a negative answer does not fit', () => {
    const { message, rcode } = askZone('nothing', 'A', { protocol: 'tcp', outSize: 60 });
    assert.deepEqual([rcode, message.authorities.length, message.isTruncated], ['NXDOMAIN', 0, true]);
  });

  it('is set when an alias fits and its target does not', () => {
    const { message } = askZone('alias', 'A', { protocol: 'tcp', outSize: 100 });
    assert.deepEqual([message.answers.length, message.isTruncated], [2, true]);
  });
});

// RFC 9471 section 2.1: "If message size constraints prevent the inclusion of all glue records for in-domain name servers
// over the chosen transport, the server MUST set the TC (Truncated) flag".
describe('RFC 9471: glue', () => {
  it('is in the referral, or the referral is truncated', () => {
    const whole = askZone('x.sub', 'A', { protocol: 'tcp' });
    assert.equal(whole.additionals.length, 2);
    for (let outSize = 60; outSize < whole.bytes.length; outSize++) {
      assert.equal(askZone('x.sub', 'A', { protocol: 'tcp', outSize }).message.isTruncated, true, `${outSize} bytes`);
    }
    assert.equal(askZone('x.sub', 'A', { protocol: 'tcp', outSize: whole.bytes.length }).message.isTruncated, false);
  });
});
