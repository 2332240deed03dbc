import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAnchor, parseAnchor } from '../../../src/model/anchor.ts';

test('reads an address to connect to, or to ping, of both families', () => {
  const written = ['tcp://192.0.2.1:443', 'tcp://[2001:db8::1]:443', 'icmp://192.0.2.1', 'icmp://[2001:db8::1]'];
  for (const text of written) {
    const anchor = parseAnchor(text);
    assert.equal(anchor && formatAnchor(anchor), text);
  }
  assert.deepEqual(parseAnchor('icmp://2001:db8::1'), parseAnchor('icmp://[2001:db8::1]'));
});

test('refuses names, missing ports and other schemes', () => {
  const wrong = ['', 'tcp://example.com:443', 'tcp://192.0.2.1', 'tcp://192.0.2.1:0', 'icmp://', 'icmp://[192.0.2.1]'];
  for (const text of [...wrong, 'udp://192.0.2.1:53', '192.0.2.1', 'icmp://192.0.2.1:7']) {
    assert.equal(parseAnchor(text), undefined, text);
  }
});
