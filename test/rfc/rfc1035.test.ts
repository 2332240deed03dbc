// RFC 1035, "Domain names - implementation and specification": messages on the wire. An independent decoder reads them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import packet from 'dns-packet';
import { encodeName, encodeQuery } from '../support/dns-client.ts';
import { askZone, RFC_FIXTURE } from '../support/rfc-zone.ts';
import { ask, askBytes } from '../support/snapshot-fixture.ts';

const { desk } = RFC_FIXTURE;

describe('RFC 1035 section 4.1.1: the header', () => {
  // "ID: A 16 bit identifier assigned by the program that generates any kind of query. This identifier is copied the
  // corresponding reply".
  it('copies the id, whatever the answer is', () => {
    for (const id of [0, 1, 0x8000, 0xffff]) {
      assert.equal(askZone('mail', 'A', { id }).message.id, id);
      assert.equal(askZone('mail', 'A', { id, counts: [2, 0, 0, 0] }).message.id, id);
      assert.equal(askZone('mail', 'A', { id, flags: 0x2000 }).message.id, id);
    }
  });

  // "RD: Recursion Desired - this bit may be set in a query and is copied into the response." "RA: […] denotes whether
  // recursive query support is available in the name server." "Z: Reserved for future use. Must be zero".
  it('copies RD, and never sets RA or Z', () => {
    for (const flags of [0, 0x0100, 0xffff & ~0x8000 & ~0x7800]) {
      const { bytes } = askZone('mail', 'A', { flags });
      const [high = 0, low = 0] = [bytes[2], bytes[3]];
      assert.equal(high & 0x01, (flags >> 8) & 1);
      assert.equal(low & 0xe0, 0);
    }
  });

  // "NOTIMP: The name server does not support the requested kind of query."
  it('does not implement other opcodes, and repeats them', () => {
    for (const opcode of [1, 2, 5, 6, 15]) {
      const { rcode, message } = askZone('mail', 'A', { flags: opcode << 11 });
      assert.deepEqual([rcode, message.opcode, message.isAuthoritative], ['NOTIMP', opcode, false]);
    }
  });

  // "Format error - The name server was unable to interpret the query."
  it('answers what it cannot interpret with a format error', () => {
    const { rcode, message } = ask(desk, { trailing: [1] });
    assert.deepEqual([rcode, message.questions.length], ['FORMERR', 1]);
    assert.equal(ask(desk, { rawName: [0xc0, 0x0c] }).message.questions.length, 0);
  });

  // Section 6.2: "When a response is […] QCLASS=*, […] the response can never be authoritative"
  it('never claims authority over all classes', () => {
    const { message, answers } = askZone('mail', 'A', { class: 'ANY' });
    assert.deepEqual([answers.length, message.isAuthoritative], [1, false]);
  });
});

describe('RFC 1035 section 4.1.4: compression', () => {
  // "a pointer to a prior occurance of the same name"
  it('is read by others as it was meant, in every section', () => {
    const names = ['', 'mail', 'alias', 'sub', 'nothing', 'q.wild', 'host.old', 'www', 'leaving', 'broken', 'visiting'];
    for (const name of names) {
      for (const type of ['A', 'MX', 'NS', 'SOA', 'TXT', 'ANY']) {
        const { bytes, message } = askZone(name, type, { edns: true });
        const decoded = packet.decode(Buffer.from(bytes));
        assert.equal(decoded.answers.length, message.answers.length);
        assert.equal(decoded.authorities?.length, message.authorities.length);
      }
    }
  });

  it('points at names that stand before it, and at nothing else', () => {
    const { answers } = packet.decode(Buffer.from(askZone('alias').bytes));
    assert.deepEqual(
      answers.map(({ name, data }) => `${name} ${String(data)}`),
      ['alias.example.com alias2.example.com', 'alias2.example.com mail.example.com', 'mail.example.com 192.0.2.3'],
    );
    const negative = packet.decode(Buffer.from(askZone('broken').bytes));
    assert.equal(negative.authorities?.[0]?.name, 'example.com');
  });

  it('works for the longest names', () => {
    const label = 'a'.repeat(63);
    const rest = 255 - encodeName('wild.example.com.').length - 3 * 64;
    const name = `${label}.${label}.${label}.${'b'.repeat(rest - 1)}.wild.example.com.`;
    assert.equal(encodeName(name).length, 255);
    const { rcode, answers, message } = ask(desk, { name, type: 'TXT', subnet: '2001:db8::/128' });
    assert.deepEqual([rcode, answers.length], ['NOERROR', 1]);
    assert.equal(message.answers[0]?.name.length, 255);
  });
});

describe('RFC 1035 section 4.2.1: UDP', () => {
  // "Messages carried by UDP are restricted to 512 bytes (not counting the IP or UDP headers). Longer messages are truncated
  // and the TC bit is set in the header."
  it('is kept to 512 bytes', () => {
    const { bytes, message } = askZone('big');
    assert.ok(bytes.length <= 512);
    assert.deepEqual([message.isTruncated, message.answers.length], [true, 0]);
  });

  it('gives TCP what UDP cannot take', () => {
    const { message } = askZone('huge', 'A', { protocol: 'tcp' });
    assert.deepEqual([message.isTruncated, message.answers.length], [false, 200]);
  });

  it('never answers a response', () => {
    assert.equal(askBytes(desk, encodeQuery({ flags: 0x8180 })).length, 0);
    assert.equal(askBytes(desk, askZone('mail').bytes).length, 0);
  });
});
