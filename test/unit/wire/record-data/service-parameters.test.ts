// SVCB and HTTPS data: order, checks and the two layers of escapes (RFC 9460 sections 2.1, 2.2, 7, 8 and appendix A).

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatRecordData, parseRecordData } from '../../../../src/wire/record-data.ts';
import { TYPE_HTTPS, TYPE_SVCB } from '../../../../src/wire/record-types.ts';

const ROOT = Uint8Array.of(0);

function hexOf(text: string): string {
  const parsed = parseRecordData(TYPE_SVCB, text, ROOT);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problem);
  return Buffer.from(parsed.bytes).toString('hex');
}

function problemOf(text: string): string {
  const parsed = parseRecordData(TYPE_HTTPS, text, ROOT);
  assert.ok(!parsed.ok, `${text} is refused`);
  return parsed.problem;
}

describe('service parameters', () => {
  const EXAMPLES: readonly (readonly [string, string, string, string?])[] = [
    ['an alias', '0 pool.test.', '000004706f6f6c047465737400'],
    ['a service without parameters', '16 .', '001000'],
    ['a port', '16 . port=8443', '0010000003000220fb'],
    [
      'keys in ascending order, however they were written',
      '1 . port=53 alpn=h3',
      '000100' + '00010003026833' + '000300020035',
      '1 . alpn="h3" port=53',
    ],
    ['an unknown key with escaped octets', '1 . key700="a\\210b c"', '00010002bc000561d2622063'],
    ['an unknown key without a value', '1 . key700', '00010002bc0000'],
    ['several protocols', '1 . alpn="h2,h3" no-default-alpn', '0001000001000602683202683300020000'],
    [
      'a comma and a backslash inside a protocol id, in quotes',
      '1 . alpn="a\\\\\\\\b\\\\,c,h2"',
      '000100000100090561' + '5c622c63' + '026832',
    ],
    [
      'the same without quotes',
      '1 . alpn=a\\\\\\092b\\092,c,h2',
      '000100000100090561' + '5c622c63' + '026832',
      '1 . alpn="a\\\\\\\\b\\\\,c,h2"',
    ],
    ['address hints', '1 . ipv4hint=192.0.2.1,192.0.2.2', '00010000040008c0000201c0000202'],
    [
      'IPv6 hints',
      '1 . ipv6hint="2001:db8::1"',
      '0001000006001020010db8000000000000000000000001',
      '1 . ipv6hint=2001:db8::1',
    ],
    [
      'mandatory keys, sorted',
      '1 . mandatory=port,alpn alpn=h2 port=1',
      '0001000000000400010003' + '00010003026832' + '000300020001',
      '1 . mandatory=alpn,port alpn="h2" port=1',
    ],
    ['base64', '1 . ech=AQID', '000100000500030' + '10203'],
    ['a template', '1 . dohpath="/q{?dns}"', '000100000700082f717b3f646e737d'],
  ];
  for (const [what, text, hex, formatted] of EXAMPLES) {
    it(`reads ${what} and writes it back`, () => {
      assert.equal(hexOf(text), hex);
      assert.equal(formatRecordData(TYPE_SVCB, Buffer.from(hex, 'hex')), formatted ?? text);
    });
  }

  it('takes the value of keyNNN for the octets of the wire, of a known key too (section 2.1)', () => {
    assert.equal(hexOf('1 . key3="\\000\\053"'), hexOf('1 . port=53'));
    assert.equal(hexOf('1 . key1="\\002h2"'), hexOf('1 . alpn=h2'));
    assert.match(problemOf('1 . key3=8080'), /key3: its octets are no value of port: write port= and a value/);
    assert.match(problemOf('1 . key1=h2'), /no value of alpn/);
  });

  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['1 . port=1 port=2', /port is there twice/],
    ['1 . key3=ab port=2', /there twice/],
    ['1 . port', /port: its value is missing/],
    ['1 . port=65536', /whole number from 0 to 65535/],
    ['1 . alpn=', /its value is missing/],
    ['1 . alpn=h2,', /1 to 255 octets/],
    ['1 . alpn="a\\\\b"', /inside an item/],
    ['1 . no-default-alpn', /no-default-alpn needs alpn/],
    ['1 . alpn=h2 no-default-alpn=x', /takes no value/],
    ['1 . ipv4hint=192.0.2.1,2001:db8::1', /IPv4 addresses with commas/],
    ['1 . mandatory=port', /port is mandatory but not there/],
    ['1 . mandatory=mandatory', /may not list itself/],
    ['1 . mandatory=alpn,key1 alpn=h2', /a key is there twice/],
    ['1 . colour=blue', /no known key: write mandatory, alpn/],
    ['1 . key65535=x', /no known key/],
    ['1 . key01=h2', /no known key/],
    ['1 . ech="@"', /not base64/],
  ];
  for (const [text, expected] of REFUSED) {
    it(`refuses ${text}`, () => assert.match(problemOf(text), expected));
  }

  it('takes octets in strictly ascending order of keys only', () => {
    const valid = (hex: string) => parseRecordData(TYPE_SVCB, `\\# ${hex.length / 2} ${hex}`, ROOT).ok;
    assert.equal(valid('00010000010003026832' + '000300020035'), true);
    assert.equal(valid('000100000300020035' + '00010003026832'), false, 'descending');
    assert.equal(valid('000100000300020035' + '000300020035'), false, 'twice');
    assert.equal(valid('00010000030002'), false, 'cut short');
    assert.equal(valid('0001000003000135'), false, 'a port of one octet');
    assert.equal(valid('000100ffff0000'), false, 'the invalid key');
    assert.equal(valid('00010000000002000300'), false, 'mandatory key missing');
  });

  it('reads back whatever it writes of valid parameters', () => {
    const parameters = fc.record(
      {
        1: fc
          .array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 3 })
          .map((ids) => ids.flatMap((id) => [id.length, ...id])),
        3: fc.tuple(fc.nat(255), fc.nat(255)),
        4: fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
        6: fc.array(fc.nat(255), { minLength: 16, maxLength: 16 }),
        10: fc.array(fc.nat(255), { maxLength: 20 }),
        65534: fc.array(fc.nat(255), { maxLength: 20 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(parameters, (values) => {
        const fields = Object.entries(values).flatMap(([key, value]) => [
          Number(key) >>> 8,
          Number(key) & 0xff,
          0,
          value.length,
          ...value,
        ]);
        const data = Uint8Array.of(0, 1, 0, ...fields);
        const text = formatRecordData(TYPE_HTTPS, data);
        assert.ok(!text.startsWith('\\#'), text);
        assert.deepEqual(parseRecordData(TYPE_HTTPS, text, ROOT), { ok: true, bytes: data });
      }),
      { numRuns: 500 },
    );
  });
});
