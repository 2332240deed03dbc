import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { explainRefusal, isAllowedTarget } from '../../../src/health/target-policy.ts';
import { isSameAddress, parseAddress, parsePrefix } from '../../../src/model/address.ts';

const refused: readonly [purpose: string, ...addresses: string[]][] = [
  ['this network', '0.0.0.0', '0.1.2.3'],
  ['private', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
  ['shared by a carrier (CGNAT)', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
  ['loopback', '127.0.0.1', '127.255.0.1', '::1', '0:0:0:0:0:0:0:1'],
  ['cloud metadata', '168.63.129.16'],
  ['link-local', '169.254.169.254', '169.254.0.1', 'fe80::1', 'febf::1'],
  ['protocol assignments', '192.0.0.192'],
  ['benchmarking', '198.18.0.1', '198.19.255.255'],
  ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1'],
  ['reserved', '240.0.0.1', '255.255.255.255'],
  ['an IPv4 address mapped into IPv6', '::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:8.8.8.8'],
  ['unspecified, or an IPv4 address inside IPv6', '::', '::127.0.0.1'],
  ['an IPv4 address behind NAT64', '64:ff9b::a9fe:a9fe'],
  ['NAT64 of local use', '64:ff9b:1::1'],
  ['an IPv4 address inside 6to4', '2002:7f00:1::'],
  ['an IPv4 address inside Teredo', '2001:0:1::1'],
  ['unique local', 'fd00:ec2::254', 'fc00::1'],
  ['site-local', 'fec0::1'],
  [
    'not an IP address',
    '',
    'localhost',
    '0177.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '[::1]',
    '::1%lo',
    '1::2::3',
  ],
];

for (const [purpose, ...addresses] of refused) {
  test(`refuses ${purpose}`, () => {
    for (const address of addresses) assert.equal(explainRefusal(address, []), purpose, address);
  });
}

test('allows addresses of the internet, up to the edges of what is special', () => {
  const allowed = [
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
  ];
  const more = ['172.15.255.255', '172.32.0.0', '192.0.1.0', '223.255.255.255', '168.63.129.17', '203.0.113.10'];
  const ipv6 = ['2606:4700::1111', '2001:4860:4860::8888', '2001:db8::1', '2003::1'];
  for (const address of [...allowed, ...more, ...ipv6]) assert.equal(isAllowedTarget(address, []), true, address);
});

test('allows special addresses in the networks that the settings name, and no others', () => {
  const networks = ['127.0.0.0/8', 'fd00::/16', '10.1.0.0/16'];
  for (const address of ['127.0.0.1', '127.9.9.9', 'fd00::5', '10.1.2.3'])
    assert.equal(isAllowedTarget(address, networks), true);
  for (const address of ['10.2.0.1', '::1', 'fd01::5', '::ffff:127.0.0.1'])
    assert.equal(isAllowedTarget(address, networks), false);
});

test('ignores settings that are no prefixes, rather than allowing everything', () => {
  assert.equal(isAllowedTarget('127.0.0.1', ['', '/', '127.0.0.1', '127.0.0.0/33', '0.0.0.0/', 'any']), false);
});

test('reads as addresses exactly what the platform does, zone indices apart', () => {
  const group = fc.oneof(
    fc.nat(0x1ffff).map((value) => value.toString(16)),
    fc.constantFrom('', '0', '00000', 'g', '1.2.3.4'),
  );
  const ipv6 = fc.array(group, { minLength: 1, maxLength: 10 }).map((groups) => groups.join(':'));
  const ipv4 = fc.array(fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '01', 'a')), {
    minLength: 1,
    maxLength: 5,
  });
  const text = fc.oneof(
    ipv6,
    ipv4.map((parts) => parts.join('.')),
    fc.ipV4(),
    fc.ipV6(),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (address) => {
      if (address.includes('%')) return;
      assert.equal(parseAddress(address)?.family ?? 0, isIP(address), address);
    }),
    { numRuns: 2000 },
  );
});

test('compares addresses, not their spelling', () => {
  assert.equal(isSameAddress('2001:DB8::1', '2001:db8:0:0:0:0:0:1'), true);
  assert.equal(isSameAddress('::1', '::2'), false);
  assert.equal(isSameAddress('0.0.0.1', '::1'), false);
  assert.equal(isSameAddress('x', 'x'), false);
});

test('reads prefixes within the length of their family', () => {
  assert.equal(parsePrefix('10.0.0.0/8')?.length, 8);
  assert.equal(parsePrefix('::/0')?.length, 0);
  for (const text of ['10.0.0.0', '10.0.0.0/33', '::/129', '/8', '10.0.0.0/-1', '10.0.0.0/8/8']) {
    assert.equal(parsePrefix(text), undefined, text);
  }
});
