// RFC 1996, "A Mechanism for Prompt Notification of Zone Changes (DNS NOTIFY)": the message that secondaries are sent, and what
// a primary is answered. That it is sent again, and what counts as an answer, is in test/unit/replication/notifier.test.ts;
// who may send one in test/unit/answer/answer-notify.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composeNotify } from '../../src/wire/compose-notify.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { bytes16, encodeName } from '../support/dns-client.ts';
import { askBytes, createFixture, describeAnswer } from '../support/snapshot-fixture.ts';

const SOA = Uint8Array.from([
  ...encodeName('ns.test.'),
  ...encodeName('host.test.'),
  ...[42, 1, 2, 3, 4].flatMap((value) => [0, 0, ...bytes16(value)]),
]);

describe('RFC 1996, to secondaries', () => {
  const zone = encodeName('copy.test.');
  const { bytes, length } = composeNotify(0xbeef, zone, { ttlSeconds: 300, data: SOA }, 100);
  const message = decodeMessage(bytes.subarray(0, length));
  assert.ok(typeof message === 'object');

  // Section 3.7 and 3.8: opcode NOTIFY (4), one question for the SOA of the zone, AA set, everything else as in a query.
  it('is a query of its own opcode for the SOA of the zone that has changed', () => {
    assert.deepEqual(
      [
        message.id,
        message.opcode,
        message.isResponse,
        message.isAuthoritative,
        message.recursionDesired,
        message.rcode,
      ],
      [0xbeef, 4, false, true, false, 0],
    );
    assert.deepEqual(message.questions, [{ name: zone, type: 6, class: 1 }]);
  });

  // Section 3.7: the answer section may hold a hint of what has changed, which secondaries do not trust.
  it('has the new SOA as a hint', () => {
    assert.deepEqual(message.answers, [{ name: zone, type: 6, class: 1, ttlSeconds: 300, data: SOA }]);
    assert.deepEqual([message.authorities.length, message.additionals.length], [0, 0]);
  });

  it('leaves room for a signature', () => {
    assert.equal(bytes.length, length + 100);
  });
});

describe('RFC 1996, from a primary', () => {
  const { desk } = createFixture({ zones: [{ name: 'copy.test', primaries: [{ address: '192.0.2.1' }] }] });
  const hints: unknown[] = [];
  desk.notifyHints = { note: (hint) => hints.push(hint) };
  const zone = encodeName('copy.test.');
  const compose = (name = zone, soa = SOA) => {
    const { bytes, length } = composeNotify(0xbeef, name, { ttlSeconds: 300, data: soa }, 0);
    return bytes.slice(0, length);
  };
  const tell = (bytes: Uint8Array, source = '192.0.2.1') => {
    const answer = askBytes(desk, bytes, { source });
    return { answer, told: hints.splice(0) };
  };

  // Section 4.7: "It will also send a NOTIFY response back to the NOTIFY request's source, with the following characteristics:
  // query ID: (same), op: NOTIFY (4), resp: NOERROR, flags: QR AA, qcount: 1, qname: (zone name), qclass: (zone class), qtype:
  // T_SOA". Of the answer section nothing is said: all servers leave it out.
  it('answers with the same ID, opcode and question, QR and AA', () => {
    const { answer } = tell(compose());
    const { message } = describeAnswer(answer);
    assert.deepEqual(
      [message.id, message.opcode, message.isResponse, message.isAuthoritative, message.rcode],
      [0xbeef, 4, true, true, 0],
    );
    assert.deepEqual(message.questions, [{ name: zone, type: 6, class: 1 }]);
    assert.equal(answer.length, 12 + zone.length + 4);
  });

  // Section 4.7: "it should enter the state it would if the zone's refresh timer had expired". Section 3.11: "the query should be
  // directed at the known master who was the source of the NOTIFY event, and not at any of the other known masters".
  it('has whoever copies the zone told, and from which primary it came', () => {
    assert.deepEqual(tell(compose()).told, [{ zone: 'copy.test', address: '192.0.2.1' }]);
  });

  // Section 3.7: "If ANCOUNT>0, then the answer section represents an unsecure hint at the new RRset". Section 4.7 asks no less of
  // one that says what is known already: a slave "is free" to do nothing then, and need not.
  it('is not believed about the serial, whatever it is', () => {
    for (const last of [0, 41, 255]) {
      const soa = SOA.slice();
      soa[soa.length - 17] = last;
      assert.equal(tell(compose(zone, soa)).told.length, 1);
    }
    const bare = compose().slice(0, 12 + zone.length + 4);
    bare[7] = 0;
    assert.equal(tell(bare).told.length, 1);
  });

  // Section 3.10: "If a slave receives a NOTIFY request from a host that is not a known master for the zone containing the QNAME,
  // it should ignore the request": nothing is done; that it was refused is said, as BIND does.
  it('from a host that is no known primary does nothing, and is refused', () => {
    const { answer, told } = tell(compose(), '192.0.2.2');
    assert.deepEqual([describeAnswer(answer).rcode, told], ['REFUSED', []]);
  });

  it('of a zone that is not ours is NOTAUTH', () => {
    const { answer, told } = tell(compose(encodeName('elsewhere.test.')));
    assert.deepEqual([describeAnswer(answer).rcode, told], ['NOTAUTH', []]);
  });

  // Section 3.3: "a response message with QR set": to one nobody answers, or two servers would talk for ever.
  it('says nothing to a response', () => {
    const response = compose();
    response[2] = (response[2] ?? 0) | 0x80;
    assert.deepEqual(tell(response), { answer: new Uint8Array(0), told: [] });
  });
});
