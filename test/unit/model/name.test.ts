import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isWithin,
  listAncestors,
  type ParsedName,
  parseHost,
  parseHostInZone,
  parseMailbox,
  parseOwner,
  parseOwnerInZone,
} from '../../../src/model/name.ts';
import { formatName, lowerCaseName, parseNameText } from '../../../src/wire/name.ts';

const ZONE = 'gtm.example.com';

function nameOf(parsed: ParsedName): string | undefined {
  return parsed.ok ? parsed.name : undefined;
}

describe('names', () => {
  it('are lower case and lose their last dot', () => {
    assert.equal(nameOf(parseOwner('WWW.Example.COM.')), 'www.example.com');
  });

  it('of owners are relative to the zone unless they end in its name or in a dot', () => {
    assert.equal(nameOf(parseOwnerInZone('www', ZONE)), 'www.gtm.example.com');
    assert.equal(nameOf(parseOwnerInZone('a.b', ZONE)), 'a.b.gtm.example.com');
    assert.equal(nameOf(parseOwnerInZone('@', ZONE)), ZONE);
    assert.equal(nameOf(parseOwnerInZone('www.GTM.example.com', ZONE)), 'www.gtm.example.com');
    assert.equal(nameOf(parseOwnerInZone('www.example.net.', ZONE)), 'www.example.net');
  });

  it('of hosts are relative to the zone only without a dot', () => {
    assert.equal(nameOf(parseHostInZone('ns1', ZONE)), 'ns1.gtm.example.com');
    assert.equal(nameOf(parseHostInZone('ns1.example.net', ZONE)), 'ns1.example.net');
  });

  it('may have labels of 63 characters and 253 in all, and no more (RFC 1035 section 2.3.4)', () => {
    const label = 'a'.repeat(63);
    const longest = `${label}.${label}.${label}.${'b'.repeat(61)}`;
    assert.equal(nameOf(parseOwner(longest)), longest);
    assert.equal(nameOf(parseOwner(`${longest}b`)), undefined);
    for (const text of [`a${label}.com`, `www.a${label}`, `a${label}`])
      assert.equal(nameOf(parseOwner(text)), undefined);
  });

  it('have no empty labels', () => {
    for (const text of ['', '.', '..', 'a..b', '.a', 'a..']) assert.equal(nameOf(parseOwner(text)), undefined, text);
  });

  it('of owners may hold an asterisk anywhere (RFC 4592 section 2.1.1), of hosts may not', () => {
    for (const text of ['*.example.com', 'a.*.com', '*a.com']) assert.equal(nameOf(parseOwner(text)), text);
    assert.equal(nameOf(parseHost('*.example.com')), undefined);
  });

  it('of hosts are letters, digits, underscores and inner hyphens', () => {
    for (const text of ['a-b.example', '_dmarc.example', '3com.example']) assert.equal(nameOf(parseHost(text)), text);
    for (const text of ['-a.example', 'a-.example', 'a b.example', 'müller.example', 'a/b.example', 'a\\.b.example']) {
      assert.equal(nameOf(parseHost(text)), undefined, text);
    }
  });

  it('lie within a zone only at the border of a label', () => {
    assert.ok(isWithin('example.com', 'example.com'));
    assert.ok(isWithin('a.example.com', 'example.com'));
    assert.ok(!isWithin('badexample.com', 'example.com'));
  });
});

describe('parseMailbox', () => {
  it('reads a@b, escaping the dots before the @ (RFC 1035 section 8)', () => {
    assert.equal(nameOf(parseMailbox('John.Doe@Example.com', ZONE)), 'john\\.doe.example.com');
    assert.equal(nameOf(parseMailbox('a@b@c', ZONE)), undefined);
  });

  it('reads the form of master files, and a bare word as one of the zone', () => {
    assert.equal(nameOf(parseMailbox('john\\.doe.example.com.', ZONE)), 'john\\.doe.example.com');
    assert.equal(nameOf(parseMailbox('hostmaster', ZONE)), 'hostmaster.gtm.example.com');
    assert.equal(
      nameOf(parseMailbox('hostmaster', '0/25.2.0.192.in-addr.arpa')),
      'hostmaster.0/25.2.0.192.in-addr.arpa',
    );
    assert.equal(nameOf(parseMailbox('A\\@b.example.com.', ZONE)), 'a\\@b.example.com');
    assert.equal(nameOf(parseMailbox('host master.example.com', ZONE)), undefined);
    assert.deepEqual(parseMailbox('.', ZONE), { ok: false, fault: 'is the root, which cannot stand here' });
  });

  it('of owners may hold any octet, in the one spelling that names in wire form have too (RFC 2181 section 11)', () => {
    const cases = [
      'a\\.b.example.',
      'A\\098C.x',
      '\\000\\255.x',
      '\\.',
      'x\\\\.y',
      'a+b=c.d',
      '\\@.x',
      'ab\\ c.x',
      '\\065\\b.C',
      'a\\.',
    ];
    for (const text of cases) {
      const wire = parseNameText(text);
      assert.ok(wire instanceof Uint8Array);
      assert.equal(nameOf(parseOwner(text)), formatName(lowerCaseName(wire)), text);
    }
    for (let octet = 0; octet < 256; octet++) {
      const label = `\\${String(octet).padStart(3, '0')}`;
      assert.equal(nameOf(parseOwner(`${label}.x`)), formatName(lowerCaseName(Uint8Array.of(1, octet, 1, 0x78, 0))));
    }
    const faulty = [
      'a..\\.b',
      'a\\',
      'a\\1',
      'a\\256.x',
      '.a\\.b',
      'a\\.b..',
      '\\é.x',
      'a b',
      'a@b',
      'a;b',
      'a(b',
      'a"b',
      '$a',
      'é',
    ];
    for (const text of faulty) assert.equal(nameOf(parseOwner(text)), undefined, text);
    const long = `${'\\.'.repeat(63)}.`.repeat(3) + '\\.'.repeat(61);
    assert.equal(nameOf(parseOwner(long)), long);
    assert.equal(nameOf(parseOwner(`${long}\\.`)), undefined);
    assert.equal(nameOf(parseOwner('\\.'.repeat(64))), undefined);
  });

  it('with an escaped dot belong where their labels say', () => {
    assert.equal(isWithin('a\\.x.y', 'x.y'), false);
    assert.equal(isWithin('a\\\\.x.y', 'x.y'), true);
    assert.equal(nameOf(parseOwnerInZone('a\\.', 'x.y')), 'a\\..x.y');
    assert.deepEqual(listAncestors('a\\.b.c\\\\.d'), ['a\\.b.c\\\\.d', 'c\\\\.d', 'd']);
  });
});
