// Who may copy a zone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress, parsePrefix } from '../../../src/model/address.ts';
import { mayTransfer } from '../../../src/transfer/may-transfer.ts';

const clientOf = (text: string) => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  const words = new Uint32Array(4);
  words.set(address.words);
  return { family: address.family, words };
};
const within = (prefix: string, client: string) =>
  mayTransfer([{ key: undefined, prefix: parsePrefix(prefix) }], clientOf(client), undefined);

test('a prefix holds its addresses to the bit, of its own family', () => {
  assert.ok(within('192.0.2.128/25', '192.0.2.128'));
  assert.ok(!within('192.0.2.128/25', '192.0.2.127'));
  assert.ok(within('2001:db8:0:8000::/49', '2001:db8:0:ffff::1'));
  assert.ok(!within('2001:db8:0:8000::/49', '2001:db8:0:7fff::1'));
  assert.ok(within('2001:db8::1/128', '2001:db8::1'));
  assert.ok(!within('2001:db8::1/128', '2001:db8::2'));
  assert.ok(within('0.0.0.0/0', '255.255.255.255'));
  assert.ok(!within('0.0.0.0/0', '::1'));
  assert.ok(!within('::/0', '0.0.0.0'));
});

test('without a rule nobody may; of several one is enough', () => {
  assert.ok(!mayTransfer(undefined, clientOf('192.0.2.1'), 'a'));
  assert.ok(!mayTransfer([], clientOf('192.0.2.1'), 'a'));
  const rules = [
    { key: 'a', prefix: undefined },
    { key: 'b', prefix: parsePrefix('192.0.2.0/24') },
  ];
  assert.ok(mayTransfer(rules, clientOf('198.51.100.1'), 'a'));
  assert.ok(mayTransfer(rules, clientOf('192.0.2.1'), 'b'));
  assert.ok(!mayTransfer(rules, clientOf('198.51.100.1'), 'b'));
  assert.ok(!mayTransfer(rules, clientOf('192.0.2.1'), undefined));
});
