// Record data between presentation and wire form: one table row per shape of each type, then what must be refused, and why.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatName, parseNameText } from '../../../src/wire/name.ts';
import { LAYOUTS } from '../../../src/wire/record-data/layouts.ts';
import { formatRecordData, parseRecordData, targetNameOf } from '../../../src/wire/record-data.ts';
import { formatRecordType, parseRecordType } from '../../../src/wire/record-types.ts';

const ORIGIN = nameOf('zone.example.');

function nameOf(text: string): Uint8Array {
  const name = parseNameText(text);
  assert.ok(name instanceof Uint8Array);
  return name;
}

function typeOf(mnemonic: string): number {
  const type = parseRecordType(mnemonic);
  assert.ok(type !== undefined, mnemonic);
  return type;
}

function hexOf(mnemonic: string, text: string): string {
  const parsed = parseRecordData(typeOf(mnemonic), text, ORIGIN);
  assert.ok(parsed.ok, `${mnemonic} ${text}: ${parsed.ok ? '' : parsed.problem}`);
  return Buffer.from(parsed.bytes).toString('hex');
}

function problemOf(mnemonic: string, text: string): string {
  const parsed = parseRecordData(typeOf(mnemonic), text, ORIGIN);
  assert.ok(!parsed.ok, `${mnemonic} ${text} is refused`);
  return parsed.problem;
}

const DIGEST_32 = '3cd1f6d93f4ae1b5a0ff2c0b0a86ee6b1c1e7b6fd6a4f02a7a1c8c1d7e3b9f60';

/** Type, text as people write it, wire form in hexadecimal, and the text that comes back where it differs. */
const EXAMPLES: readonly (readonly [string, string, string, string?])[] = [
  ['A', '198.51.100.7', 'c6336407'],
  ['AAAA', '2001:DB8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
  ['AAAA', '::ffff:192.0.2.9', '00000000000000000000ffffc0000209', '::ffff:c000:209'],
  ['AAAA', '::', '00000000000000000000000000000000'],
  ['AAAA', '2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
  ['NS', 'ns1', '036e7331047a6f6e65076578616d706c6500', 'ns1.zone.example.'],
  ['CNAME', 'Edge.CDN.test.', '04456467650343444e047465737400'],
  ['PTR', '.', '00'],
  ['DNAME', '@', '047a6f6e65076578616d706c6500', 'zone.example.'],
  ['SOA', 'a. b\\.c. 1 2 3 4 4294967295', '01610003622e6300000000010000000200000003000000' + '04ffffffff'],
  ['MX', '0 .', '000000'],
  ['MX', '10 mx.test.', '000a026d78047465737400'],
  ['TXT', 'plain', '05706c61696e', '"plain"'],
  ['TXT', '"v=spf1 -all" "second"', '0b763d73706631202d616c6c067365636f6e64'],
  ['TXT', '""', '00'],
  ['TXT', '"a\\"b\\\\c\\007;"', '076122625c63073b'],
  ['TXT', 'k\\;v', '036b3b76', '"k;v"'],
  ['TXT', '"é"', '02c3a9', '"\\195\\169"'],
  ['TXT', '( "a"\n "b" )', '01610162', '"a" "b"'],
  ['SPF', '"v=spf1"', '06763d73706631'],
  ['SRV', '1 2 443 svc.test.', '0001000201bb03737663047465737400'],
  ['CAA', '128 issuewild "ca.test; account=7"', '80096973737565' + '77696c6463612e746573743b206163636f756e743d37'],
  ['CAA', '0 issue ""', '00056973737565'],
  [
    'NAPTR',
    '10 20 "U" "E2U+sip" "!^.*$!sip:a@b!" .',
    '000a00140155074532552b7369700e215e2e2a24217369703a61406221' + '00',
  ],
  ['SSHFP', `4 2 ${DIGEST_32}`, `0402${DIGEST_32}`],
  ['TLSA', `3 1 1 ${DIGEST_32.slice(0, 30)} ${DIGEST_32.slice(30)}`, `030101${DIGEST_32}`, `3 1 1 ${DIGEST_32}`],
  ['TLSA', '3 0 0 30', '03000030'],
  ['DS', `4711 13 2 ${DIGEST_32.toUpperCase()}`, `12670d02${DIGEST_32}`, `4711 13 2 ${DIGEST_32}`],
  ['CDS', '0 0 0 00', '0000000000'],
  ['DNSKEY', '257 3 13 AQID BAU=', '0101030d0102030405', '257 3 13 AQIDBAU='],
  ['HINFO', 'ARM64 "Some OS"', '0541524d363407536f6d65204f53', '"ARM64" "Some OS"'],
  ['URI', '10 1 "ftp://f.test/p"', '000a00016674703a2f2f662e746573742f70'],
  ['RP', 'who.test. .', '0377686f04746573740000'],
  ['AFSDB', '1 afs.test.', '000103616673047465737400'],
  ['OPENPGPKEY', 'AQID', '010203'],
  ['TYPE65280', '\\# 0', ''],
  ['TYPE65280', '\\# 4 c000 02 01', 'c0000201', '\\# 4 c0000201'],
  ['A', '\\# 4 C0000201', 'c0000201', '192.0.2.1'],
];

describe('parseRecordData', () => {
  for (const [type, text, hex, formatted] of EXAMPLES) {
    it(`reads ${type} ${JSON.stringify(text)} and writes it back`, () => {
      assert.equal(hexOf(type, text), hex);
      assert.equal(formatRecordData(typeOf(type), Buffer.from(hex, 'hex')), formatted ?? text);
    });
  }

  const REFUSED: readonly (readonly [string, string, RegExp])[] = [
    ['A', '', /the address is missing; write it like: 192\.0\.2\.1/],
    ['A', '192.0.2.256', /is not an IPv4 address/],
    ['A', '192.0.2.01', /is not an IPv4 address/],
    ['A', '192.0.2.1 192.0.2.2', /"192\.0\.2\.2" is too much/],
    ['AAAA', '2001:db8::1::2', /is not an IPv6 address/],
    ['AAAA', '1:2:3:4:5:6:7::8', /is not an IPv6 address/],
    ['AAAA', '1:2:3:4:5:6:7', /is not an IPv6 address/],
    ['AAAA', ':1:2:3:4:5:6:7:8', /is not an IPv6 address/],
    ['AAAA', '192.0.2.1::', /is not an IPv6 address/],
    ['AAAA', 'fe80::1%eth0', /is not an IPv6 address/],
    ['MX', 'mail.test.', /preference "mail\.test\." is not a whole number from 0 to 65535/],
    ['MX', '65536 mail.test.', /whole number/],
    ['MX', '10', /the mail server is missing/],
    [
      'MX',
      '10 mail.zone.example',
      /no final dot and so means mail\.zone\.example\.zone\.example: write mail\.zone\.example\. instead/,
    ],
    ['CNAME', 'a..b.', /empty label/],
    ['SOA', 'a. b. 1 2 3 4 4294967296', /minimum/],
    ['TXT', '', /the text is missing/],
    ['TXT', 'v=DKIM1; k=rsa', /unquoted ; begins a comment/],
    ['TXT', '"open', /not closed/],
    ['TXT', 'a="b c"', /quote inside/],
    ['TXT', '"\\300"', /broken escape/],
    ['TXT', `"${'x'.repeat(256)}"`, /256 octets, above 255: split it into several quoted strings/],
    ['TXT', '( "a"', /parentheses/],
    ['TXT', '"a" )', /parentheses/],
    ['TXT', '"\ud800"', /surrogate/],
    [
      'TXT',
      Array(257)
        .fill(`"${'x'.repeat(255)}"`)
        .join(' '),
      /65792 octets, above 65535/,
    ],
    ['CAA', '0 is-sue "x"', /tag "is-sue" is not of letters and digits/],
    ['CAA', '0 issue', /value is missing/],
    ['URI', '1 1 ""', /target is empty/],
    ['DS', '1 13 2 abcd', /2 octets, where one of kind 2 has 32/],
    ['DS', '1 13 2 xyz', /not hexadecimal/],
    ['DS', '1 13 2', /digest is missing/],
    ['SSHFP', '4 1 abcd', /kind 1 has 20/],
    ['DNSKEY', '257 3 13 AQID=', /not base64/],
    ['DNSKEY', '257 3 13 AQJ=', /not base64/],
    ['TYPE65280', 'c0000201', /only \\# followed by/],
    ['TYPE65280', '\\# 3 c0000201', /announces 3 octets, but 4 follow/],
    ['TYPE65280', '\\# 1 c', /two hexadecimal digits/],
    ['TYPE65280', '\\#', /number of octets/],
    ['TYPE65280', '\\# 65536 00', /number of octets/],
    ['A', '\\# 5 c000020101', /no valid data of this type/],
    ['MX', '\\# 3 000ac0', /no valid data of this type/],
  ];
  for (const [type, text, expected] of REFUSED) {
    it(`refuses ${type} ${JSON.stringify(text.slice(0, 40))} and says why`, () =>
      assert.match(problemOf(type, text), expected));
  }

  it('refuses text beyond the limit before it reads it', () => {
    assert.match(problemOf('TXT', 'x '.repeat(200_000)), /400000 characters, above/);
  });

  it('takes the most that a record can hold', () => {
    const hex = 'ab'.repeat(65_535);
    assert.equal(hexOf('TYPE65280', `\\# 65535 ${hex}`), hex);
  });

  it('lets a relative name stand that does not repeat the zone, and any name where the origin is the root', () => {
    assert.equal(hexOf('CNAME', 'example'), hexOf('CNAME', 'example.zone.example.'));
    assert.equal(parseRecordData(typeOf('CNAME'), 'a.b', nameOf('.')).ok, true);
  });

  it('reads back to the same octets whatever formatRecordData writes of any octets and any type', () => {
    const types = [...LAYOUTS.keys(), 65280];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 60 }), (type, data) => {
        const text = formatRecordData(type, data);
        const parsed = parseRecordData(type, text, ORIGIN);
        // What no text of the type can say comes as \# and is refused for a known type.
        if (!parsed.ok) assert.ok(text.startsWith('\\#') && LAYOUTS.has(type), `${formatRecordType(type)} ${text}`);
        else assert.deepEqual(parsed.bytes, data);
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps every octet of text', () => {
    const strings = fc.array(fc.uint8Array({ maxLength: 255 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(strings, (parts) => {
        const data = Uint8Array.from(parts.flatMap((part) => [part.length, ...part]));
        const parsed = parseRecordData(16, formatRecordData(16, data), ORIGIN);
        assert.deepEqual(parsed, { ok: true, bytes: data });
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom(
      '\\',
      '"',
      '(',
      ')',
      ';',
      '#',
      '\\#',
      ' ',
      '1',
      '256',
      'alpn=',
      'key7=',
      ',',
      '.',
      'é',
      '\0',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 20 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...LAYOUTS.keys(), 65280),
        text,
        (type, junk) => void parseRecordData(type, junk, ORIGIN),
      ),
      { numRuns: 3000 },
    );
  });
});

describe('targetNameOf', () => {
  it('finds the name in NS, MX and SRV data, and none elsewhere or where the data says none', () => {
    const target = (mnemonic: string, text: string) => {
      const found = targetNameOf(typeOf(mnemonic), Buffer.from(hexOf(mnemonic, text), 'hex'));
      return found === undefined ? undefined : formatName(found);
    };
    assert.equal(target('NS', 'ns1.Test.'), 'ns1.Test');
    assert.equal(target('MX', '10 mx.test.'), 'mx.test');
    assert.equal(target('SRV', '1 2 3 svc.test.'), 'svc.test');
    assert.equal(target('MX', '0 .'), undefined);
    assert.equal(target('CNAME', 'x.test.'), undefined);
  });
});
