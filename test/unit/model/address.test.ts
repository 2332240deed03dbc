import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Address,
  formatAddress,
  formatPrefix,
  isInPrefix,
  maskPrefix,
  parseAddress,
  parsePrefix,
} from '../../../src/model/address.ts';
import { refuseAnswerAddress } from '../../../src/model/answer-address.ts';

const word = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 1, 0xffff, 0x10000));
const addresses: fc.Arbitrary<Address> = fc.oneof(
  word.map((value) => ({ family: 4 as const, words: [value] })),
  fc.tuple(word, word, word, word).map((words) => ({ family: 6 as const, words })),
);

describe('parseAddress', () => {
  it('reads back every address that formatAddress writes', () => {
    fc.assert(fc.property(addresses, (address) => assert.deepEqual(parseAddress(formatAddress(address)), address)));
  });

  it('agrees with Node on what is an address, zone indices apart', () => {
    const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,40}$/));
    fc.assert(
      fc.property(text, (value) => assert.equal(parseAddress(value)?.family ?? 0, isIP(value))),
      { numRuns: 1000 },
    );
  });

  it('refuses the forms that other programs read in several ways', () => {
    for (const text of [
      '010.0.0.1',
      '0x7f.1',
      '127.1',
      '1.2.3',
      '1.2.3.4.5',
      '256.0.0.1',
      ' 1.2.3.4',
      '1.2.3.4 ',
      'fe80::1%eth0',
    ]) {
      assert.equal(parseAddress(text), undefined, text);
    }
  });

  it('refuses IPv6 texts with too many or too few groups', () => {
    for (const text of [
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2::3',
      ':::',
      ':1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7::8',
      '12345::',
      '::1.2.3.4:5',
    ]) {
      assert.equal(parseAddress(text), undefined, text);
    }
  });
});

describe('formatAddress', () => {
  it('writes the canonical form of RFC 5952', () => {
    const canonical: readonly (readonly [string, string])[] = [
      // 4.1 leading zeros, 4.3 lower case
      ['2001:0DB8::0001', '2001:db8::1'],
      // 4.2.1 as short as possible, 4.2.2 one group is not shortened
      ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      // 4.2.3 the longest run, and the first of two
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['1:0:0:0:0:0:0:0', '1::'],
      ['::192.0.2.1', '::c000:201'],
    ];
    for (const [text, expected] of canonical) {
      const address = parseAddress(text);
      assert.equal(address && formatAddress(address), expected);
    }
  });
});

describe('prefixes', () => {
  it('are masked to their length across all words', () => {
    const masked = (text: string) => {
      const prefix = parsePrefix(text);
      return prefix && formatPrefix(maskPrefix(prefix));
    };
    assert.equal(masked('10.1.2.3/8'), '10.0.0.0/8');
    assert.equal(masked('255.255.255.255/0'), '0.0.0.0/0');
    assert.equal(masked('192.0.2.1/32'), '192.0.2.1/32');
    assert.equal(masked('2001:db8:ffff::1/33'), '2001:db8:8000::/33');
    assert.equal(masked('ffff::ffff/128'), 'ffff::ffff/128');
  });

  it('have a plain length that fits their family', () => {
    for (const text of ['10.0.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/08', '10.0.0.0/-1', '/8', '10.0.0.0/8/8']) {
      assert.equal(parsePrefix(text), undefined, text);
    }
  });

  it('hold an address exactly when it masks to them', () => {
    fc.assert(
      fc.property(addresses, addresses, fc.nat(32), (address, other, length) => {
        const prefix = { ...other, length };
        const same =
          address.family === other.family &&
          formatPrefix(maskPrefix({ ...address, length })) === formatPrefix(maskPrefix(prefix));
        assert.equal(isInPrefix(address, prefix), same);
        assert.ok(isInPrefix(address, { ...address, length }));
      }),
    );
  });
});

describe('refuseAnswerAddress', () => {
  const refuses = (text: string) => {
    const address = parseAddress(text);
    return address !== undefined && refuseAnswerAddress(address) !== undefined;
  };

  it('refuses what no client could reach', () => {
    for (const text of [
      '0.0.0.0',
      '0.1.2.3',
      '224.0.0.1',
      '239.255.255.255',
      '255.255.255.255',
      '240.0.0.1',
      '169.254.1.1',
      '::',
      'ff02::1',
      'fe80::1',
      '::ffff:192.0.2.1',
    ]) {
      assert.ok(refuses(text), text);
    }
  });

  it('lets public, private and loopback addresses pass, as a test setup may need any of them', () => {
    for (const text of [
      '1.0.0.0',
      '223.255.255.255',
      '10.0.0.1',
      '127.0.0.1',
      '::1',
      'fd00::1',
      '2001:db8::1',
      'fec0::1',
    ]) {
      assert.ok(!refuses(text), text);
    }
  });
});
