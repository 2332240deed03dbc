// RFC 7830, "The EDNS(0) Padding Option", and RFC 8467, "Padding Policies for EDNS(0)".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, OPEN_FIXTURE } from '../support/rfc-zone.ts';
import type { Question } from '../support/snapshot-fixture.ts';

const PADDING = { code: 12, data: [] };
const askPadded = (name: string, more: Question = {}, type = 'A') =>
  askZone(name, type, { protocol: 'tls', options: [PADDING], ...more }, OPEN_FIXTURE);

describe('RFC 7830', () => {
  // RFC 8467 section 4.1, the recommended policy: servers pad to a multiple of 468 octets where the query was padded.
  it('pads what is encrypted to a multiple of 468 octets', () => {
    for (const protocol of ['tls', 'https'] as const) {
      for (const name of ['mail', 'nothing', 'www', 'example.net.', 'big', 'huge']) {
        for (const options of [
          [PADDING],
          [{ code: 3, data: [] }, PADDING],
          [{ code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8] }, PADDING],
        ]) {
          const { bytes } = askPadded(name, { protocol, options });
          assert.equal(bytes.length % 468, 0, `${name} has ${bytes.length}`);
        }
      }
    }
    assert.equal(askPadded('mail').bytes.length, 468);
    assert.ok(askPadded('huge').bytes.length > 3200);
  });

  // Section 4: responders pad where the query was padded, unless the message would become longer than it may be.
  it('pads as far as there is room, and not where there is none', () => {
    assert.equal(askPadded('mail', { outSize: 300 }).bytes.length, 300);
    const unpadded = askZone('mail', 'A', { protocol: 'tls', edns: true }).bytes.length;
    for (let room = 0; room < 8; room++) {
      const { bytes, data } = askPadded('mail', { outSize: unpadded + room });
      assert.deepEqual([bytes.length, data], [room < 4 ? unpadded : unpadded + room, ['192.0.2.3']]);
    }
  });

  // Section 3: "The PADDING octets SHOULD be set to 0x00." What they are set to in a query has no meaning.
  it('pads with zeros, whatever the query was padded with', () => {
    const { message } = askPadded('mail', { options: [{ code: 12, data: [7, 7, 7] }] });
    const padding = message.edns?.options.at(-1);
    assert.equal(padding?.code, 12);
    assert.ok(padding.data.every((octet) => octet === 0));
  });

  // Section 4: in answer to padding only; section 6: for encrypted transports only.
  it('does not pad unasked, nor what everybody can read', () => {
    assert.deepEqual(askPadded('mail', { options: [], edns: true }).message.edns?.options, []);
    for (const protocol of ['udp', 'tcp'] as const) {
      assert.deepEqual(askPadded('mail', { protocol }).message.edns?.options, []);
    }
  });
});
