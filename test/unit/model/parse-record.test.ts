// Which types of record an operator may write, and why not the others.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRecords } from '../../../src/model/parse-record.ts';
import { formatRecordType, isMetaType, parseRecordType } from '../../../src/wire/record-types.ts';

/** What is said about a record of this type; undefined when it may stand. */
function refusalOf(type: string): string | undefined {
  const { records, problems } = parseRecords([{ name: 'www', type, data: ['x'] }], 'zone.test');
  assert.equal(records[0] === undefined, problems.length > 0, type);
  return problems[0]?.message;
}

const NAMED_TYPES = Array.from({ length: 0x10000 }, (_, type) => type).filter(
  (type) => !formatRecordType(type).startsWith('TYPE'),
);

describe('the type of a record', () => {
  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['SOA', /under "soa" of the zone/],
    ['NULL', /RFC 1035 section 3\.3\.10/],
    ['SIG', /signing makes it, never an operator, and RRSIG has replaced it/],
    ['NXT', /NSEC has replaced it/],
    ['RRSIG', /signing makes it/],
    ['NSEC', /signing makes it/],
    ['NSEC3', /signing makes it/],
    ['NSEC3PARAM', /signing makes it/],
    ['ZONEMD', /digest of one revision of the zone/],
    ['NXNAME', /no zone holds it/],
    ['any', /type ANY cannot stand here: no zone holds it/],
  ];
  for (const [type, reason] of REFUSED) {
    it(`${type} is refused, whatever the data, with the reason`, () => assert.match(refusalOf(type) ?? '', reason));
  }

  it('may be obsolete as long as it does no harm', () => {
    const harmless = ['MD', 'MF', 'MB', 'WKS', 'NSAP', 'KEY', 'GPOS', 'A6', 'SINK', 'UID', 'SPF', 'DLV', 'TA', 'CDS'];
    for (const type of harmless) assert.equal(refusalOf(type), undefined, type);
  });

  it('is judged alike by its name and by its number', () => {
    for (const type of NAMED_TYPES) {
      const name = formatRecordType(type);
      const byName = refusalOf(name)?.replace(`type ${name} `, '');
      for (const digits of [`${type}`, `0${type}`]) {
        const byNumber = refusalOf(`type${digits}`)?.replace(`type TYPE${digits} `, '');
        assert.equal(byNumber, byName, name);
      }
    }
  });

  it('is never one that belongs to messages only', () => {
    const meta = NAMED_TYPES.filter(isMetaType);
    assert.ok(meta.length >= 9 && meta.includes(parseRecordType('TSIG') ?? -1));
    for (const type of meta) assert.match(refusalOf(formatRecordType(type)) ?? '', /no zone holds it/);
  });
});
