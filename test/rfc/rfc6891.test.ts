// RFC 6891, "Extension Mechanisms for DNS (EDNS(0))".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeRecord } from '../support/dns-client.ts';
import { askZone } from '../support/rfc-zone.ts';

const OPT = encodeRecord([0], 41, 1232, [0, 0, 0, 0], []);

describe('RFC 6891', () => {
  // Section 6.1.1: "If an OPT record is present in a received request, compliant responders MUST include an OPT record in
  // their respective responses." Section 7: "Lack of presence of an OPT record in a request MUST be taken as an indication
  // that the requestor does not implement any part of this specification and that the responder MUST NOT include an OPT".
  it('answers with OPT exactly when it was asked with one, whatever the answer is', () => {
    for (const name of ['mail', 'nothing', 'sub', 'www', 'example.net.', 'huge']) {
      assert.equal(askZone(name, 'A', { edns: true }).message.edns?.version, 0);
      assert.equal(askZone(name, 'A').message.edns, undefined);
    }
    assert.ok(askZone('mail', 'A', { additionals: [OPT, OPT] }).message.edns);
  });

  // Section 6.1.1: "If a query message with more than one OPT RR is received, a FORMERR (RCODE=1) MUST be returned."
  it('refuses two of them', () => {
    assert.equal(askZone('mail', 'A', { additionals: [OPT, OPT] }).rcode, 'FORMERR');
  });

  // Section 6.1.2: "NAME: MUST be 0 (root domain)".
  it('refuses one with a name', () => {
    assert.equal(
      askZone('mail', 'A', { additionals: [encodeRecord([1, 0x61, 0], 41, 1232, [0, 0, 0, 0], [])] }).rcode,
      'FORMERR',
    );
  });

  // Section 6.1.3: "If a responder does not implement the VERSION level of the request, then it MUST respond with
  // RCODE=BADVERS. All responses MUST be limited in format to the VERSION level of the request, but the VERSION of each
  // response SHOULD be the highest implementation level of the responder."
  it('answers other versions with BADVERS and its own', () => {
    for (const version of [1, 2, 255]) {
      const { rcode, message } = askZone('mail', 'A', { version });
      assert.deepEqual([rcode, message.edns?.version, message.answers.length], ['BADVERS', 0, 0]);
    }
  });

  // Section 6.1.2: "Any OPTION-CODE values not understood by a responder or requestor MUST be ignored."
  it('ignores options that it does not know', () => {
    const { rcode, message } = askZone('mail', 'A', {
      options: [
        { code: 65_001, data: [1, 2, 3] },
        { code: 3, data: [] },
      ],
    });
    assert.deepEqual([rcode, message.edns?.options], ['NOERROR', []]);
  });

  // Section 6.2.3: "Values lower than 512 MUST be treated as equal to 512."
  it('takes small payloads for 512', () => {
    const sizes = [0, 1, 511, 512].map((udpSize) => askZone('www', 'A', { udpSize }).bytes.length);
    assert.equal(new Set(sizes).size, 1);
  });

  // Section 6.2.5: "The responder's maximum payload size can change over time", ours is 1232 (RFC 9715).
  it('sends no more than the client takes, and never more than 1232 bytes', () => {
    assert.equal(askZone('huge', 'A', { udpSize: 65_535 }).message.isTruncated, true);
    assert.ok(askZone('huge', 'A', { udpSize: 65_535 }).bytes.length <= 1232);
    assert.equal(askZone('mail', 'A', { udpSize: 4096 }).message.edns?.udpPayloadSize, 1232);
  });

  // Section 7: "the OPT RR […] MUST be included in truncated responses too".
  it('keeps OPT in truncated answers', () => {
    const { message } = askZone('big', 'A', { udpSize: 512 });
    assert.deepEqual([message.isTruncated, message.edns?.version], [true, 0]);
  });

  // Section 6.1.4: "DO bit", RFC 3225 section 3: "The DO bit of the query MUST be copied in the response."
  it('copies DO, and no other flag', () => {
    const { message } = askZone('mail', 'A', { dnssecOk: true });
    assert.equal(message.edns?.dnssecOk, true);
    const { bytes } = askZone('mail', 'A', { additionals: [encodeRecord([0], 41, 1232, [0, 0, 0x7f, 0xff], [])] });
    assert.deepEqual([...bytes.slice(-4)], [0, 0, 0, 0]);
  });
});
