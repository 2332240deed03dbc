// A world of signed zones for validators: everything that an answer can be (static, steered, from a wildcard, along aliases,
// referred, not there), above and below a chain of trust that begins at s.example.

import { ED25519, type ZoneKeys } from '../../src/dnssec/zone-keys.ts';
import { parseNameText } from '../../src/wire/name.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { TYPE_DS } from '../../src/wire/record-types.ts';
import { dsOf, makeZoneKeys } from './signed-keys.ts';

export const SIGNED_ZONE = 's.example';
const CHILD = 'secure.s.example';
const GRANDCHILD = 'deep.secure.s.example';

export function wireName(text: string): Uint8Array {
  const name = parseNameText(`${text}.`);
  if (!(name instanceof Uint8Array)) throw new Error(`${text} is no name`);
  return name;
}

export function dsText(zone: string, keys: ZoneKeys): string {
  return formatRecordData(TYPE_DS, dsOf(wireName(zone), keys));
}

export function makeWorldKeys(): ReadonlyMap<string, ZoneKeys> {
  return new Map([
    [SIGNED_ZONE, makeZoneKeys()],
    [CHILD, makeZoneKeys(ED25519, true)],
    [GRANDCHILD, makeZoneKeys()],
  ]);
}

/** `denial`: of the zone that everything begins at. */
export function describeWorld(keys: ReadonlyMap<string, ZoneKeys>, denial: 'nsec' | 'compact' = 'nsec'): object {
  const ds = (zone: string) => {
    const own = keys.get(zone);
    if (own === undefined) throw new Error(`there are no keys of ${zone}`);
    return { type: 'DS', ttl: 300, data: [dsText(zone, own)] };
  };
  const a = (name: string, address: string) => ({ name, type: 'A', ttl: 300, data: [address] });
  const zone = (name: string, records: readonly object[], dnssec?: object) => ({
    name,
    soa: { mname: `ns1.${SIGNED_ZONE}`, rname: 'hostmaster.s.example', minimum: 60 },
    ns: [`ns1.${SIGNED_ZONE}`],
    records,
    ...(dnssec === undefined ? {} : { dnssec }),
  });
  const ns = (name: string) => ({ name, type: 'NS', ttl: 300, data: [`ns1.${SIGNED_ZONE}.`] });
  const own = [
    a('ns1', '127.0.0.1'),
    a('www', '192.0.2.1'),
    { name: 'www', type: 'AAAA', ttl: 600, data: ['2001:db8::1', '2001:db8::2'] },
    { name: '@', type: 'MX', ttl: 300, data: ['10 Mail.S.example.', '20 www'] },
    { name: '@', type: 'TXT', ttl: 300, data: ['"v=spf1 -all"'] },
    a('mail', '192.0.2.25'),
    a('UPPER.Case', '192.0.2.26'),
    a('*.wild', '192.0.2.30'),
    { name: '*.wild', type: 'TXT', ttl: 300, data: ['"from a wildcard"'] },
    a('there.wild', '192.0.2.31'),
    a('a.b.ent', '192.0.2.40'),
    a('x.*.star', '192.0.2.41'),
    { name: 'alias', type: 'CNAME', ttl: 300, data: ['www'] },
    { name: 'wildalias', type: 'CNAME', ttl: 300, data: ['Any.wild'] },
    { name: 'nowhere', type: 'CNAME', ttl: 300, data: ['not.there'] },
    { name: '*.cw', type: 'CNAME', ttl: 300, data: ['x.wild'] },
    { name: '*.wm', type: 'MX', ttl: 300, data: ['10 Mail.S.Example.'] },
    { name: '*.wc', type: 'CNAME', ttl: 300, data: ['Mail.S.Example.'] },
    { name: '*.fx', type: 'CNAME', ttl: 300, data: ['m.fx'] },
    { name: 'loop1', type: 'CNAME', ttl: 300, data: ['loop2'] },
    { name: 'loop2', type: 'CNAME', ttl: 300, data: ['loop1'] },
    { name: 'crossing', type: 'CNAME', ttl: 300, data: [`www.${CHILD}.`] },
    { name: 'tosteered', type: 'CNAME', ttl: 300, data: ['steer'] },
    { name: 'd', type: 'DNAME', ttl: 300, data: ['t'] },
    a('h.t', '192.0.2.50'),
    a('*.w.t', '192.0.2.51'),
    { name: '_443._tcp.www', type: 'TLSA', ttl: 300, data: [`3 1 1 ${'ab'.repeat(32)}`] },
    { name: 'www', type: 'HTTPS', ttl: 300, data: ['1 . alpn=h2'] },
    { name: 'new', type: 'TYPE65280', ttl: 300, data: ['\\# 3 414243'] },
    ns('insecure'),
    ns('secure'),
    { name: 'secure', ...ds(CHILD) },
  ];
  return {
    zones: [
      zone(SIGNED_ZONE, own, { enabled: true, denial }),
      zone(CHILD, [a('www', '192.0.2.60'), ns('deep'), { name: 'deep', ...ds(GRANDCHILD) }], { enabled: true }),
      zone(GRANDCHILD, [a('*', '192.0.2.61')], { enabled: true, keys: 'split' }),
      zone('insecure.s.example', [a('www', '192.0.2.70')]),
    ],
    monitors: [],
    clusters: [
      {
        id: 'eu',
        region: 'eu-west',
        endpoints: [
          { id: 'a', address: '203.0.113.1' },
          { id: 'b', address: '203.0.113.2' },
          { id: 'c', address: '2001:db8:1::1' },
        ],
      },
      { id: 'us', region: 'us-east', endpoints: [{ id: 'a', address: '198.51.100.1' }] },
      { id: 'to-steer', region: 'ap-north', endpoints: [{ id: 'a', target: 'steer.s.example' }] },
      { id: 'name', region: 'ap-north', endpoints: [{ id: 'a', target: 'www.s.example' }] },
    ],
    services: [
      {
        name: 'steer',
        zone: SIGNED_ZONE,
        clusters: ['eu', 'us'],
        pick: { answers: 2 },
        https: ['1 . alpn=h2 key99=x'],
      },
      { name: '*.ws', zone: SIGNED_ZONE, clusters: ['eu', 'us'], https: ['1 . alpn=h2'] },
      { name: 'led', zone: SIGNED_ZONE, clusters: ['to-steer'] },
      { name: 'only4', zone: SIGNED_ZONE, clusters: ['us'] },
      { name: 'mail', zone: CHILD, clusters: ['eu', 'us'] },
      { name: 'cn', zone: SIGNED_ZONE, clusters: ['name'] },
      {
        name: 'fenced',
        zone: SIGNED_ZONE,
        clusters: ['eu', 'us'],
        rank: [{ match: { cidr: ['127.0.0.0/8'] }, use: ['us'], fence: true }, { by: 'priority' }],
      },
      {
        name: 'm.fx',
        zone: SIGNED_ZONE,
        clusters: ['eu', 'us'],
        rank: [{ match: { cidr: ['127.0.0.0/8'] }, use: ['us'], fence: true }, { by: 'priority' }],
      },
    ],
  };
}

/** Names to ask for: whether the answer must be secure. */
export const ASKED: readonly (readonly [string, boolean])[] = [
  ...[
    '',
    'ns1',
    'www',
    'mail',
    'upper.case',
    'case',
    'x.wild',
    'x.y.wild',
    'wild',
    'there.wild',
    'x.there.wild',
    '*.wild',
    'ent',
    'b.ent',
    'a.b.ent',
    'c.b.ent',
    'x.ent',
    'x.star',
    'x.*.star',
    '*.star',
    'y.*.star',
    'alias',
    'x.alias',
    'wildalias',
    'nowhere',
    'a.cw',
    'cw',
    'x.wm',
    'x.wc',
    'x.fx',
    'm.fx',
    'crossing',
    'tosteered',
    'x.ws',
    '*.ws',
    'x.y.ws',
    'ws',
    'led',
    'd',
    'h.d',
    'x.d',
    'a.w.d',
    't',
    'h.t',
    'z.w.t',
    '_443._tcp.www',
    '_tcp.www',
    'new',
    'absent',
    'a.absent',
    'zzzz',
    '0',
    'steer',
    'x.steer',
    'only4',
    'shop.app',
    'a.b.app',
    'app',
    'cn',
    'fenced',
    'secure',
    'www.secure',
    'absent.secure',
    'mail.secure',
    'deep.secure',
    'any.deep.secure',
    'a.b.deep.secure',
    '\\000',
    'www\\000',
    '-',
    'z\\255',
    '*',
    'x.*',
    'WwW',
    'insecurf',
    'nt',
    'ns1\\.x',
  ].map((name) => [name === '' ? SIGNED_ZONE : `${name}.${SIGNED_ZONE}`, true] as const),
  ['www.insecure.s.example', false],
  ['absent.insecure.s.example', false],
];

export const ASKED_TYPES = [
  'A',
  'AAAA',
  'TXT',
  'MX',
  'CNAME',
  'NS',
  'DS',
  'SOA',
  'DNSKEY',
  'NSEC',
  'HTTPS',
  'TLSA',
  'TYPE65280',
] as const;
