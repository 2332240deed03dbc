// The header of the PROXY protocol, in memory. Over sockets: proxy-protocol.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parsePrefix } from '../../../src/model/address.ts';
import { clientOf } from '../../../src/transport/client-address.ts';
import {
  HEADER_INCOMPLETE,
  HEADER_MALFORMED,
  MAX_PROXY_HEADER_BYTES,
  readProxyHeader,
} from '../../../src/transport/proxy-header.ts';
import { isTrusted, trustPeers } from '../../../src/transport/trusted-peers.ts';
import { encodeProxyHeader, type ProxyShape, SIGNATURE } from '../../support/proxy-header.ts';

const BALANCER = '192.0.2.99';

function read(bytes: Uint8Array, start = 0, end = bytes.length): { length: number; client: string } {
  const client = clientOf(BALANCER);
  const length = readProxyHeader(bytes, start, end, client);
  const { family, words } = client;
  return {
    length,
    client: formatAddress({ family: family === 4 ? 4 : 6, words: [...words].slice(0, family === 4 ? 1 : 4) }),
  };
}

describe('a PROXY header', () => {
  const whole: readonly [string, ProxyShape, string][] = [
    ['IPv4', { client: '203.0.113.7' }, '203.0.113.7'],
    ['IPv6', { client: '2001:db8::7' }, '2001:db8::7'],
    ['IPv4 in IPv6', { client: '::ffff:203.0.113.7' }, '203.0.113.7'],
    ['a datagram', { client: '203.0.113.7', transport: 2 }, '203.0.113.7'],
    ['TLVs behind the addresses', { client: '203.0.113.7', tail: new Uint8Array(900) }, '203.0.113.7'],
    ['the balancer itself', { client: '203.0.113.7', command: 0 }, BALANCER],
    ['the balancer itself, without an address', { command: 0, transport: 0 }, BALANCER],
    ['an unknown family', { transport: 0 }, BALANCER],
    ['a socket of Unix', { family: 3, tail: new Uint8Array(216) }, BALANCER],
  ];
  for (const [what, shape, client] of whole) {
    it(`of ${what} is read wherever it stands`, () => {
      const header = encodeProxyHeader(shape);
      assert.deepEqual(read(header), { length: header.length, client });
      const within = Uint8Array.from([1, 2, 3, ...header, 4, 5]);
      assert.deepEqual(read(within, 3), { length: header.length, client });
    });

    it(`of ${what} is not whole before its last byte`, () => {
      const header = encodeProxyHeader(shape);
      for (let end = 0; end < header.length; end++) {
        assert.deepEqual(read(header, 0, end), { length: HEADER_INCOMPLETE, client: BALANCER });
      }
    });
  }

  const malformed: readonly [string, Uint8Array][] = [
    ['version 1', Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 4242 53\r\n')],
    ['a query', Uint8Array.from([0, 29, 0x12, 0x34])],
    ['another signature', Uint8Array.from([...SIGNATURE.slice(0, 11), 0x0b])],
    ['version 3', encodeProxyHeader({ client: '203.0.113.7', version: 3 })],
    ['another command', encodeProxyHeader({ client: '203.0.113.7', command: 2 })],
    ['another family', encodeProxyHeader({ client: '203.0.113.7', family: 4 })],
    ['another transport', encodeProxyHeader({ client: '203.0.113.7', transport: 3 })],
    ['addresses that are cut off', encodeProxyHeader({ client: '203.0.113.7', length: 11 })],
    ['IPv6 with room for IPv4', encodeProxyHeader({ client: '203.0.113.7', family: 2 })],
    ['more bytes than we take', encodeProxyHeader({ client: '203.0.113.7', length: MAX_PROXY_HEADER_BYTES - 15 })],
  ];
  for (const [what, bytes] of malformed) {
    it(`is none with ${what}`, () => assert.deepEqual(read(bytes), { length: HEADER_MALFORMED, client: BALANCER }));
  }

  it('is read within its bounds, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }).map((tail) => Uint8Array.from([...SIGNATURE, ...tail])),
    );
    fc.assert(
      fc.property(bytes, fc.nat(10), (content, before) => {
        const all = Uint8Array.from([...new Uint8Array(before), ...content, ...new Uint8Array(2000)]);
        const { length } = read(all, before, before + content.length);
        assert.ok(length === HEADER_MALFORMED || (length >= 0 && length <= content.length));
      }),
    );
  });
});

describe('whose header is read', () => {
  it('is told by prefix, of either family', () => {
    const prefixes = ['192.0.2.8/30', '2001:db8:0:40::/58', '198.51.100.1/32'].flatMap(
      (text) => parsePrefix(text) ?? [],
    );
    const trusted = trustPeers(prefixes) ?? [];
    const cases: readonly [string, boolean][] = [
      ['192.0.2.8', true],
      ['192.0.2.11', true],
      ['192.0.2.12', false],
      ['198.51.100.1', true],
      ['198.51.100.2', false],
      ['2001:db8:0:7f::1', true],
      ['2001:db8:0:80::1', false],
      ['2001:db8:1:40::', false],
      ['::c000:208', false],
    ];
    for (const [address, expected] of cases) assert.equal(isTrusted(trusted, clientOf(address)), expected, address);
    assert.equal(trustPeers([]), undefined);
    const all = trustPeers([parsePrefix('0.0.0.0/0') ?? assert.fail()]) ?? [];
    assert.equal(isTrusted(all, clientOf('203.0.113.1')), true);
    assert.equal(isTrusted(all, clientOf('::1')), false);
  });
});
