// RFC 1996, "A Mechanism for Prompt Notification of Zone Changes (DNS NOTIFY)": the message that secondaries are sent. That it
// is sent again, and what counts as an answer, is in test/unit/replication/notifier.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composeNotify } from '../../src/wire/compose-notify.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { bytes16, encodeName } from '../support/dns-client.ts';

const SOA = Uint8Array.from([
  ...encodeName('ns.test.'),
  ...encodeName('host.test.'),
  ...[42, 1, 2, 3, 4].flatMap((value) => [0, 0, ...bytes16(value)]),
]);

describe('RFC 1996', () => {
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
