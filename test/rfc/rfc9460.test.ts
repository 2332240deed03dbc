// RFC 9460, Service Binding and Parameter Specification via the DNS (SVCB and HTTPS): what the data must be, in text and as
// octets, with the test vectors of appendix D.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatRecordData, namesIn, parseRecordData } from '../../src/wire/record-data.ts';
import { TYPE_HTTPS, TYPE_SVCB } from '../../src/wire/record-types.ts';
import { askZone } from '../support/rfc-zone.ts';

const ROOT = Uint8Array.of(0);

function read(text: string, type = TYPE_SVCB): string | undefined {
  const parsed = parseRecordData(type, text, ROOT);
  return parsed.ok ? Buffer.from(parsed.bytes).toString('hex') : undefined;
}

/** Whether octets are taken for data of SVCB. */
function isValid(hex: string): boolean {
  return !formatRecordData(TYPE_SVCB, Buffer.from(hex, 'hex')).startsWith('\\#');
}

const FOO = '03666f6f076578616d706c6503636f6d00';
const FOO_ORG = '03666f6f076578616d706c65036f726700';

it('2.1: "SvcPriority is a number in the range 0-65535"', () => {
  assert.equal(read('65535 .'), 'ffff00');
  assert.equal(read('65536 .'), undefined);
  assert.equal(read('1'), undefined);
});

it('2.1: "SvcParams in presentation format MAY appear in any order, but keys MUST NOT be repeated"', () => {
  assert.equal(read('1 . port=53 alpn=h2'), read('1 . alpn=h2 port=53'));
  assert.equal(read('1 . alpn=h2 alpn=h3'), undefined);
  assert.equal(read('1 . port=53 key3="\\000\\053"'), undefined, 'by another name');
});

it('2.1: key names are of "a"-"z", "0"-"9", and "-", or keyNNNNN "without leading zeros"', () => {
  assert.equal(read('1 . Alpn=h2'), undefined);
  assert.equal(read('1 . key0123=a'), undefined);
  assert.equal(read('1 . KEY123=a'), undefined);
  assert.equal(read('1 . key123=a'), '00010000' + '7b000161');
});

it('2.1: of keyNNNNN "the decoded value SHALL be used as its wire-format encoding"', () => {
  assert.equal(read('1 . key3="\\000\\053"'), read('1 . port=53'));
  assert.equal(read('1 . key3=53000'), undefined, 'which must be right for the key');
});

it('2.1: "When the optional "=" and SvcParamValue are omitted, the value is interpreted as empty"', () => {
  assert.equal(read('1 . key123'), '0001000' + '07b0000');
  assert.equal(read('1 . key123='), read('1 . key123'));
  assert.equal(read('1 . key123=""'), read('1 . key123'));
});

it('2.2: "SvcParamKeys SHALL appear in increasing numeric order"', () => {
  assert.equal(isValid('000100' + '00010003026832' + '000300020035'), true);
  assert.equal(isValid('000100' + '000300020035' + '00010003026832'), false);
});

it('2.2: an RR is malformed if "the end of the RDATA occurs within a SvcParam", keys "are not in strictly increasing numeric order", or a value "does not have the expected format"', () => {
  assert.equal(isValid('000100' + '000300020035'), true);
  assert.equal(isValid('000100' + '0003000200'), false);
  assert.equal(isValid('000100' + '000300'), false);
  assert.equal(isValid('000100' + '0003'), false);
  assert.equal(isValid('000100' + '00'), false);
  assert.equal(isValid('000100' + '000300020035' + '000300020035'), false);
  assert.equal(isValid('000100' + '0003000135'), false, 'a value that is not of the expected format');
});

it('2.2: "the uncompressed, fully qualified TargetName"', () => {
  assert.equal(isValid('0001c00c'), false);
  assert.deepEqual(namesIn(TYPE_SVCB, Buffer.from(`0001${FOO}`, 'hex')), [2]);
});

it('2.4.1: in AliasMode "recipients MUST ignore any SvcParams that are present", and so they may be', () => {
  assert.equal(read('0 foo.example.com. port=53'), `0000${FOO}000300020035`);
});

it('7.1: "the wire-format value for "alpn" consists of at least one alpn-id prefixed by its length as a single octet"', () => {
  assert.equal(isValid('000100' + '00010000'), false);
  assert.equal(isValid('000100' + '0001000100'), false, 'an empty id');
  assert.equal(isValid('000100' + '00010003036832'), false, 'an id that runs past the end');
  assert.equal(read(`1 . alpn=${'x'.repeat(256)}`), undefined);
});

it('7.1: for "no-default-alpn", "the presentation and wire-format values MUST be empty"', () => {
  assert.equal(read('1 . alpn=h2 no-default-alpn'), '000100' + '00010003026832' + '00020000');
  assert.equal(read('1 . alpn=h2 no-default-alpn=""'), read('1 . alpn=h2 no-default-alpn'));
  assert.equal(isValid('000100' + '00010003026832' + '0002000161'), false);
});

it('7.1: "When "no-default-alpn" is specified in an RR, "alpn" must also be specified"', () => {
  assert.equal(read('1 . no-default-alpn'), undefined);
  assert.equal(isValid('000100' + '00020000'), false);
});

it('7.2: the port is "a single decimal integer between 0 and 65535 in ASCII" and "MUST NOT contain escape sequences"', () => {
  assert.equal(read('1 . port=0'), '000100' + '000300020000');
  assert.equal(read('1 . port=65536'), undefined);
  assert.equal(read('1 . port=-1'), undefined);
  assert.equal(read('1 . port=5\\051'), undefined);
  assert.equal(read('1 . port="53"'), read('1 . port=53'));
});

it('7.3: address hints are "a comma-separated list of one or more IP addresses of the appropriate family", without escapes', () => {
  assert.equal(read('1 . ipv4hint=192.0.2.1,192.0.2.2'), '000100' + '00040008c0000201c0000202');
  assert.equal(read('1 . ipv4hint=2001:db8::1'), undefined);
  assert.equal(read('1 . ipv6hint=192.0.2.1'), undefined);
  assert.equal(read('1 . ipv4hint=192.0.2.1,'), undefined);
  assert.equal(read('1 . ipv4hint=192\\.0.2.1'), undefined);
  assert.equal(isValid('000100' + '00040000'), false, 'an empty list');
  assert.equal(isValid('000100' + '00040003c00002'), false);
});

it('8: "Keys MAY appear in any order" in text, and are "concatenated in strictly increasing numeric order" in wire format', () => {
  assert.equal(read('1 . mandatory=port,alpn alpn=h2 port=53'), read('1 . mandatory=alpn,port alpn=h2 port=53'));
  assert.equal(isValid('000100' + '0000000400010003' + '00010003026832' + '000300020035'), true);
  assert.equal(isValid('000100' + '0000000400030001' + '00010003026832' + '000300020035'), false);
  assert.equal(isValid('000100' + '0000000300010003'), false);
});

it('8: mandatory "MUST NOT contain escape sequences"', () => {
  assert.equal(read('1 . mandatory=po\\rt port=53'), undefined);
});

it('A.1: "\\," and "\\\\" stand for a comma and a backslash in an item, and there is nothing else to escape', () => {
  assert.equal(read('1 . alpn="a\\\\,b"'), '000100' + '0001000403612c62');
  assert.equal(read('1 . alpn="a\\\\b"'), undefined);
  assert.equal(read('1 . alpn=a,,b'), undefined, 'no item is empty');
});

describe('D.1 and D.2: the test vectors', () => {
  const VECTORS: readonly (readonly [figure: number, text: string, hex: string])[] = [
    [2, '0 foo.example.com.', `0000${FOO}`],
    [3, '1 .', '000100'],
    [4, '16 foo.example.com. port=53', `0010${FOO}000300020035`],
    [5, '1 foo.example.com. key667=hello', `0001${FOO}029b000568656c6c6f`],
    [6, '1 foo.example.com. key667="hello\\210qoo"', `0001${FOO}029b000968656c6c6fd2716f6f`],
    [
      7,
      '1 foo.example.com. (\n ipv6hint="2001:db8::1,2001:db8::53:1"\n )',
      `0001${FOO}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
    ],
    [
      8,
      '1 example.com. (\n ipv6hint="2001:db8:122:344::192.0.2.33"\n )',
      '0001076578616d706c6503636f6d00' + '00060010' + '20010db80122034400000000c0000221',
    ],
    [
      9,
      '16 foo.example.org. (\n alpn=h2,h3-19 mandatory=ipv4hint,alpn\n ipv4hint=192.0.2.1\n )',
      `0010${FOO_ORG}0000000400010004000100090268320568332d313900040004c0000201`,
    ],
    [10, '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"', `0010${FOO_ORG}0001000c08665c6f6f2c626172026832`],
    [10, '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2', `0010${FOO_ORG}0001000c08665c6f6f2c626172026832`],
  ];
  for (const [figure, text, hex] of VECTORS) {
    it(`figure ${figure}: ${JSON.stringify(text)}`, () => {
      assert.equal(read(text), hex);
      assert.equal(read(text, TYPE_HTTPS), hex);
      assert.equal(read(formatRecordData(TYPE_SVCB, Buffer.from(hex, 'hex'))), hex);
    });
  }
});

describe('D.3: what must be refused', () => {
  const FAILURES: readonly (readonly [figure: number, parameters: string])[] = [
    [11, 'key123=abc key123=def'],
    [12, 'mandatory'],
    [12, 'alpn'],
    [12, 'port'],
    [12, 'ipv4hint'],
    [12, 'ipv6hint'],
    [13, 'no-default-alpn=abc'],
    [14, 'mandatory=key123'],
    [15, 'mandatory=mandatory'],
    [16, 'mandatory=key123,key123 key123=abc'],
  ];
  for (const [figure, parameters] of FAILURES) {
    it(`figure ${figure}: ${parameters}`, () => {
      assert.equal(read(`1 foo.example.com. ${parameters}`), undefined);
      assert.equal(read(`1 foo.example.com. ${parameters}`, TYPE_HTTPS), undefined);
    });
  }
});

it('RFC 9461 section 5: dohpath is a relative URI template in UTF-8 with the variable dns', () => {
  assert.equal(read('1 . dohpath=/dns-query{?dns}'), '000100' + '00070010' + '2f646e732d71756572797b3f646e737d');
  assert.notEqual(read('1 . dohpath=/{+dns}/x'), undefined);
  assert.notEqual(read('1 . dohpath=/{?a,dns*,b}'), undefined);
  for (const wrong of [
    '/dns-query',
    'dns-query{?dns}',
    '/{?dnsx}',
    '/dns}',
    '"/\\255{?dns}"',
    '"\\239\\187\\191/{?dns}"',
  ]) {
    assert.equal(read(`1 . dohpath=${wrong}`), undefined, wrong);
  }
  assert.equal(isValid('000100' + '00070000'), false);
});

it('RFC 9540 section 4: "Both the presentation and wire-format values for the "ohttp" parameter MUST be empty"', () => {
  assert.equal(read('1 . ohttp'), '000100' + '00080000');
  assert.equal(read('1 . ohttp=1'), undefined);
  assert.equal(isValid('000100' + '0008000100'), false);
});

it('tls-supported-groups is a list of distinct numbers of 16 bits in the order of preference', () => {
  assert.equal(read('1 . tls-supported-groups=29,23'), '000100' + '00090004001d0017');
  assert.equal(
    formatRecordData(TYPE_SVCB, Buffer.from('00010000090004001d0017', 'hex')),
    '1 . tls-supported-groups=29,23',
  );
  assert.equal(read('1 . tls-supported-groups=29,29'), undefined);
  assert.equal(read('1 . tls-supported-groups=65536'), undefined);
  assert.equal(read('1 . tls-supported-groups=29,'), undefined);
  assert.equal(isValid('000100' + '0009000300' + '1d00'), false);
  assert.equal(isValid('000100' + '00090004001d001d'), false);
  assert.equal(isValid('000100' + '00090000'), false);
});

// "When replying to an SVCB query, authoritative DNS servers SHOULD return A, AAAA, and SVCB records in the Additional section
// for any TargetNames that are in the zone."
describe('section 4.1: the additional section', () => {
  it('has the addresses of targets, of the owner too where the target is "."', () => {
    const { answers, additionals } = askZone('web', 'HTTPS');
    assert.equal(answers.length, 2);
    assert.deepEqual(additionals, ['web.example.com 3600 A 192.0.2.60', 'mail.example.com 3600 A 192.0.2.3']);
  });

  it('has the records of the target of an alias too', () => {
    assert.deepEqual(askZone('front', 'HTTPS').additionals, [
      'web.example.com 3600 A 192.0.2.60',
      'web.example.com 3600 HTTPS 1 . alpn="h2"',
      'web.example.com 3600 HTTPS 2 mail.example.com. alpn="h2"',
    ]);
  });

  it('has nothing for "no such service" (section 2.5.1), nor for a name whose addresses depend on the client', () => {
    assert.deepEqual(askZone('off', 'HTTPS').additionals, []);
    assert.deepEqual(askZone('steered', 'HTTPS').additionals, []);
  });
});

it('RFC 3403 section 4.1 and RFC 2230 section 3: NAPTR leads to SRV or addresses, KX to addresses', () => {
  assert.deepEqual(askZone('e164', 'NAPTR').additionals, [
    '_sip._tcp.example.com 3600 SRV 1 1 5060 mail.example.com.',
    'mail.example.com 3600 A 192.0.2.3',
  ]);
  assert.deepEqual(askZone('kx', 'KX').additionals, ['mail.example.com 3600 A 192.0.2.3']);
});
