// RFC 4034 sections 2 and 5, appendix B; RFC 4509, RFC 6605, RFC 8080: keys as record data, with the examples of these RFCs.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { composeDnskey, composeDs, type Digest, isDsOf, keyTagOf } from '../../src/dnssec/dnskey.ts';
import { parseNameText } from '../../src/wire/name.ts';
import { formatRecordData, parseRecordData } from '../../src/wire/record-data.ts';

const TYPE_DS = 43;
const TYPE_DNSKEY = 48;

const digest: Digest = (type, octets) =>
  createHash(type === 2 ? 'sha256' : 'sha384')
    .update(octets)
    .digest();

function nameOf(text: string): Uint8Array {
  const name = parseNameText(text);
  assert.ok(name instanceof Uint8Array);
  return name;
}

function dataOf(type: number, text: string): Uint8Array {
  const parsed = parseRecordData(type, text, nameOf('.'));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problem);
  return parsed.bytes;
}

/** RFC 6605 section 6.1, RFC 8080 section 6.1 and RFC 4509 section 2.3, each with its key tag and DS. */
const EXAMPLES = [
  {
    owner: 'example.net.',
    dnskey: '257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
    tag: 55648,
    ds: '55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17',
  },
  {
    owner: 'example.com.',
    dnskey: '257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=',
    tag: 3613,
    ds: '3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b',
  },
  {
    owner: 'dskey.example.com.',
    dnskey:
      '256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==',
    tag: 60485,
    ds: '60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A',
  },
];

describe('RFC 4034, keys', () => {
  test('appendix B: "The key tag is the same for all DNSKEY algorithm types except algorithm 1"', () => {
    for (const { dnskey, tag } of EXAMPLES) assert.equal(keyTagOf(dataOf(TYPE_DNSKEY, dnskey)), tag);
  });

  test('5.1.4: "digest = digest_algorithm( DNSKEY owner name | DNSKEY RDATA)"', () => {
    for (const { owner, dnskey, ds } of EXAMPLES) {
      const key = dataOf(TYPE_DNSKEY, dnskey);
      const made = composeDs(nameOf(owner), key, 2, digest);
      assert.equal(formatRecordData(TYPE_DS, made).toLowerCase(), ds.toLowerCase());
      assert.equal(isDsOf(made, nameOf(owner), key, digest), true);
      assert.equal(isDsOf(made, nameOf('other.example.'), key, digest), false);
    }
  });

  test('6.2: "all uppercase US-ASCII letters in the owner name of the RR are replaced by the corresponding lowercase"', () => {
    const key = dataOf(TYPE_DNSKEY, EXAMPLES[0]?.dnskey ?? '');
    assert.deepEqual(
      composeDs(nameOf('EXAMPLE.net.'), key, 2, digest),
      composeDs(nameOf('example.net.'), key, 2, digest),
    );
  });

  test('RFC 6605 section 2: a DS by SHA-384 has digest type 4 and 48 octets', () => {
    const ds = composeDs(nameOf('example.net.'), dataOf(TYPE_DNSKEY, EXAMPLES[0]?.dnskey ?? ''), 4, digest);
    assert.deepEqual([ds[3], ds.length], [4, 4 + 48]);
  });

  test('2.1: flags, protocol 3, algorithm, key', () => {
    const key = dataOf(TYPE_DNSKEY, EXAMPLES[1]?.dnskey ?? '');
    assert.deepEqual(composeDnskey(257, 15, key.slice(4)), key);
  });

  test('a DS whose digest we do not make is neither ours nor foreign', () => {
    const key = dataOf(TYPE_DNSKEY, EXAMPLES[0]?.dnskey ?? '');
    const ds = dataOf(TYPE_DS, `55648 13 1 ${'00'.repeat(20)}`);
    assert.equal(isDsOf(ds, nameOf('example.net.'), key, digest), undefined);
  });
});
