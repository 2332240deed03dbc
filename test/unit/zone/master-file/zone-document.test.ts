// From a master file to a zone of the configuration and back.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfiguration } from '../../../../src/model/parse-configuration.ts';
import { refusalOf } from '../../../../src/model/parse-record.ts';
import { parseNameText } from '../../../../src/wire/name.ts';
import { formatMasterFile } from '../../../../src/zone/master-file/format-master-file.ts';
import { readMasterFile } from '../../../../src/zone/master-file/read-master-file.ts';
import { nameInZone, toZoneDocument, type ZoneFromFile } from '../../../../src/zone/master-file/zone-document.ts';
import { RECORD_DATA_EXAMPLES } from '../../../support/record-data-examples.ts';

const name = parseNameText('example.org');
assert.ok(name instanceof Uint8Array);
const EXAMPLE_ORG = name;

function open(text: string, zone = 'example.org'): ZoneFromFile {
  const name = parseNameText(zone);
  assert.ok(name instanceof Uint8Array);
  const read = readMasterFile({ file: 'z', text, zone: name });
  return read.ok ? toZoneDocument(name, read.sets, 'z') : read;
}

const FILE = `$TTL 1h
@ 2h SOA ns1 john\\.doe 7 30m 10m 1w 60
@ NS ns1
@ NS ns2.example.net.
ns1 A 192.0.2.1
*.wild TXT "a b" "c"
example.org A 192.0.2.2
sub NS ns.sub
ns.sub AAAA 2001:db8::1
@ MX 10 ns1
`;

const DOCUMENT = {
  name: 'example.org',
  soa: {
    mname: 'ns1.example.org.',
    rname: 'john\\.doe.example.org.',
    refresh: 1800,
    retry: 600,
    expire: 604800,
    minimum: 60,
    ttl: 7200,
  },
  ns: ['ns1.example.org.', 'ns2.example.net.'],
  nsTtl: 3600,
  records: [
    { name: 'ns1', type: 'A', ttl: 3600, data: ['192.0.2.1'] },
    { name: '*.wild', type: 'TXT', ttl: 3600, data: ['"a b" "c"'] },
    { name: 'example.org.example.org.', type: 'A', ttl: 3600, data: ['192.0.2.2'] },
    { name: 'sub', type: 'NS', ttl: 3600, data: ['ns.sub.example.org.'] },
    { name: 'ns.sub', type: 'AAAA', ttl: 3600, data: ['2001:db8::1'] },
    { name: '@', type: 'MX', ttl: 3600, data: ['10 ns1.example.org.'] },
  ],
};

describe('a zone from a master file', () => {
  test('has the SOA and the name servers in its head, and everything else as records', () => {
    const made = open(FILE);
    assert.ok(made.ok);
    assert.deepEqual(made.zone, DOCUMENT);
    assert.equal(made.serial, 7);
  });

  test('is a zone of the configuration, and comes out as the same file again', () => {
    const made = open(FILE);
    assert.ok(made.ok);
    const parsed = parseConfiguration({ zones: [made.zone], regions: [] }, { resolveLocation: () => undefined });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    const [zone] = parsed.value.zones;
    assert.ok(zone !== undefined);
    const text = [...formatMasterFile({ ...zone, records: zone.records }, 42)].join('');
    assert.match(
      text,
      /^\$ORIGIN example\.org\.\n@\t7200\tIN\tSOA\tns1\.example\.org\. john\\\.doe\.example\.org\. 42 1800 600 604800 60\n/,
    );
    const again = open(text);
    assert.ok(again.ok);
    const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
    assert.deepEqual(
      { ...again.zone, records: again.zone.records?.toSorted(byName) },
      { ...DOCUMENT, records: DOCUMENT.records.toSorted(byName) },
    );
  });

  test('of every type comes out of a file as it went in', () => {
    const written = RECORD_DATA_EXAMPLES.filter(([type]) => refusalOf(type) === undefined);
    assert.ok(written.length > 100);
    for (const [type, text, hex] of written) {
      const made = open(`$TTL 60\n@ SOA ns1 a 1 1 2 3 60\n@ NS ns1.example.net.\nr ${type} ${text}\n`);
      assert.ok(made.ok, `${type} ${text}`);
      const parsed = parseConfiguration({ zones: [made.zone], regions: [] }, { resolveLocation: () => undefined });
      const zone = parsed.ok ? parsed.value.zones[0] : undefined;
      assert.ok(zone !== undefined, `${type} ${text}`);
      const lines = [...formatMasterFile(zone, 1)].join('');
      const again = readMasterFile({ file: 'z', text: lines, zone: EXAMPLE_ORG });
      const data = again.ok ? again.sets.at(-1)?.data[0] : undefined;
      assert.equal(Buffer.from(data ?? []).toString('hex'), hex, lines);
      const back = open(lines);
      assert.deepEqual(back.ok && back.zone, made.zone);
    }
  });

  test('knows the line of everything that came from one', () => {
    const made = open(FILE);
    assert.ok(made.ok);
    const lines = ['/soa/mname', '/ns', '/ns/1', '/records/1/ttl', '/records/5/data/0', '/name'].map(
      (path) => made.locate(path)?.line,
    );
    assert.deepEqual(lines, [2, 3, 4, 6, 10, undefined]);
  });

  test('needs one SOA and name servers, at its apex', () => {
    const empty = open('$TTL 1\na A 192.0.2.1\n');
    assert.ok(!empty.ok);
    assert.deepEqual(
      empty.problems.map(({ message }) => message.split(':')[0]),
      ['the zone example.org has no SOA', 'the zone example.org has no NS records'],
    );
    const stray = open(`${FILE}a SOA b c 1 1 1 1 1\n`);
    assert.ok(!stray.ok);
    assert.match(stray.problems[0]?.message ?? '', /^a\.example\.org is not the zone/);
    assert.equal(stray.problems[0]?.line, 11);
  });

  test('relative names are those that a reader completes again', () => {
    assert.equal(nameInZone('example.org', 'example.org'), '@');
    assert.equal(nameInZone('a.b.example.org', 'example.org'), 'a.b');
    assert.equal(nameInZone('example.org.example.org', 'example.org'), 'example.org.example.org.');
    assert.equal(nameInZone('x.example.org.example.org', 'example.org'), 'x.example.org.example.org.');
    assert.equal(nameInZone('xexample.org', 'example.org'), 'xexample.org.');
  });
});
