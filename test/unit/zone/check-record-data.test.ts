// One value of one record, as validation asks.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkRecordData } from '../../../src/zone/check-record-data.ts';

it('has nothing to say about a value that is right', () => {
  assert.equal(checkRecordData('mx', '10 mail', 'zone.test'), undefined);
  assert.equal(checkRecordData('TYPE65280', '\\# 1 00', 'zone.test'), undefined);
});

it('says what is wrong with the value, the type or the zone', () => {
  assert.match(checkRecordData('A', 'x', 'zone.test') ?? '', /^A data: "x" is not an IPv4 address such as/);
  assert.match(checkRecordData('MAIL', 'x', 'zone.test') ?? '', /^MAIL is no record type: write a name such as A/);
  assert.match(checkRecordData('ANY', 'x', 'zone.test') ?? '', /^ANY exists in messages only/);
  assert.match(checkRecordData('SOA', 'x', 'zone.test') ?? '', /comes from the zone's soa/);
  assert.match(checkRecordData('A', '192.0.2.1', 'a..b') ?? '', /^The zone: /);
  assert.match(checkRecordData('CNAME', 'www.zone.test', 'zone.test') ?? '', /no final dot/);
});
