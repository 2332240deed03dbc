// The file of TSIG keys: what is read, and how faults are told.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readKeyFile } from '../../../src/transfer/read-key-file.ts';
import { formatName } from '../../../src/wire/name.ts';

const SECRET = Buffer.alloc(32, 5).toString('base64');
const key = (name: string, secret = SECRET, algorithm = 'hmac-sha256') =>
  `key "${name}" {\n\talgorithm ${algorithm};\n\tsecret "${secret}";\n};\n`;

function faultsOf(text: string): readonly string[] {
  const read = readKeyFile(text);
  return read.ok ? [] : read.faults.map(({ line, message }) => `${line}: ${message}`);
}

describe('a file of TSIG keys', () => {
  test('is read as tsig-keygen writes it, with comments, several keys, and names in any case', () => {
    const read = readKeyFile(
      `# one\n${key('One.Example.')}// two\n/* and\nmore */ key two { secret ${SECRET}; algorithm "HMAC-SHA512"; };`,
    );
    assert.ok(read.ok, JSON.stringify(read));
    assert.deepEqual(
      read.keys.map(({ name, algorithm, secret }) => [formatName(name), algorithm, secret.length]),
      [
        ['one.example', 'hmac-sha256', 32],
        ['two', 'hmac-sha512', 32],
      ],
    );
  });

  test('may be empty', () => {
    assert.deepEqual(readKeyFile('\n# nothing yet\n'), { ok: true, keys: [] });
  });

  test('has each fault told with its line, all of them at once', () => {
    const faults = faultsOf(
      [key('a', SECRET, 'hmac-md5'), key('b', 'no base64!'), key('c', 'AAAA'), key('d'), key('d')].join(''),
    );
    assert.equal(faults.length, 4);
    assert.match(faults[0] ?? '', /^2: the algorithm cannot be used, its hash is broken/);
    assert.match(faults[1] ?? '', /^7: the secret is no base64/);
    assert.match(faults[2] ?? '', /^11: the secret has 3 octets/);
    assert.match(faults[3] ?? '', /^17: the key d is there twice/);
  });

  test('that is broken off, or is something else, is refused and never repeats a secret', () => {
    const texts = [
      'zone "x" { type master; };',
      `key "a" { algorithm hmac-sha256; secret "${SECRET}"; }`,
      `key "a" { algorithm hmac-sha256; secret "${SECRET}" };`,
      `key "a" { algorithm hmac-sha256; secret "${SECRET};\n};`,
      'key "a" { algorithm hmac-sha256; };',
      `key "a" { secret "${SECRET}"; };`,
      'key "a"',
      'key',
      '{{{{',
      `key "a..b" { algorithm hmac-sha256; secret "${SECRET}"; };`,
      `key "a" { algorithm hmac-sha256; secret "${SECRET}"; file "x"; };`,
      `secret "${SECRET}";`,
    ];
    for (const text of texts) {
      const faults = faultsOf(text);
      assert.ok(faults.length > 0, text);
      assert.ok(!faults.join().includes(SECRET), text);
    }
  });

  test('a fault in one key does not hide that of the next', () => {
    const faults = faultsOf(`key "a" { algorithm hmac-sha1 secret "${SECRET}"; };\nkey "b" { secret "x"; };`);
    assert.ok(faults.some((fault) => fault.startsWith('1: ')));
    assert.ok(faults.some((fault) => fault.startsWith('2: ')));
  });
});
