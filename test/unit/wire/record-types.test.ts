// The numbers of DNS and their names. dns-packet's tables are the independent witness.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import packetRcodes from 'dns-packet/rcodes.js';
import packetTypes from 'dns-packet/types.js';
import {
  formatEdnsOption,
  formatOpcode,
  formatRecordClass,
  formatRecordType,
  formatResponseCode,
  isMetaType,
  parseEdnsOption,
  parseOpcode,
  parseRecordClass,
  parseRecordType,
  parseResponseCode,
} from '../../../src/wire/record-types.ts';

it('reads back every name and number that it writes', () => {
  for (let code = 0; code <= 0xffff; code++) {
    assert.equal(parseRecordType(formatRecordType(code)), code);
    assert.equal(parseRecordClass(formatRecordClass(code)), code);
    assert.equal(parseEdnsOption(formatEdnsOption(code)), code);
    if (code <= 0xf) assert.equal(parseOpcode(formatOpcode(code)), code);
    if (code <= 0xfff) assert.equal(parseResponseCode(formatResponseCode(code)), code);
  }
});

it('agrees with dns-packet about the types and rcodes that both name', () => {
  let agreed = 0;
  for (let type = 1; type <= 258; type++) {
    const theirs = packetTypes.toString(type);
    if (theirs.startsWith('UNKNOWN') || formatRecordType(type).startsWith('TYPE')) continue;
    assert.equal(formatRecordType(type), theirs);
    agreed++;
  }
  assert.ok(agreed > 40, `${agreed} types compared`);
  for (let rcode = 0; rcode <= 10; rcode++) assert.equal(formatResponseCode(rcode), packetRcodes.toString(rcode));
});

it('reads names in any case, and numbers of named types', () => {
  assert.equal(parseRecordType('aaaa'), 28);
  assert.equal(parseRecordType('type28'), 28);
  assert.equal(parseRecordType('TYPE65280'), 65280);
  for (const text of ['', 'TYPE', 'TYPE65536', 'TYPE-1', 'TYPE1.5', 'TYPE1e3', 'CLASS1', 'BOGUS', '28']) {
    assert.equal(parseRecordType(text), undefined, text);
  }
});

it('knows the types that no zone holds', () => {
  for (const type of ['ANY', 'AXFR', 'IXFR', 'TSIG', 'TKEY', 'OPT', 'TYPE0']) {
    assert.equal(isMetaType(parseRecordType(type) ?? -1), true, type);
  }
  for (const type of ['A', 'CAA', 'DNSKEY', 'URI', 'TYPE65280']) {
    assert.equal(isMetaType(parseRecordType(type) ?? -1), false, type);
  }
});
