import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatListenAddress, parseListenAddress } from '../../../src/model/listen-address.ts';

describe('listen addresses', () => {
  test('addresses with ports are read, IPv6 in brackets and in canonical form', () => {
    assert.deepEqual(parseListenAddress('127.0.0.1:53'), { host: '127.0.0.1', port: 53 });
    assert.deepEqual(parseListenAddress('[2001:DB8:0:0::1]:0'), { host: '2001:db8::1', port: 0 });
    assert.deepEqual(parseListenAddress('[::ffff:192.0.2.1]:65535'), { host: '::ffff:c000:201', port: 65_535 });
  });

  test('names, short forms and impossible numbers are refused', () => {
    for (const text of [
      'localhost:53',
      '127.0.0.1',
      ':53',
      '127.1:53',
      '0127.0.0.1:53',
      '256.0.0.1:53',
      '127.0.0.1:65536',
      '127.0.0.1:-1',
      '::1:53',
      '[::1]',
      '[::g]:53',
      '[127.0.0.1]:53',
      '[1::2::3]:53',
      '[fe80::1%eth0]:53',
      '127.0.0.1:53 ',
      '*:53',
    ]) {
      assert.equal(parseListenAddress(text), undefined, text);
    }
  });

  test('what is written reads back as the same', () => {
    for (const text of ['127.0.0.1:53', '[2001:db8::1]:8053']) {
      const address = parseListenAddress(text);
      assert.ok(address !== undefined);
      assert.equal(formatListenAddress(address), text);
    }
  });
});
