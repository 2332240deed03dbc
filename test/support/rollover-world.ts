// Signed zones whose keys live fast, with something of every kind that an answer can be, below a parent that signs too. TTLs and
// delays are seconds, so that a rollover takes as long as a test may, and what resolvers cache runs out while it goes on.

/** Everything in the zones has this TTL: what a wait that is too short would betray. */
export const TTL_SECONDS = 2;
/** Until the node answers by a new revision. It does within some tens of milliseconds. */
const DELAY_SECONDS = 1;
export const PARENT = 'example';

/** How the keys of a zone are kept when it begins. */
export type Life = {
  readonly zone: string;
  readonly keys: 'single' | 'split';
  readonly denial: 'nsec' | 'compact';
};

/** Name below the zone (empty: the zone itself), type, what comes, and whether it is proven. */
export type Kind = readonly [name: string, type: string, comes: 'data' | 'nothing', isProven: boolean];

export const KINDS: readonly Kind[] = [
  ['', 'SOA', 'data', true],
  ['', 'DNSKEY', 'data', true],
  ['', 'NSEC', 'data', true],
  ['www', 'A', 'data', true],
  ['www', 'TXT', 'nothing', true],
  ['x.wild', 'A', 'data', true],
  ['x.wild', 'TXT', 'nothing', true],
  ['ent', 'A', 'nothing', true],
  ['absent', 'A', 'nothing', true],
  ['a.b.absent', 'AAAA', 'nothing', true],
  ['h.d', 'A', 'data', true],
  ['absent.d', 'A', 'nothing', true],
  ['alias', 'A', 'data', true],
  ['alias', 'TXT', 'nothing', true],
  ['nowhere', 'A', 'nothing', true],
  ['to-steer', 'A', 'data', true],
  ['x.wild-alias', 'A', 'data', true],
  ['secure', 'DS', 'data', true],
  ['www.secure', 'A', 'data', true],
  ['absent.secure', 'A', 'nothing', true],
  ['insecure', 'DS', 'nothing', true],
  ['www.insecure', 'A', 'data', false],
  ['steer', 'A', 'data', true],
  ['steer', 'AAAA', 'data', true],
  ['steer', 'HTTPS', 'data', true],
  ['steer', 'TXT', 'nothing', true],
  ['only4', 'AAAA', 'nothing', true],
  ['led', 'A', 'data', true],
  ['led', 'CNAME', 'data', true],
  ['x.ws', 'A', 'data', true],
  ['x.ws', 'HTTPS', 'data', true],
  ['x.ws', 'TXT', 'nothing', true],
];

/** What is there only while the zone is signed, or its child: of a zone that comes or goes they say nothing. */
export const SIGNED_TYPES: ReadonlySet<string> = new Set(['DNSKEY', 'NSEC', 'DS']);

/** Every zone that the node serves then, the parent first. */
export function listZones(lives: readonly Life[]): readonly string[] {
  return [PARENT, ...lives.flatMap(({ zone }) => [zone, `secure.${zone}`, `insecure.${zone}`])];
}

/** A configuration in which one node serves the parent, the zones, and below each a zone that is signed and one that is not. */
export function describeRollovers(lives: readonly Life[]): object {
  return {
    zones: [
      zoneOf(
        PARENT,
        [a('ns', '127.0.0.1'), ...lives.map(({ zone }) => nsOf(zone))],
        signing({ keys: 'single', denial: 'nsec' }),
      ),
      ...lives.flatMap(zonesOf),
    ],
    regions: [
      { id: 'eu', location: { latitude: 50, longitude: 8 } },
      { id: 'us', location: { latitude: 40, longitude: -74 } },
    ],
    clusters: [
      {
        id: 'eu',
        region: 'eu',
        endpoints: [
          { id: 'a', address: '203.0.113.1' },
          { id: 'b', address: '203.0.113.2' },
          { id: 'c', address: '2001:db8:1::1' },
        ],
      },
      { id: 'us', region: 'us', endpoints: [{ id: 'a', address: '198.51.100.1' }] },
      ...lives.map(({ zone }) => ({
        id: `to-${zone.replaceAll('.', '-')}`,
        region: 'eu',
        endpoints: [{ id: 'a', target: `www.${zone}` }],
      })),
    ],
    services: lives.flatMap(servicesOf),
  };
}

function zonesOf({ zone, ...life }: Life): readonly object[] {
  const own = [
    a('www', '192.0.2.1'),
    a('*.wild', '192.0.2.2'),
    a('a.b.ent', '192.0.2.3'),
    record('d', 'DNAME', 't'),
    a('h.t', '192.0.2.4'),
    record('alias', 'CNAME', 'alias2'),
    record('alias2', 'CNAME', 'www'),
    record('nowhere', 'CNAME', 'not.there'),
    record('to-steer', 'CNAME', 'steer'),
    record('*.wild-alias', 'CNAME', 'x.wild'),
    nsOf(`secure.${zone}`),
    nsOf(`insecure.${zone}`),
  ];
  const www = [a('www', '192.0.2.5')];
  return [
    zoneOf(zone, own, signing(life)),
    zoneOf(`secure.${zone}`, www, signing({ keys: 'single', denial: 'nsec' })),
    zoneOf(`insecure.${zone}`, www),
  ];
}

function servicesOf({ zone }: Life): readonly object[] {
  const service = (name: string, clusters: readonly string[], more: object = {}) => ({
    name,
    zone,
    clusters,
    ttl: TTL_SECONDS,
    ...more,
  });
  const https = ['1 . alpn=h2'];
  return [
    service('steer', ['eu', 'us'], { https, pick: { answers: 2 } }),
    service('only4', ['us']),
    service('led', [`to-${zone.replaceAll('.', '-')}`]),
    service('*.ws', ['eu', 'us'], { https }),
  ];
}

function signing({ keys, denial }: Pick<Life, 'keys' | 'denial'>): object {
  return {
    enabled: true,
    keys,
    denial,
    keyTtl: TTL_SECONDS,
    propagationDelay: DELAY_SECONDS,
    parentTtl: TTL_SECONDS,
    parentPropagationDelay: DELAY_SECONDS,
  };
}

function zoneOf(name: string, records: readonly object[], dnssec?: object): object {
  return {
    name,
    soa: { mname: `ns.${PARENT}`, rname: `hostmaster.${PARENT}`, ttl: TTL_SECONDS, minimum: TTL_SECONDS },
    ns: [`ns.${PARENT}`],
    nsTtl: TTL_SECONDS,
    records,
    ...(dnssec === undefined ? {} : { dnssec }),
  };
}

const record = (name: string, type: string, data: string) => ({ name, type, ttl: TTL_SECONDS, data: [data] });
const a = (name: string, address: string) => record(name, 'A', address);
const nsOf = (zone: string) => record(`${zone}.`, 'NS', `ns.${PARENT}.`);
