// RFC 5936, "DNS Zone Transfer Protocol (AXFR)", of whoever asks.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createReceiver, receiveMessage } from '../../src/transfer/receive-transfer.ts';
import { encodeQuery } from '../support/dns-client.ts';
import { createFixture } from '../support/snapshot-fixture.ts';
import { transfer } from '../support/transfer.ts';
import {
  COPY_NAME,
  decode,
  describeRecord,
  encodeAnswer,
  host,
  soa,
  type WireRecord,
} from '../support/zone-answers.ts';

const QUERY = encodeQuery({ id: 5, name: 'copy.test.', type: 'AXFR' });
describe('RFC 5936, as the client', () => {
  /** The records that the messages bring, what is wrong with them, or that there is more to come. */
  const receive = (messages: readonly Uint8Array[]): readonly string[] | string => {
    const receiver = createReceiver({ id: 5, zone: COPY_NAME, heldSerial: undefined });
    for (const [index, message] of messages.entries()) {
      const step = receiveMessage(receiver, decode(message));
      if (step.status === 'failed') return step.reason;
      if (step.status === 'more') continue;
      assert.equal(index, messages.length - 1);
      return step.received.status === 'whole' ? step.received.records.map(describeRecord) : step.received.status;
    }
    return 'more';
  };
  const of = (records: readonly WireRecord[], shape = {}) => encodeAnswer(records, shape);
  const [A, B] = [host('a.copy.test.', 1), host('b.copy.test.', 2)];
  const [SOA_TEXT, A_TEXT, B_TEXT] = receive([of([soa(9), A, B, soa(9)])]);

  it('takes what we send', () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({
      name: `h-${index}`,
      type: 'TXT',
      data: ['"abcdefgh"'],
    }));
    const transfers = { allow: ['198.51.100.0/24'] };
    const zone = { name: 'copy.test', ns: ['ns.elsewhere.test'], transfers, records: many };
    const { raw, records } = transfer(createFixture({ zones: [zone] }).desk, QUERY, '198.51.100.9');
    assert.ok(raw.length > 3);
    assert.deepEqual(receive(raw), records.slice(0, -1));
  });

  // Section 2.2: "In such a series, the first message MUST begin with the SOA resource record of the zone, and the last message
  // MUST conclude with the same SOA resource record. Intermediate messages MUST NOT contain the SOA resource record."
  it('takes a series that begins and ends with the same SOA, which stands nowhere else', () => {
    assert.deepEqual(receive([of([soa(9), A, B, soa(9)])]), [SOA_TEXT, A_TEXT, B_TEXT]);
    assert.match(String(receive([of([A, soa(9)])])), /does not begin with the SOA/);
    assert.match(String(receive([of([soa(9), A, soa(8), B])])), /holds another SOA/);
    assert.equal(receive([of([soa(9), A]), of([B])]), 'more');
  });

  // Section 2.2: "For subsequent messages, it MAY do the same or leave the Question section empty."
  it('takes messages without a question behind the first', () => {
    assert.equal(receive([of([soa(9), A]), of([B, soa(9)], { noQuestion: true })]).length, 3);
    assert.match(String(receive([of([soa(9), A], { noQuestion: true })])), /another question/);
  });

  // Section 2.2: "they are not required to do so, and clients MUST accept any ordering and grouping of the non-SOA RRs."
  it('takes records in any order and in messages of any size', () => {
    assert.deepEqual(receive([[soa(9)], [B], [], [A], [B, soa(9)]].map((records) => of(records))), [
      SOA_TEXT,
      B_TEXT,
      A_TEXT,
      B_TEXT,
    ]);
  });

  // Section 2.2: "An AXFR server may send a number of AXFR response messages free of an error condition before it sends the
  // message indicating an error." "Such a message terminates the AXFR session".
  it('has nothing of a series that an error ends', () => {
    assert.match(String(receive([of([soa(9), A]), of([], { flags: 0x8402 })])), /answers SERVFAIL/);
  });

  // Section 2.2.1: of AA, "It is RECOMMENDED that the value be ignored by the AXFR client." Of RA and Z, the client "MUST ignore"
  // them; "TC MUST be 0".
  it('does not look at AA, RA and Z, and takes nothing that is truncated', () => {
    for (const flags of [0x8000, 0x8480, 0x8440]) assert.equal(receive([of([soa(9), soa(9)], { flags })]).length, 1);
    assert.match(String(receive([of([soa(9), soa(9)], { flags: 0x8600 })])), /truncates/);
  });

  // Section 2.2.1: "MUST be copied from request", of the ID. "A client SHOULD discard responses that do not correspond (via the
  // message ID) to any outstanding queries."
  it('takes no message of another ID', () => {
    assert.match(String(receive([of([soa(9), A]), of([B, soa(9)], { id: 6 })])), /another ID/);
  });
});
