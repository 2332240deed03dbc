// RFC 9619, "In the DNS, QDCOUNT Is (Usually) One".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone } from '../support/rfc-zone.ts';

describe('RFC 9619 section 4', () => {
  // "A DNS message with OPCODE = 0 MUST NOT include a QDCOUNT parameter whose value is greater than 1."
  // "A DNS message with OPCODE = 0 and QDCOUNT > 1 MUST be treated as an incorrectly formatted message. The value of the
  // RCODE parameter in the response message MUST be set to 1 (FORMERR)."
  it('refuses more than one question', () => {
    for (const count of [2, 3, 255, 65_535]) {
      const { rcode, message } = askZone('mail', 'A', { counts: [count, 0, 0, 0] });
      assert.deepEqual([rcode, message.questions.length, message.answers.length], ['FORMERR', 0, 0]);
    }
  });

  it('refuses none', () => {
    assert.equal(askZone('mail', 'A', { counts: [0, 0, 0, 0] }).rcode, 'FORMERR');
  });

  // "[other opcodes] are unchanged": NOTIMP comes first.
  it('does not look at the count of other opcodes', () => {
    assert.equal(askZone('mail', 'A', { flags: 0x2800, counts: [5, 0, 0, 0] }).rcode, 'NOTIMP');
  });
});
