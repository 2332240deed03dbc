// RFC 2181, Clarifications to the DNS Specification: what it says of names, RRsets and TTLs in what we read and build.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RecordSet, Zone } from '../../src/model/zone.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { formatName, parseNameText } from '../../src/wire/name.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { buildZone } from '../support/built-zone.ts';

function zoneWith(...records: RecordSet[]): Zone {
  const timers = { refreshSeconds: 1, retrySeconds: 1, expireSeconds: 1, minimumSeconds: 1, ttlSeconds: 1 };
  return {
    name: 'z.test',
    soa: { mname: 'ns.other.test', rname: 'ops.other.test', ...timers },
    ns: ['ns.other.test'],
    nsTtlSeconds: 60,
    records,
  };
}

function record(name: string, type: string, ttlSeconds: number, ...data: string[]): RecordSet {
  return { name, type, ttlSeconds, data };
}

it('11: "any binary string whatever can be used as the label of any resource record"', () => {
  for (let octet = 0; octet <= 255; octet++) {
    const name = Uint8Array.of(2, octet, 0x61, 0);
    assert.deepEqual(parseNameText(formatName(name)), name, `octet ${octet}`);
  }
});

it('11: "The length of any one label is limited to between 1 and 63 octets. A full domain name is limited to 255 octets"', () => {
  const longest = [63, 63, 63, 61].map((length) => 'x'.repeat(length)).join('.');
  assert.equal(parseNameText(longest) instanceof Uint8Array, true);
  assert.equal(parseNameText(`${longest}x`) instanceof Uint8Array, false);
  assert.equal(parseNameText('x'.repeat(64)) instanceof Uint8Array, false);
  assert.equal(parseNameText('x..y') instanceof Uint8Array, false);
});

it('11: "The zero length full name is defined as representing the root of the DNS tree, and is typically written and displayed as ."', () => {
  assert.deepEqual(parseNameText('.'), Uint8Array.of(0));
  assert.equal(formatName(Uint8Array.of(0)), '.');
});

it('5: "It is meaningless for two records to ever have label, class, type and data all equal - servers should suppress such duplicates if encountered"', () => {
  const built = buildZone(zoneWith(record('a.z.test', 'A', 60, '192.0.2.1', '192.0.2.2', '192.0.2.1')));
  assert.ok(built.ok);
  assert.deepEqual(
    built.value.nodes[1]?.rrsets[0]?.data.map((data) => data.at(-1)),
    [1, 2],
  );
});

it('5: data that differs in the case of names only is equal too (RFC 4343 section 3), that of text is not', () => {
  const built = buildZone(
    zoneWith(
      record('a.z.test', 'MX', 60, '10 Mail.x.test.', '10 mail.X.test.'),
      record('a.z.test', 'MX', 60, '10 MAIL.x.test.', '20 mail.x.test.'),
      record('a.z.test', 'TXT', 60, '"A"', '"a"'),
    ),
  );
  assert.ok(built.ok);
  const [mx, txt] = built.value.nodes[1]?.rrsets ?? [];
  assert.deepEqual(
    mx?.data.map((data) => formatRecordData(15, data)),
    ['10 Mail.x.test.', '20 mail.x.test.'],
  );
  assert.equal(txt?.data.length, 2);
});

it('5.2: "the TTLs of all RRs in an RRSet must be the same"', () => {
  const records = [record('a.z.test', 'A', 60, '192.0.2.1'), record('a.z.test', 'A', 61, '192.0.2.2')];
  assert.equal(buildZone(zoneWith(...records)).ok, false);
});

it('8: "a TTL value is an unsigned number, with a minimum value of 0, and a maximum value of 2147483647"; "treat TTL values received with the most significant bit set as if the entire value received was zero"', () => {
  const ttlOf = (ttl: string) => {
    const octets = `000184000000000100000000${'00'}00100001${ttl}0000`;
    const message = decodeMessage(new Uint8Array(Buffer.from(octets, 'hex')));
    assert.ok(typeof message !== 'string');
    return message.answers[0]?.ttlSeconds;
  };
  assert.equal(ttlOf('7fffffff'), 2147483647);
  assert.equal(ttlOf('80000000'), 0);
  assert.equal(ttlOf('ffffffff'), 0);
  assert.equal(buildZone(zoneWith(record('a.z.test', 'A', 2147483647, '192.0.2.1'))).ok, true);
  assert.equal(buildZone(zoneWith(record('a.z.test', 'A', 2147483648, '192.0.2.1'))).ok, false);
});

it('10.1: "An alias name (label of a CNAME record) may, if DNSSEC is in use, have SIG, NXT, and KEY RRs, but may have no other data"', () => {
  const alias = record('a.z.test', 'CNAME', 60, 'x.test.');
  assert.equal(buildZone(zoneWith(alias, record('a.z.test', 'TXT', 60, 'x'))).ok, false);
  assert.equal(buildZone(zoneWith(alias, record('a.z.test', 'KEY', 60, '49152 3 5'))).ok, true);
});

it('10.1: "There may be only one such canonical name for any one alias"', () => {
  assert.equal(buildZone(zoneWith(record('a.z.test', 'CNAME', 60, 'x.test.', 'y.test.'))).ok, false);
});

it('10.3: "The domain name used as the value of a NS resource record, or part of the value of a MX resource record must not be an alias"', () => {
  const alias = record('a.z.test', 'CNAME', 60, 'x.test.');
  assert.equal(buildZone(zoneWith(alias, record('m.z.test', 'MX', 60, '1 a'))).ok, false);
  assert.equal(buildZone(zoneWith(alias, record('s.z.test', 'NS', 60, 'a'))).ok, false);
  assert.equal(buildZone(zoneWith(alias, record('m.z.test', 'MX', 60, '1 x.test.'))).ok, true);
});
