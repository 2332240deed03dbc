// One table: what somebody writes wrongly → the one problem that they read. Each row changes a configuration that is right.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeDocument, findProblems } from './fixtures.ts';

type Row = readonly [title: string, changes: Readonly<Record<string, unknown>>, path: string, message: RegExp];

const targets = (...names: string[]) => names.map((target, index) => ({ id: `t${index}`, target }));
const GROUPED = [{ id: 'a', group: 'eu' }, { id: 'b', group: 'eu' }, { id: 'c' }];
const record = (name: string, type: string, ...data: string[]) => ({ name, type, data });

const SHAPE: readonly Row[] = [
  ['an unknown key', { '/regions/0/stat': 'x' }, '/regions/0/stat', /did you mean "state"/],
  ['an unknown key like no other', { '/regions/0/climate': 'x' }, '/regions/0/climate', /known are id, name, location/],
  [
    'a missing key',
    { '/clusters/0/region': undefined },
    '/clusters/0/region',
    /"region" is missing: give it the id of a region/,
  ],
  ['a mapping where a list belongs', { '/regions': {} }, '/regions', /must be a list, not a mapping/],
  ['no location', { '/regions/0/location': 7 }, '/regions/0/location', /must be a location: .*, not 7/],
  [
    'a latitude beyond the pole',
    { '/regions/0/location': { latitude: 91, longitude: 0 } },
    '/regions/0/location/latitude',
    /a number from -90 to 90, not 91/,
  ],
  [
    'an id with capitals',
    { '/regions/-': { id: 'X', location: 'aws:us-east-1' } },
    '/regions/2/id',
    /lower-case letters/,
  ],
  ['a number where text belongs', { '/services/0/name': 5 }, '/services/0/name', /write it in quotes/],
  [
    'a number where one of some texts belongs',
    { '/monitors/0': { id: 'web', type: 'https', tls: { minVersion: 1.2 } } },
    '/monitors/0/tls/minVersion',
    /one of 1\.2, 1\.3, not 1\.2; write it in quotes/,
  ],
  [
    'a monitor of no type',
    { '/monitors/0/type': undefined },
    '/monitors/0/type',
    /"type" is missing: give it one of http, https, tcp, tls, dns, grpc, icmp, agent/,
  ],
  [
    'a monitor of an unknown type',
    { '/monitors/0/type': 'htpp' },
    '/monitors/0/type',
    /one of http, https, tcp, tls, dns, grpc, icmp, agent, not "htpp"; did you mean "http"/,
  ],
  [
    'a tcp monitor without a port',
    { '/monitors/0': { id: 'web', type: 'tcp' } },
    '/monitors/0/port',
    /"port" is missing/,
  ],
  [
    'a cluster without endpoints',
    { '/clusters/0/endpoints': [], '/overrides': [] },
    '/clusters/0/endpoints',
    /at least 1 item/,
  ],
  ['a service without clusters', { '/services/0/clusters': [] }, '/services/0/clusters', /at least 1 item/],
  ['more answers than fit', { '/services/0/pick': { answers: 9 } }, '/services/0/pick/answers', /from 1 to 8, not 9/],
];

const MONITORS: readonly Row[] = [
  [
    'a pattern that cannot be compiled',
    { '/monitors/0/expect/body': { matches: '(?=ok)' } },
    '/monitors/0/expect/body/matches',
    /there is only "\(\?:".*character 1 of the pattern/,
  ],
  [
    'a pattern of a header',
    { '/monitors/0/expect/headers': [{ name: 'x-a', value: { matches: 'a**' } }] },
    '/monitors/0/expect/headers/0/value/matches',
    /one repeat stands behind another/,
  ],
  [
    'a pattern by another key',
    { '/monitors/0/expect/body': { matchs: 'ok' } },
    '/monitors/0/expect/body/matchs',
    /did you mean "matches"/,
  ],
  [
    'a number for a body',
    { '/monitors/0/expect/body': 5 },
    '/monitors/0/expect/body',
    /must be a text, or \{matches: pattern\}.*not 5/,
  ],
  [
    'a header that is framed by us',
    { '/monitors/0/headers': [{ name: 'Content-Length', value: '3' }] },
    '/monitors/0/headers/0/name',
    /Content-Length cannot be sent/,
  ],
  [
    'the host as a header',
    { '/monitors/0/headers': [{ name: 'host', value: 'x' }] },
    '/monitors/0/headers/0/name',
    /with the key "host"/,
  ],
  [
    'a header of two lines',
    { '/monitors/0/headers': [{ name: 'x', value: 'a\nb' }] },
    '/monitors/0/headers/0/value',
    /printable ASCII/,
  ],
  ['TLS of http', { '/monitors/0/type': 'http', '/monitors/0/tls': {} }, '/monitors/0/tls', /use the type https/],
  [
    'a TLS version that nobody should speak',
    { '/monitors/0/tls': { minVersion: '1.1' } },
    '/monitors/0/tls/minVersion',
    /one of 1\.2, 1\.3, not "1\.1"/,
  ],
  [
    'a TLS version as a number',
    { '/monitors/0/tls': { minVersion: 1.3 } },
    '/monitors/0/tls/minVersion',
    /one of 1\.2, 1\.3, not 1\.3/,
  ],
  [
    'a path for a certificate',
    { '/monitors/0/tls': { clientCertificate: '../../etc/key' } },
    '/monitors/0/tls/clientCertificate',
    /lower-case letters/,
  ],
  [
    'a warning for ever',
    { '/monitors/0/tls': { certificate: { warnBefore: '500d' } } },
    '/monitors/0/tls/certificate/warnBefore',
    /at most 365d/,
  ],
  [
    'a failure that is no time',
    { '/monitors/0/tls': { certificate: { failBefore: 'never' } } },
    '/monitors/0/tls/certificate/failBefore',
    /such as "14d", or "off", not "never"/,
  ],
  [
    'a certificate in the clear',
    { '/monitors/0': { id: 'web', type: 'grpc', port: 1, verifyCertificate: false } },
    '/monitors/0/verifyCertificate',
    /add tls: \{\}/,
  ],
  ['grpc without a port', { '/monitors/0': { id: 'web', type: 'grpc' } }, '/monitors/0/port', /"port" is missing/],
  ['an agent without a port', { '/monitors/0': { id: 'web', type: 'agent' } }, '/monitors/0/port', /"port" is missing/],
  [
    'what an agent cannot be asked',
    { '/monitors/0': { id: 'web', type: 'agent', port: 1, expect: 'up' } },
    '/monitors/0/expect',
    /unknown key "expect"/,
  ],
  [
    'a response code of nobody',
    { '/monitors/0': { id: 'web', type: 'dns', query: { name: 'example.com' }, expect: { rcode: 'NXDOMIAN' } } },
    '/monitors/0/expect/rcode',
    /no response code "NXDOMIAN"; did you mean "NXDOMAIN"/,
  ],
  [
    'a record type that nobody can ask for',
    { '/monitors/0': { id: 'web', type: 'dns', query: { name: 'example.com', type: 'AAA' } } },
    '/monitors/0/query/type',
    /no record type "AAA" can be asked for by name; did you mean "AAAA"/,
  ],
  [
    'a record type beyond all numbers',
    { '/monitors/0': { id: 'web', type: 'dns', query: { name: 'example.com', type: 'TYPE65536' } } },
    '/monitors/0/query/type',
    /no record type "TYPE65536"/,
  ],
];

const NOT_AVAILABLE: readonly Row[] = [
  [
    'balance hash',
    { '/clusters/0/balance': 'hash' },
    '/clusters/0/balance',
    /not available in this version: use weighted/,
  ],
  ['balance least-load', { '/clusters/0/balance': 'least-load' }, '/clusters/0/balance', /use least-connections/],
  ['pick by hash', { '/services/0/pick': { by: 'hash' } }, '/services/0/pick/by', /not available in this version/],
  ['rank by latency', { '/services/0/rank': [{ by: 'latency' }] }, '/services/0/rank/0/by', /use proximity/],
  ['match asn', { '/services/0/rank/0/match/asn': [64496] }, '/services/0/rank/0/match/asn', /use match\.cidr/],
  ['zone files', { '/zones/0/file': 'x.zone' }, '/zones/0/file', /PUT the text of a master file to /],
  ['overrides of services', { '/overrides/0/kind': 'services' }, '/overrides/0/kind', /not available in this version/],
];

const SIGNING: readonly Row[] = [
  [
    'an algorithm that we do not sign with',
    { '/zones/0/dnssec': { enabled: true, algorithm: 'rsasha256' } },
    '/zones/0/dnssec/algorithm',
    /ecdsap256sha256/,
  ],
  [
    'signatures of an hour',
    { '/zones/0/dnssec': { enabled: true, signatureValidity: '1h' } },
    '/zones/0/dnssec/signatureValidity',
    /from 86400 to 7776000.*not "1h"/,
  ],
  [
    'a lifetime that is none',
    { '/zones/0/dnssec': { enabled: true, zskLifetime: 'never' } },
    '/zones/0/dnssec/zskLifetime',
    /or "none", not "never"/,
  ],
  [
    'a key in a zone that we sign',
    { '/zones/0/dnssec': { enabled: true }, '/zones/0/records/2': record('@', 'DNSKEY', '257 3 13 AAAA') },
    '/zones/0/records/2/type',
    /signing makes its DNSKEY records: take this one out/,
  ],
  [
    'a CDS by number in a zone that we sign',
    { '/zones/0/dnssec': { enabled: true }, '/zones/0/records/2': record('@', 'TYPE0059', '0 0 0 00') },
    '/zones/0/records/2/type',
    /signing makes its TYPE0059 records/,
  ],
  [
    'a signature, signed or not',
    { '/zones/0/dnssec': { enabled: true }, '/zones/0/records/2': record('@', 'NSEC', 'a. A') },
    '/zones/0/records/2/type',
    /signing makes it, never an operator/,
  ],
];

const REFERENCES: readonly Row[] = [
  [
    'a region',
    { '/clusters/0/region': 'eu-wst' },
    '/clusters/0/region',
    /no region has the id "eu-wst"; did you mean "eu-west"\?/,
  ],
  [
    'a monitor',
    { '/clusters/0/monitor': 'ping' },
    '/clusters/0/monitor',
    /no monitor has the id "ping"; there is web\./,
  ],
  [
    'one of several monitors',
    { '/clusters/1/monitors': ['web', 'wev'] },
    '/clusters/1/monitors/1',
    /no monitor has the id "wev"; did you mean "web"\?/,
  ],
  [
    'a monitor twice',
    { '/clusters/1/monitors': ['web', 'web'] },
    '/clusters/1/monitors/1',
    /the monitor "web" is there already, at \/clusters\/1\/monitors\/0/,
  ],
  [
    'a monitor in two ways',
    { '/clusters/0/monitors': ['web'] },
    '/clusters/0/monitors',
    /has "monitor" and "monitors": write all of them under "monitors"/,
  ],
  [
    'more monitors than there are',
    { '/clusters/0/healthyWhen': { atLeast: 2 } },
    '/clusters/0/healthyWhen/atLeast',
    /asks for 2 monitors, but the cluster has one monitor: it could never be healthy/,
  ],
  [
    'a cluster',
    { '/services/0/clusters/0': 'db' },
    '/services/0/clusters/0',
    /no cluster has the id "db"; there are web-eu, web-us\./,
  ],
  ['a zone', { '/services/0/zone': 'gtm.example.org' }, '/services/0/zone', /no zone has the id "gtm\.example\.org"/],
  [
    'a cluster of the rank that the service has not',
    { '/services/0/clusters': ['web-eu'] },
    '/services/0/rank/0/use/0',
    /not among the clusters of this service/,
  ],
  [
    'a cluster of last resort that the service has not',
    { '/services/0/lastResort': { cluster: 'db' } },
    '/services/0/lastResort/cluster',
    /not among the clusters/,
  ],
  [
    'a location',
    { '/regions/1/location': 'aws:moon-1' },
    '/regions/1/location',
    /nobody here knows where "aws:moon-1" is/,
  ],
  [
    'an endpoint of an override',
    { '/overrides/0/id': 'web-eu/z' },
    '/overrides/0/id',
    /no endpoint has the id "web-eu\/z"/,
  ],
  [
    'an override of an endpoint by its cluster alone',
    { '/overrides/0/id': 'web-eu' },
    '/overrides/0/id',
    /write cluster\/endpoint/,
  ],
];

const DUPLICATES: readonly Row[] = [
  [
    'regions',
    { '/regions/-': { id: 'eu-west', location: 'aws:us-east-1' } },
    '/regions/2/id',
    /"eu-west" is there already, at \/regions\/0\/id/,
  ],
  ['zones', { '/zones/-': { name: 'GTM.example.com.', ns: ['ns.example.net'] } }, '/zones/1/name', /there already/],
  [
    'services',
    { '/services/-': { name: 'WWW.gtm.example.com', zone: 'gtm.example.com', clusters: ['web-us'] } },
    '/services/1/name',
    /there already, at \/services\/0/,
  ],
  [
    'endpoint ids',
    { '/clusters/1/endpoints/-': { id: 'a', address: '203.0.113.21' } },
    '/clusters/1/endpoints/1/id',
    /there already/,
  ],
  [
    'endpoint addresses',
    { '/clusters/1/endpoints/-': { id: 'b', address: '203.0.113.20' } },
    '/clusters/1/endpoints/1',
    /is the endpoint "a" already/,
  ],
  ['clusters of a service', { '/services/0/clusters/-': 'web-eu' }, '/services/0/clusters/2', /there already/],
  [
    'overrides',
    { '/overrides/-': { kind: 'endpoints', id: 'web-eu/b', state: 'force-up', reason: 'r', author: 'a' } },
    '/overrides/1/id',
    /there already/,
  ],
];

const VALUES: readonly Row[] = [
  [
    'no address',
    { '/clusters/1/endpoints/0/address': '203.0.113.020' },
    '/clusters/1/endpoints/0/address',
    /is no IPv4 or IPv6 address/,
  ],
  [
    'a name as address',
    { '/clusters/1/endpoints/0/address': 'lb.example.net' },
    '/clusters/1/endpoints/0/address',
    /put a host name under "target"/,
  ],
  [
    'an address that nobody reaches',
    { '/clusters/1/endpoints/0/address': '224.0.0.1' },
    '/clusters/1/endpoints/0/address',
    /multicast/,
  ],
  [
    'neither address nor target',
    { '/clusters/1/endpoints/0/address': undefined },
    '/clusters/1/endpoints/0',
    /needs an address, or a target/,
  ],
  [
    'address and target',
    { '/clusters/1/endpoints/0/target': 'lb.example.net' },
    '/clusters/1/endpoints/0',
    /keep one of them/,
  ],
  [
    'a target without a domain',
    { '/clusters/1/endpoints': targets('lb') },
    '/clusters/1/endpoints/0/target',
    /no full host name/,
  ],
  [
    'addresses and targets in one cluster',
    { '/clusters/1/endpoints/-': { id: 'b', target: 'lb.example.net' } },
    '/clusters/1/endpoints/1',
    /never both/,
  ],
  [
    'all of several targets',
    { '/clusters/1/endpoints': targets('a.example.net', 'b.example.net'), '/clusters/1/balance': 'all' },
    '/clusters/1/balance',
    /one CNAME/,
  ],
  [
    'more healthy endpoints than there are',
    { '/clusters/1/minHealthy': 2 },
    '/clusters/1/minHealthy',
    /could never be healthy/,
  ],
  ['no percentage', { '/clusters/1/minHealthy': '0%' }, '/clusters/1/minHealthy', /percentage above 0/],
  [
    'a check at no address',
    { '/clusters/0/endpoints/1/check/address': 'localhost' },
    '/clusters/0/endpoints/1/check/address',
    /no IPv4 or IPv6/,
  ],
  [
    'a timeout above the interval',
    { '/monitors/0/timeout': '6s' },
    '/monitors/0/timeout',
    /\(6s\) must be at most the interval \(5s\)/,
  ],
  ['no duration', { '/monitors/0/interval': 'often' }, '/monitors/0/interval', /from 100ms to 1h/],
  [
    'no status',
    { '/monitors/0/expect/status/1': '299-200' },
    '/monitors/0/expect/status/1',
    /a range such as "200-299"/,
  ],
  ['the body of a HEAD', { '/monitors/0/method': 'HEAD' }, '/monitors/0/expect/body', /use the method GET/],
  [
    'a quorum above the vantages',
    { '/monitors/0/quorum': { atLeast: 2 } },
    '/monitors/0/quorum/atLeast',
    /only one vantage/,
  ],
  [
    'a quorum above the groups of vantages',
    { '/vantages': GROUPED, '/monitors/0/quorum': { groups: { atLeast: 3 }, within: 'one' } },
    '/monitors/0/quorum/groups/atLeast',
    /asks for 3 to agree, but the configuration has only 2 groups of vantages/,
  ],
  [
    'a quorum above the smallest group of vantages',
    { '/vantages': GROUPED, '/monitors/0/quorum': { groups: 'all', within: { atLeast: 2 } } },
    '/monitors/0/quorum/within/atLeast',
    /only one vantage in its smallest group/,
  ],
  [
    'a quorum of groups where no vantage has a group',
    { '/vantages': [{ id: 'a' }, { id: 'b' }, { id: 'c' }], '/monitors/0/quorum': { groups: 'majority' } },
    '/monitors/0/quorum/groups',
    /no vantage has a group: give them groups, or count the vantages/,
  ],
  [
    'a certificate that fails before it warns',
    { '/monitors/0': { id: 'web', type: 'tls', tls: { certificate: { warnBefore: '7d', failBefore: '14d' } } } },
    '/monitors/0/tls/certificate/warnBefore',
    /would fail 14d before the certificate ends, and never warn: let warnBefore be longer than failBefore/,
  ],
  [
    'a certificate that fails when it would warn',
    { '/monitors/0': { id: 'web', type: 'https', tls: { certificate: { warnBefore: '7d', failBefore: '168h' } } } },
    '/monitors/0/tls/certificate/warnBefore',
    /never warn/,
  ],
  ...(
    [
      [
        'A',
        'foo',
        /no A record can be "foo": write an IPv4 address, such as "192\.0\.2\.1", or ask for the type CNAME/,
      ],
      ['A', '2001:db8::1', /write an IPv4 address/],
      ['AAAA', '192.0.2.1', /write an IPv6 address/],
      ['TYPE1', 'foo', /no A record can be "foo"/],
      ['CNAME', 'a..b', /no CNAME record can be "a\.\.b": write a name, such as "host\.example\.com"\./],
      ['MX', 'mail.example.com', /a preference and a name, such as "10 mail\.example\.com"/],
      ['MX', '10  mail.example.com', /a preference and a name/],
      ['SRV', '10 5 65536 host.example.com', /priority, weight, port and a name/],
      ['SOA', 'ns1.example.com', /the data of SOA records cannot be compared with anything: leave it out/],
      ['TYPE65', '1 .', /the data of TYPE65 records cannot be compared/],
    ] as const
  ).map(
    ([type, data, message]): Row => [
      `a dns monitor of type ${type} that expects ${data}`,
      { '/monitors/0': { id: 'web', type: 'dns', query: { name: 'example.com', type }, expect: { data } } },
      '/monitors/0/expect/data',
      message,
    ],
  ),
  [
    'a dns monitor that expects data of a name that does not exist',
    {
      '/monitors/0': {
        id: 'web',
        type: 'dns',
        query: { name: 'example.com' },
        expect: { rcode: 'NXDOMAIN', data: '192.0.2.1' },
      },
    },
    '/monitors/0/expect/data',
    /an answer of NXDOMAIN has no data/,
  ],
  [
    'a portion of groups that is none',
    { '/vantages': GROUPED, '/monitors/0/quorum': { groups: 'most' } },
    '/monitors/0/quorum/groups',
    /majority, one, all/,
  ],
  [
    'a portion within groups that is none',
    { '/vantages': GROUPED, '/monitors/0/quorum': { groups: 'all', within: { atLeast: 0 } } },
    '/monitors/0/quorum/within/atLeast',
    /from 1 to \d+, not 0/,
  ],
  [
    'a quorum within groups, of no groups',
    { '/monitors/0/quorum': { within: 'all' } },
    '/monitors/0/quorum/groups',
    /"groups" is missing/,
  ],
  ['a group with a space', { '/vantages': [{ id: 'a', group: 'eu west' }] }, '/vantages/0/group', /lower-case letters/],
  ['a group that is a number', { '/vantages': [{ id: 'a', group: 1 }] }, '/vantages/0/group', /in quotes/],
  [
    'a slow start of more than an hour',
    { '/clusters/0/slowStart': '61m' },
    '/clusters/0/slowStart',
    /a duration up to 1h, such as "30s", not "61m"/,
  ],
  ['a slow start of no unit', { '/clusters/0/slowStart': '30 seconds' }, '/clusters/0/slowStart', /not "30 seconds"/],
  ['a slow start back in time', { '/clusters/0/slowStart': -1 }, '/clusters/0/slowStart', /not -1/],
  ['a panic above all of it', { '/clusters/0/panic': '130%' }, '/clusters/0/panic', /a percentage.*not "130%"/],
  ['a panic of so many endpoints', { '/clusters/0/panic': 2 }, '/clusters/0/panic', /not 2/],
  ['a panic that is a word', { '/clusters/0/panic': 'never' }, '/clusters/0/panic', /a percentage.*not "never"/],
  ['a healthyWhen that is none', { '/clusters/0/healthyWhen': 'most' }, '/clusters/0/healthyWhen', /all, any/],
  [
    'a healthyWhen of no monitors',
    { '/clusters/0/healthyWhen': { atLeast: 0 } },
    '/clusters/0/healthyWhen/atLeast',
    /from 1 to \d+, not 0/,
  ],
  [
    'a healthyWhen by another key',
    { '/clusters/0/healthyWhen': { atleast: 1 } },
    '/clusters/0/healthyWhen/atleast',
    /did you mean "atLeast"/,
  ],
  ['a TTL of more than a day', { '/services/0/ttl': 86_401 }, '/services/0/ttl', /at most 86400/],
  ['a TTL of half a second', { '/services/0/ttl': '500ms' }, '/services/0/ttl', /whole seconds/],
  ['TTLs the wrong way round', { '/services/0/ttl': { min: 60, max: 10 } }, '/services/0/ttl/min', /swap or change/],
  [
    'watermarks the wrong way round',
    { '/services/0/pick': { shed: { low: '90%', high: 0.5 } } },
    '/services/0/pick/shed/low',
    /90% of capacity on, yet be gone at 50%/,
  ],
  [
    'host bits in a prefix',
    { '/services/0/rank/0/match': { cidr: ['2001:db8::1/32'] } },
    '/services/0/rank/0/match/cidr/0',
    /write 2001:db8::\/32/,
  ],
  [
    'a country by its name',
    { '/services/0/rank/0/match': { country: ['China'] } },
    '/services/0/rank/0/match/country/0',
    /two letters/,
  ],
  [
    'an unknown continent',
    { '/services/0/rank/0/match': { continent: ['XX'] } },
    '/services/0/rank/0/match/continent/0',
    /one of AF, AN/,
  ],
  ['a match by nothing', { '/services/0/rank/0/match': {} }, '/services/0/rank/0/match', /at least one of cidr/],
  [
    'a rule behind the order',
    { '/services/0/rank': [{ by: 'priority' }, { by: 'proximity' }] },
    '/services/0/rank/1',
    /never reached/,
  ],
  [
    'a tolerance of priority',
    { '/services/0/rank': [{ by: 'priority', tolerance: 0.1 }] },
    '/services/0/rank/0/tolerance',
    /no tolerance/,
  ],
  [
    'a moment without an offset',
    { '/overrides/0/expiresAt': '2026-01-31T18:00:00' },
    '/overrides/0/expiresAt',
    /offset from UTC/,
  ],
];

const NAMES: readonly Row[] = [
  ['a service outside its zone', { '/services/0/name': 'www.example.net.' }, '/services/0/name', /outside the zone/],
  ['a service with a bad name', { '/services/0/name': 'a..b' }, '/services/0/name', /empty label/],
  [
    'a record outside its zone',
    { '/zones/0/records/1/name': 'example.com.' },
    '/zones/0/records/1/name',
    /outside the zone/,
  ],
  [
    'a service beside a static address',
    { '/zones/0/records/-': record('www', 'AAAA', '2001:db8::1') },
    '/services/0/name',
    /has a static AAAA record too, at \/zones\/0\/records\/2/,
  ],
  [
    'a service beside a static CNAME',
    { '/zones/0/records/-': record('www', 'CNAME', 'a.example.net.') },
    '/services/0/name',
    /static CNAME/,
  ],
  [
    'targets at the apex',
    { '/services/0/name': '@', '/clusters/1/endpoints': targets('lb.example.net') },
    '/services/0/name',
    /apex/,
  ],
  [
    'targets beside other data',
    { '/zones/0/records/-': record('www', 'TXT', '"x"'), '/clusters/1/endpoints': targets('lb.example.net') },
    '/services/0/name',
    /no other data/,
  ],
  [
    'a CNAME beside other data',
    { '/zones/0/records/-': record('ns1', 'CNAME', 'a.example.net.') },
    '/zones/0/records/2/type',
    /has A data too, at \/zones\/0\/records\/0/,
  ],
  [
    'a CNAME at the apex',
    { '/zones/0/records/1': record('@', 'CNAME', 'a.example.net.') },
    '/zones/0/records/1/type',
    /apex/,
  ],
  [
    'two CNAMEs',
    { '/zones/0/records/-': record('x', 'CNAME', 'a.example.net.', 'b.example.net.') },
    '/zones/0/records/2/data',
    /2 CNAME targets/,
  ],
  [
    'one RRset with two TTLs',
    { '/zones/0/records/-': { ...record('@', 'MX', '20 b.example.net.'), ttl: 60 } },
    '/zones/0/records/2/ttl',
    /TTL 600 above and 60 here/,
  ],
  [
    'a name server without an address',
    { '/zones/0/records/0/type': 'TXT' },
    '/zones/0/ns',
    /ns1\.gtm\.example\.com has no address/,
  ],
  [
    'an SOA among the records',
    { '/zones/0/records/1': record('@', 'SOA', 'x') },
    '/zones/0/records/1/type',
    /under "soa"/,
  ],
  [
    'the apex NS among the records',
    { '/zones/0/records/1': record('@', 'NS', 'ns.example.net.') },
    '/zones/0/records/1/type',
    /under "ns"/,
  ],
  [
    'a type of questions only',
    { '/zones/0/records/1': record('@', 'any', 'x') },
    '/zones/0/records/1/type',
    /no zone holds it/,
  ],
  [
    'a service below a delegation',
    { '/zones/0/records/-': record('www', 'NS', 'ns.example.net.') },
    '/services/0/name',
    /delegated away/,
  ],
  [
    'a service in the outer of two zones',
    { '/zones/-': { name: 'www.gtm.example.com', ns: ['ns.example.net'] } },
    '/services/0/zone',
    /set the zone to www\.gtm\.example\.com/,
  ],
  [
    'a mail exchanger that has lost its last dot',
    { '/zones/0/records/1/data': ['10 mail.GTM.example.com'] },
    '/zones/0/records/1/data/0',
    /mail\.gtm\.example\.com\.gtm\.example\.com does not exist.*Write mail\.GTM\.example\.com\. instead/,
  ],
  [
    'an alias whose target has lost its last dot',
    { '/zones/0/records/-': record('alias', 'CNAME', 'ns1.gtm.example.com') },
    '/zones/0/records/2/data/0',
    /Write ns1\.gtm\.example\.com\. instead/,
  ],
  [
    'a mail exchanger that a service makes an alias',
    { '/clusters/1/endpoints': targets('lb.example.net'), '/zones/0/records/1/data': ['10 www'] },
    '/zones/0/records/1/data/0',
    /www\.gtm\.example\.com may be answered with a CNAME record, by the cluster "web-us", which MX may not point to/,
  ],
  [
    'a server that is an alias in another zone',
    {
      '/zones/-': { name: 'example.org', ns: ['ns.example.net'], records: [record('a', 'CNAME', 'b.example.net.')] },
      '/zones/0/records/-': record('_sip._tcp', 'SRV', '1 1 5060 a.example.org.'),
    },
    '/zones/0/records/2/data/0',
    /a\.example\.org is an alias \(CNAME, at \/zones\/1\/records\/0\), which SRV may not point to/,
  ],
  [
    'a name server below a DNAME',
    {
      '/zones/0/records/-': record('old', 'DNAME', 'new.example.net.'),
      '/zones/0/records/1': record('sub', 'NS', 'ns.old'),
    },
    '/zones/0/records/1/data/0',
    /ns\.old\.gtm\.example\.com stands below a DNAME, at \/zones\/0\/records\/2, which makes an alias of it/,
  ],
  [
    'no mail beside a mail exchanger',
    { '/zones/0/records/1/data': ['10 mail.example.net.', '0 .'] },
    '/zones/0/records/1/data/1',
    /stands alone \(RFC 7505/,
  ],
  [
    'two SPF records',
    { '/zones/0/records/-': record('@', 'TXT', '"v=spf1 -all"', '"other"', '"v=spf1 mx -all"') },
    '/zones/0/records/2/data/2',
    /there is an SPF record already, at \/zones\/0\/records\/2\/data\/0/,
  ],
  [
    'a DNAME at a delegation',
    {
      '/zones/0/records/-': record('d', 'DNAME', 'new.example.net.'),
      '/zones/0/records/1': record('d', 'NS', 'ns.example.net.'),
    },
    '/zones/0/records/2/type',
    /d\.gtm\.example\.com is delegated by the NS record at \/zones\/0\/records\/1, which hides its DNAME/,
  ],
  [
    'a zone below a DNAME of another',
    {
      '/zones/-': { name: 'a.old.gtm.example.com', ns: ['ns.example.net'] },
      '/zones/0/records/-': record('old', 'DNAME', 'new.example.net.'),
    },
    '/zones/0/records/2',
    /a\.old\.gtm\.example\.com stands below this DNAME/,
  ],
  [
    'a zone in a signed one that does not delegate it',
    {
      '/zones/-': { name: 'a.in.gtm.example.com', ns: ['ns.example.net'] },
      '/zones/0/dnssec': { enabled: true },
    },
    '/zones/1/name',
    /add NS records at a\.in\.gtm\.example\.com to the zone gtm\.example\.com/,
  ],
  [
    'a record in the outer of two zones',
    {
      '/zones/-': { name: 'in.gtm.example.com', ns: ['ns.example.net'] },
      '/zones/0/records/-': record('a.in', 'TXT', '"x"'),
    },
    '/zones/0/records/2/name',
    /move the record there/,
  ],
  ['two @ in a mailbox', { '/zones/0/soa': { rname: 'a@b@c' } }, '/zones/0/soa/rname', /more than one @/],
];

const GROUPS: Readonly<Record<string, readonly Row[]>> = {
  'a wrong shape': SHAPE,
  monitors: MONITORS,
  'what is not available yet': NOT_AVAILABLE,
  signing: SIGNING,
  'a reference to nothing': REFERENCES,
  'something twice': DUPLICATES,
  'a wrong value': VALUES,
  'names in conflict': NAMES,
};

for (const [group, rows] of Object.entries(GROUPS)) {
  describe(`is one problem with its path and advice, of ${group}:`, () => {
    for (const [title, changes, path, message] of rows) {
      it(title, () => {
        const problems = findProblems(changeDocument(changes));
        assert.deepEqual(
          problems.map((problem) => problem.path),
          [path],
          JSON.stringify(problems),
        );
        assert.match(problems[0]?.message ?? '', message);
      });
    }
  });
}

describe('is no problem:', () => {
  const rows: readonly (readonly [title: string, changes: Readonly<Record<string, unknown>>])[] = [
    ['a service at the apex beside MX', { '/services/0/name': '@' }],
    ['a service that is a name server', { '/zones/0/ns': ['www.gtm.example.com'] }],
    ['a service of targets', { '/clusters/1/endpoints': targets('a.example.net', 'b.example.net') }],
    [
      'a nested zone with its delegation and glue',
      {
        '/zones/-': {
          name: 'in.gtm.example.com',
          ns: ['ns.in.gtm.example.com'],
          records: [record('ns', 'A', '192.0.2.1')],
        },
        '/zones/0/records/2': record('in', 'NS', 'ns.in.gtm.example.com.'),
        '/zones/0/records/3': record('ns.in', 'A', '192.0.2.1'),
      },
    ],
    [
      'a nested zone that a signed one delegates, and one below a delegation of it',
      {
        '/zones/-': { name: 'in.gtm.example.com', ns: ['ns.example.net'] },
        '/zones/2': { name: 'a.cut.gtm.example.com', ns: ['ns.example.net'] },
        '/zones/0/dnssec': { enabled: true },
        '/zones/0/records/2': record('in', 'NS', 'ns.example.net.'),
        '/zones/0/records/3': record('cut', 'NS', 'ns.example.net.'),
      },
    ],
    ['an override that expires', { '/overrides/0/expiresAt': '2026-01-31T18:00+01:00' }],
    [
      'a quorum as large as the vantages',
      { '/vantages': [{ id: 'a' }, { id: 'b', location: 'aws:us-east-1' }], '/monitors/0/quorum': { atLeast: 2 } },
    ],
    [
      'a dns monitor',
      { '/monitors/0': { id: 'web', type: 'dns', query: { name: 'example.com' }, expect: { rcode: 'nxdomain' } } },
    ],
    ...(
      [
        ['A', '192.0.2.1'],
        ['AAAA', '2001:DB8::1'],
        ['TYPE28', '2001:db8::1'],
        ['CNAME', 'host.example.com.'],
        ['PTR', '_a.example.com'],
        ['MX', '10 mail.example.com.'],
        ['MX', '0 .'],
        ['SRV', '10 5 443 host.example.com'],
        ['TXT', 'any text at all'],
        ['ANY', 'foo'],
      ] as const
    ).map(
      ([type, data]) =>
        [
          `a dns monitor of type ${type} that expects ${data}`,
          { '/monitors/0': { id: 'web', type: 'dns', query: { name: 'example.com', type }, expect: { data } } },
        ] as const,
    ),
    [
      'a certificate that warns before it fails, one that never warns, and one that never fails',
      {
        '/monitors/0': { id: 'web', type: 'tls', tls: { certificate: { warnBefore: '15d', failBefore: '14d' } } },
        '/monitors/-': { id: 'b', type: 'tls', tls: { certificate: { warnBefore: 0, failBefore: '14d' } } },
        '/monitors/2': { id: 'c', type: 'tls', tls: { certificate: { warnBefore: '1d', failBefore: 'off' } } },
      },
    ],
    [
      'a quorum of groups where one vantage has a group',
      { '/vantages': GROUPED, '/monitors/0/quorum': { groups: 'all' } },
    ],
    ['dnssec that is off', { '/zones/0/dnssec': { enabled: false } }],
    ['a key in a zone that is signed elsewhere', { '/zones/0/records/2': record('@', 'DNSKEY', '257 3 13 AAAA') }],
    ['dnssec without further words', { '/zones/0/dnssec': { enabled: true } }],
    [
      'dnssec in every word',
      {
        '/zones/0/dnssec': {
          enabled: true,
          algorithm: 'ed25519',
          keys: 'split',
          denial: 'compact',
          signatureValidity: '7d',
          keyTtl: '30m',
          zskLifetime: '14d',
          kskLifetime: 'none',
          propagationDelay: '10m',
          parentTtl: 3600,
          parentPropagationDelay: '10m',
          paused: true,
          withdraw: false,
        },
      },
    ],
  ];
  for (const [title, changes] of rows) {
    it(title, () => assert.deepEqual(findProblems(changeDocument(changes)), []));
  }
});
