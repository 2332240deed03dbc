import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setClientAddress } from '../../../src/transport/client-address.ts';

describe('the address of a client', () => {
  const cases: readonly [string, number, readonly number[]][] = [
    ['192.0.2.1', 4, [0xc0000201, 0, 0, 0]],
    ['2001:db8::1', 6, [0x20010db8, 0, 0, 1]],
    ['fe80::1%eth0', 6, [0xfe800000, 0, 0, 1]],
    ['', 4, [0, 0, 0, 0]],
    ['not an address', 4, [0, 0, 0, 0]],
  ];
  for (const [text, family, words] of cases) {
    it(`is read from "${text}", with nothing left of the one before`, () => {
      const client = { family: 6, words: Uint32Array.of(1, 2, 3, 4) };
      setClientAddress(client, text);
      assert.deepEqual([client.family, [...client.words]], [family, words]);
    });
  }
});
