// RFC 3597, Handling of Unknown DNS Resource Record Types: what the text and the wire form of such records must be.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { formatRecordData, parseRecordData } from '../../src/wire/record-data.ts';
import { formatRecordClass, formatRecordType, parseRecordClass, parseRecordType } from '../../src/wire/record-types.ts';

const ORIGIN = Uint8Array.of(1, 0x7a, 0);

function read(type: number, text: string): string | undefined {
  const parsed = parseRecordData(type, text, ORIGIN);
  return parsed.ok ? Buffer.from(parsed.bytes).toString('hex') : undefined;
}

it('5: "the word "TYPE" immediately followed by the decimal RR type number, with no intervening whitespace"', () => {
  assert.equal(parseRecordType('TYPE65400'), 65400);
  assert.equal(formatRecordType(65400), 'TYPE65400');
  assert.equal(parseRecordType('TYPE 65400'), undefined);
});

it('5: "the word "CLASS" immediately followed by the decimal class number"', () => {
  assert.equal(parseRecordClass('CLASS32'), 32);
  assert.equal(formatRecordClass(32), 'CLASS32');
});

it('5: "The special token \\# (a backslash immediately followed by a hash sign), which identifies the RDATA as having the generic encoding"', () => {
  assert.equal(read(65400, '\\# 5 01 02FF 0405'), '0102ff0405');
  assert.equal(formatRecordData(65400, Uint8Array.of(1, 0xab)), '\\# 2 01ab');
  assert.equal(read(65400, '# 1 01'), undefined);
});

it('5: "Zero or more words of hexadecimal data encoding the actual RDATA field, each containing an even number of hexadecimal digits"', () => {
  assert.equal(read(65400, '\\# 0'), '');
  assert.equal(formatRecordData(65400, new Uint8Array(0)), '\\# 0');
  assert.equal(read(65400, '\\# 1 0'), undefined);
});

it('5: "If the RDATA is of zero length, the text representation contains only the \\# token and the single zero representing the length"', () => {
  assert.equal(formatRecordData(65400, new Uint8Array(0)), '\\# 0');
});

it('5: of an RR of known type in the \\# format, "all further processing by the server MUST treat it as a known type"', () => {
  assert.equal(read(1, '\\# 4 c6336401'), read(1, '198.51.100.1'));
  assert.equal(read(1, '\\# 3 c63364'), undefined, 'its data is checked');
  assert.equal(read(parseRecordType('TYPE1') ?? 0, '198.51.100.1'), 'c6336401');
});

it('5: data of an unknown type has no other text than the generic encoding', () => {
  assert.equal(read(65400, '198.51.100.1'), undefined);
});

it('3: servers "must treat the RDATA section of such RRs as unstructured binary data": what looks like a pointer stays as it came', () => {
  const octets = '000184000000000100000000' + '00' + 'ff78' + '0001' + '00000000' + '0004' + '0161c00c';
  const message = decodeMessage(new Uint8Array(Buffer.from(octets, 'hex')));
  assert.ok(typeof message !== 'string');
  assert.deepEqual([...(message.answers[0]?.data ?? [])], [1, 0x61, 0xc0, 0x0c]);
});

it('4: "Receiving servers MUST decompress domain names in RRs of well-known type, and SHOULD also decompress RRs of type RP, AFSDB, RT, [...] PX, [...] NAPTR, and SRV"', () => {
  /** Octets before the name, by type; PX and RP hold two names. */
  const types: readonly (readonly [number, string, number])[] = [
    [2, '', 1],
    [17, '', 2],
    [18, '0001', 1],
    [21, '0001', 1],
    [26, '0001', 2],
    [33, '000100020003', 1],
    [35, '00010002000000', 1],
  ];
  for (const [type, lead, names] of types) {
    const data = lead + 'c00c'.repeat(names);
    const fixed = `${type.toString(16).padStart(4, '0')}000100000000${(data.length / 2).toString(16).padStart(4, '0')}`;
    const octets = `000184000001000100000000${'016100'}00010001${'00'}${fixed}${data}`;
    const message = decodeMessage(new Uint8Array(Buffer.from(octets, 'hex')));
    assert.ok(typeof message !== 'string', formatRecordType(type));
    const expected = lead + '016100'.repeat(names);
    assert.equal(Buffer.from(message.answers[0]?.data ?? []).toString('hex'), expected, formatRecordType(type));
  }
});
