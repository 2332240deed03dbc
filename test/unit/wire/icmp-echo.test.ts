import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { composeEchoRequest, parseEchoReply } from '../../../src/wire/icmp-echo.ts';

const ECHO = { id: 0x1234, sequence: 0xfffe, token: 0x0102030405060708n };
const BODY = '1234fffe0102030405060708';
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
/** An IPv4 header of so many words, with a payload of that protocol. */
const ipHeader = (words: number, protocol = 1) =>
  Uint8Array.from({ length: 4 * words }, (_, index) => (index === 0 ? 0x40 + words : index === 9 ? protocol : 0));

describe('an ICMP echo', () => {
  it('is requested by type 8 with the checksum of RFC 1071, and over IPv6 by type 128 without', () => {
    assert.equal(Buffer.from(composeEchoRequest(4, ECHO)).toString('hex'), `0800d5b8${BODY}`);
    assert.equal(Buffer.from(composeEchoRequest(6, ECHO)).toString('hex'), `80000000${BODY}`);
  });

  it('has a checksum with which all words sum up to ones', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffff), fc.bigInt(0n, 2n ** 64n - 1n), (id, sequence, token) => {
        const view = new DataView(composeEchoRequest(4, { id, sequence, token }).buffer);
        let sum = 0;
        for (let at = 0; at < view.byteLength; at += 2) sum += view.getUint16(at);
        return sum % 0xffff === 0;
      }),
    );
  });

  it('comes back by type 0, of IPv6 by type 129, with all that was sent', () => {
    assert.deepEqual(parseEchoReply(4, bytesOf(`0000abcd${BODY}`), false), ECHO);
    assert.deepEqual(parseEchoReply(6, bytesOf(`8100abcd${BODY}`), false), ECHO);
    for (const words of [5, 6, 15]) {
      const packet = Buffer.concat([ipHeader(words), bytesOf(`0000abcd${BODY}`)]);
      assert.deepEqual(parseEchoReply(4, packet, true), ECHO);
    }
  });

  it('is nothing else: requests, other types and codes, other lengths, other protocols, broken headers', () => {
    for (const hex of [`0800abcd${BODY}`, `0300abcd${BODY}`, `0001abcd${BODY}`, `0000abcd${BODY}00`, '0000abcd', '']) {
      assert.equal(parseEchoReply(4, bytesOf(hex), false), undefined, hex);
    }
    assert.equal(parseEchoReply(6, bytesOf(`0000abcd${BODY}`), false), undefined);
    const reply = bytesOf(`0000abcd${BODY}`);
    for (const header of [ipHeader(4), ipHeader(5, 17), ipHeader(5).fill(0x60, 0, 1), new Uint8Array(0)]) {
      assert.equal(parseEchoReply(4, Buffer.concat([header, reply]), true), undefined);
    }
  });

  it('is never found in noise, and noise is never an exception', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom(4 as const, 6 as const),
        fc.boolean(),
        (...args) => {
          const [bytes, family, hasIpHeader] = args;
          parseEchoReply(family, bytes, hasIpHeader);
        },
      ),
    );
  });
});
