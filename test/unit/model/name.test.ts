import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isWithin,
  type ParsedName,
  parseHost,
  parseHostInZone,
  parseMailbox,
  parseOwner,
  parseOwnerInZone,
} from '../../../src/model/name.ts';

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

  it('of owners may begin with an asterisk, of hosts may not', () => {
    assert.equal(nameOf(parseOwner('*.example.com')), '*.example.com');
    for (const text of ['a.*.com', '*a.com']) assert.equal(nameOf(parseOwner(text)), undefined, text);
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
  });
});
