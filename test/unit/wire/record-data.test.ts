// Record data between presentation and wire form: one table row per shape of each type, then what must be refused, and why.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatName, parseNameText } from '../../../src/wire/name.ts';
import { LAYOUTS } from '../../../src/wire/record-data/layouts.ts';
import {
  additionalNameOf,
  formatRecordData,
  namesIn,
  parseRecordData,
  targetNameOf,
} from '../../../src/wire/record-data.ts';
import { formatRecordType, parseRecordType } from '../../../src/wire/record-types.ts';
import { RECORD_DATA_EXAMPLES, WRONG_RECORD_DATA } from '../../support/record-data-examples.ts';

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

/** What the origin zone.example. makes of names that lack the final dot, and types that named-rrchecker does not read. */
const MORE_EXAMPLES: typeof RECORD_DATA_EXAMPLES = [
  ['NS', 'ns1', '036e7331047a6f6e65076578616d706c6500', 'ns1.zone.example.'],
  ['DNAME', '@', '047a6f6e65076578616d706c6500', 'zone.example.'],
  ['HIP', '2 2001 AQID rvs', '02020003200101020303727673047a6f6e65076578616d706c6500', '2 2001 AQID rvs.zone.example.'],
  ['TXT', '"é"', '02c3a9', '"\\195\\169"'],
  ['TXT', '( "a"\n "b" )', '01610162', '"a" "b"'],
  ['IPSECKEY', '10 0 0 .', '0a0000'],
  ['CLA', '"TCP-v4-v6"', '095443502d76342d7636'],
  [
    'TSIG',
    'hmac-sha256. 1700000000 300 3 AQID 4711 16 0',
    `0b${Buffer.from('hmac-sha256').toString('hex')}00` +
      '00006553f100' +
      '012c' +
      '0003010203' +
      '1267' +
      '0010' +
      '0000',
  ],
  [
    'TSIG',
    'a. 281474976710655 0 0 0 18 6 AAAAAAAA',
    '016100' + 'ffffffffffff' + '0000' + '0000' + '0000' + '0012' + '0006000000000000',
  ],
  [
    'TKEY',
    'a. 20300101000000 20300102000000 3 0 3 AQID 0',
    '016100' + '70dbd880' + '70dd2a00' + '0003' + '0000' + '0003010203' + '0000',
  ],
];
const EXAMPLES = [...RECORD_DATA_EXAMPLES, ...MORE_EXAMPLES];

describe('parseRecordData', () => {
  for (const [type, text, hex, formatted] of EXAMPLES) {
    it(`reads ${type} ${JSON.stringify(text)} and writes it back`, () => {
      assert.equal(hexOf(type, text), hex);
      assert.equal(formatRecordData(typeOf(type), Buffer.from(hex, 'hex')), formatted ?? text);
    });
  }

  const REFUSED: typeof WRONG_RECORD_DATA = [
    ...WRONG_RECORD_DATA,
    [
      'MX',
      '10 mail.zone.example',
      /no final dot and so means mail\.zone\.example\.zone\.example: write mail\.zone\.example\. instead/,
    ],
    ['TXT', 'v=DKIM1; k=rsa', /unquoted ; begins a comment/],
    ['TXT', 'a="b c"', /quote inside/],
    ['TXT', '"a" )', /parentheses/],
    ['TXT', '"\ud800"', /surrogate/],
    [
      'TXT',
      Array(257)
        .fill(`"${'x'.repeat(255)}"`)
        .join(' '),
      /65792 octets, above 65535/,
    ],
    ['URI', '1 1 ""', /target is empty/],
    ['DNSKEY', '257 3 13 AQJ=', /not base64/],
    ['RRSIG', 'A 5 2 3600 21070322173103 20030220173103 2642 example.com. AQID', /is no time from 1970 to 2106/],
    ['RRSIG', 'A 5 2 3600 19691231235959 20030220173103 2642 example.com. AQID', /is no time from 1970 to 2106/],
    ['TSIG', 'a. 1 300 3 AQ== 4711 0 0', /MAC is not a number of octets and so many octets in base64/],
    ['TSIG', 'a. 281474976710656 300 0 4711 0 0', /time signed/],
  ];
  for (const [type, text, expected] of REFUSED) {
    it(`refuses ${type} ${JSON.stringify(text.slice(0, 40))} and says why`, () =>
      assert.match(problemOf(type, text), expected));
  }

  it('has an example of each type that it can read', () => {
    const shown = new Set(EXAMPLES.filter(([, text]) => !text.startsWith('\\#')).map(([type]) => typeOf(type)));
    const missing = [...LAYOUTS.keys()].filter((type) => !shown.has(type));
    assert.deepEqual(missing.map(formatRecordType), []);
  });

  it('refuses text beyond the limit before it reads it', () => {
    assert.match(problemOf('TXT', 'x '.repeat(200_000)), /400000 characters, above/);
  });

  it('takes the most that a record can hold', () => {
    const hex = 'ab'.repeat(65_535);
    assert.equal(hexOf('TYPE65280', `\\# 65535 ${hex}`), hex);
  });

  it('has ports up to 65535, and no bitmap that goes further', () => {
    const octets = `c000020106${'00'.repeat(8191)}01`;
    assert.equal(hexOf('WKS', '192.0.2.1 6 65535'), octets);
    assert.equal(formatRecordData(typeOf('WKS'), Buffer.from(octets, 'hex')), '192.0.2.1 6 65535');
    assert.match(formatRecordData(typeOf('WKS'), Buffer.from(`${octets}01`, 'hex')), /^\\#/);
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

  it('takes no part of an example for the whole, unless it can be read back', () => {
    for (const [type, text, hex] of EXAMPLES) {
      const whole = Buffer.from(hex, 'hex');
      for (let length = 0; length < whole.length; length++)
        expectSameOctets(typeOf(type), whole.subarray(0, length), text);
    }
  });

  it('reads back to the same octets whatever it writes of examples with some octets changed', () => {
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...EXAMPLES),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        ([type, text, hex], changes) => {
          const octets = Buffer.from(hex, 'hex');
          for (const [at, octet] of changes) if (octets.length > 0) octets[at % octets.length] = octet;
          expectSameOctets(typeOf(type), octets, text);
        },
      ),
      { numRuns: 5000 },
    );
  });

  /** What is no data of its type is refused as such; all else comes back as the same octets. */
  function expectSameOctets(type: number, octets: Uint8Array, context: string): void {
    const written = formatRecordData(type, octets);
    const parsed = parseRecordData(type, written, ORIGIN);
    const what = `${formatRecordType(type)} ${context}: ${written}`;
    if (parsed.ok) assert.deepEqual(Buffer.from(parsed.bytes), Buffer.from(octets), what);
    else assert.match(parsed.problem, /the octets behind \\# are no valid data/, what);
  }

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

describe('namesIn', () => {
  const found = (mnemonic: string, text: string): readonly string[] => {
    const data = Buffer.from(hexOf(mnemonic, text), 'hex');
    return namesIn(typeOf(mnemonic), data).map((at) => formatName(data, at));
  };

  const CASES: readonly (readonly [string, string, readonly string[]])[] = [
    ['NS', 'Ns1.test.', ['Ns1.test']],
    ['SOA', 'a. b. 1 2 3 4 5', ['a', 'b']],
    ['MX', '10 mx.test.', ['mx.test']],
    ['PX', '10 a. b.', ['a', 'b']],
    ['NAPTR', '1 2 "a" "bc" "" replaced.test.', ['replaced.test']],
    ['SIG', 'A 5 2 3600 1 1 1 signer.test. AQID', ['signer.test']],
    ['RRSIG', 'A 5 2 3600 1 1 1 signer.test. AQID', ['signer.test']],
    ['NXT', 'next.test. A', ['next.test']],
    ['NSEC', 'next.test. A', ['next.test']],
    ['A6', '64 ::1 prefix.test.', ['prefix.test']],
    ['A6', '0 ::1', []],
    ['IPSECKEY', '10 3 2 gateway.test. AQID', ['gateway.test']],
    ['IPSECKEY', '10 1 2 192.0.2.1 AQID', []],
    ['AMTRELAY', '10 1 3 relay.test.', ['relay.test']],
    ['HIP', '2 2001 AQID a. bc.d. e.', ['a', 'bc.d', 'e']],
    ['HIP', '2 2001 AQID', []],
    ['SVCB', '1 target.test. alpn=h2', ['target.test']],
    ['MX', '0 .', ['.']],
    ['TXT', '"a."', []],
    ['TYPE65280', '\\# 3 016100', []],
  ];
  for (const [type, text, names] of CASES) {
    it(`finds ${names.length === 0 ? 'no name' : names.join(' and ')} in ${type} ${text}`, () =>
      assert.deepEqual(found(type, text), names));
  }

  it('finds none in data that is not what its type wants', () => {
    assert.deepEqual(namesIn(typeOf('MX'), Buffer.from('000a0161', 'hex')), []);
    assert.deepEqual(namesIn(typeOf('MX'), Buffer.from('000a01610000', 'hex')), []);
  });
});

describe('additionalNameOf', () => {
  const additional = (mnemonic: string, text: string) => {
    const found = additionalNameOf(typeOf(mnemonic), Buffer.from(hexOf(mnemonic, text), 'hex'));
    return found === undefined ? undefined : formatName(found);
  };

  for (const [type, text, name] of [
    ['MX', '10 mx.test.', 'mx.test'],
    ['KX', '10 kx.test.', 'kx.test'],
    ['RT', '10 rt.test.', 'rt.test'],
    ['AFSDB', '1 afs.test.', 'afs.test'],
    ['NAPTR', '1 2 "a" "x" "" host.test.', 'host.test'],
    ['NAPTR', '1 2 "S" "service" "" _sip._udp.test.', '_sip._udp.test'],
    ['NAPTR', '1 2 "u" "x" "!a!b!" .', undefined],
    ['NAPTR', '1 2 "" "x" "" next.test.', undefined],
    ['NAPTR', '1 2 "a" "x" "" .', undefined],
    ['HTTPS', '0 pool.test.', 'pool.test'],
    ['HTTPS', '0 .', undefined],
    ['HTTPS', '1 . alpn=h2', ''],
    ['SVCB', '1 svc.test. port=1', 'svc.test'],
    ['PTR', 'host.test.', undefined],
  ] as const) {
    it(`is ${name} of ${type} ${text}`, () => assert.equal(additional(type, text)?.replace(/^\.$/, ''), name));
  }
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
