// Snapshots for tests: from a small document and a hand-made map of where addresses are to a desk that can be asked, with
// health and load applied by the code that applies them in a node.

import { parse } from 'yaml';
import { answerQuery, HTTPS, TCP, TLS, UDP } from '../../src/answer/answer-query.ts';
import { type Conduct, PLAIN_CONDUCT } from '../../src/answer/conduct.ts';
import { createDesk, type Desk } from '../../src/answer/desk.ts';
import type { ZoneKeys } from '../../src/dnssec/zone-keys.ts';
import { CONTINENTS } from '../../src/geo/countries.ts';
import type { PlaceMap } from '../../src/geo/place-map.ts';
import { judgeClusters } from '../../src/health/cluster-health.ts';
import { listTargets } from '../../src/health/target.ts';
import { isInPrefix, type Prefix, parseAddress, parsePrefix } from '../../src/model/address.ts';
import type { WholeConfiguration } from '../../src/model/configuration.ts';
import type { Copy } from '../../src/model/copies.ts';
import type { LoadReport } from '../../src/model/load-report.ts';
import type { Override } from '../../src/model/override.ts';
import { parseConfiguration } from '../../src/model/parse-configuration.ts';
import { parseRecords } from '../../src/model/parse-record.ts';
import { CounterTotals } from '../../src/roles/counter-totals.ts';
import { applyHealth, applyLoads, type Serving } from '../../src/roles/serving.ts';
import { compileSnapshot, createRankMapCache, type SnapshotInput } from '../../src/snapshot/compile-snapshot.ts';
import { readZonePart } from '../../src/snapshot/compile-zone.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { createState, type State } from '../../src/snapshot/state.ts';
import type { Ranking } from '../../src/steering/ranking.ts';
import type { DecodedMessage, DecodedRecord } from '../../src/wire/decode-message.ts';
import { formatName } from '../../src/wire/name.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { formatRecordType, formatResponseCode } from '../../src/wire/record-types.ts';
import { checkRecordData } from '../../src/zone/check-record-data.ts';
import { decodeAnswer, encodeQuery, type QueryShape } from './dns-client.ts';
import { outlinePlaceMap, type PlaceInterval } from './place-intervals.ts';
import { sign } from './signed-keys.ts';

export type MappedPrefix = {
  readonly prefix: string;
  readonly country: string;
  readonly continent: string;
  /** Degrees: latitude, longitude; absent: unknown. */
  readonly at?: readonly [number, number];
};

/** A few networks of every continent; everything else is in the unknown place. */
export const WORLD: readonly MappedPrefix[] = [
  { prefix: '81.0.0.0/8', country: 'GB', continent: 'EU', at: [51.5, -0.1] },
  // A small network of Tokyo inside London's.
  { prefix: '81.200.5.0/24', country: 'JP', continent: 'AS', at: [35.7, 139.7] },
  { prefix: '91.0.0.0/8', country: 'DE', continent: 'EU', at: [52.5, 13.4] },
  { prefix: '12.0.0.0/8', country: 'US', continent: 'NA', at: [40.7, -74] },
  { prefix: '73.0.0.0/8', country: 'US', continent: 'NA', at: [37.8, -122.4] },
  { prefix: '101.0.0.0/8', country: 'SG', continent: 'AS', at: [1.35, 103.8] },
  { prefix: '126.0.0.0/8', country: 'JP', continent: 'AS', at: [35.7, 139.7] },
  { prefix: '41.0.0.0/8', country: 'ZA', continent: 'AF', at: [-26.2, 28] },
  { prefix: '177.0.0.0/8', country: 'BR', continent: 'SA', at: [-23.5, -46.6] },
  { prefix: '58.160.0.0/12', country: 'AU', continent: 'OC', at: [-33.9, 151.2] },
  { prefix: '2a00::/16', country: 'GB', continent: 'EU', at: [51.5, -0.1] },
  { prefix: '2a00:1450:4001:800::/56', country: 'DE', continent: 'EU', at: [52.5, 13.4] },
  { prefix: '2600::/16', country: 'US', continent: 'NA', at: [40.7, -74] },
  { prefix: '2400::/16', country: 'JP', continent: 'AS', at: [35.7, 139.7] },
];

export const LONDON = '81.2.69.0/24';
export const NEW_YORK = '12.1.2.0/24';
export const TOKYO = '126.3.4.0/24';
export const NOWHERE = '203.0.113.0/24';

/** More specific prefixes hide wider ones, in whatever order they are given. */
export function placeMapOf(prefixes: readonly MappedPrefix[]): PlaceMap {
  const known = prefixes.map((mapped, index) => ({ ...mapped, place: index + 1, network: prefixOf(mapped.prefix) }));
  const v4 = cutIntervals(known.filter(({ network }) => network.family === 4));
  const v6 = cutIntervals(known.filter(({ network }) => network.family === 6));
  const countries = ['', ...new Set(prefixes.map(({ country }) => country))];
  const map = outlinePlaceMap({ v4, v6, places: prefixes.length + 1, countries, subdivisions: [''] });
  map.places.latitude.set([Number.NaN, ...prefixes.map(({ at }) => at?.[0] ?? Number.NaN)]);
  map.places.longitude.set([Number.NaN, ...prefixes.map(({ at }) => at?.[1] ?? Number.NaN)]);
  map.places.country.set([0, ...prefixes.map(({ country }) => countries.indexOf(country))]);
  map.places.continent.set([0, ...prefixes.map(({ continent }) => CONTINENTS.indexOf(continent))]);
  return map;
}

type PlacedNetwork = { readonly network: Prefix; readonly place: number };

/** Addresses count as 64 bits here: an IPv4 address is the upper half. */
function cutIntervals(networks: readonly PlacedNetwork[]): PlaceInterval[] {
  const end = 1n << 64n;
  const ranges = networks.map(({ network, place }) => {
    const first = (BigInt(network.words[0] ?? 0) << 32n) | BigInt(network.words[1] ?? 0);
    return { first, last: first + (1n << BigInt(64 - network.length)), length: network.length, place };
  });
  const cuts = [...new Set([0n, ...ranges.flatMap(({ first, last }) => [first, last])])].filter((cut) => cut < end);
  const intervals: PlaceInterval[] = [];
  for (const start of cuts.sort((a, b) => (a < b ? -1 : 1))) {
    const holding = ranges.filter(({ first, last }) => first <= start && start < last);
    const place = holding.sort((a, b) => b.length - a.length)[0]?.place ?? 0;
    if (intervals.at(-1)?.place !== place) intervals.push({ start, place });
  }
  return intervals;
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`${text} is no prefix`);
  return prefix;
}

/** Three regions far apart, a monitor, and a zone with an address for its name server: what most tests begin with. */
export const BASE = {
  zones: [
    {
      name: 'gtm.example.com',
      soa: { mname: 'ns1.gtm.example.com', rname: 'hostmaster.example.com', minimum: 60 },
      ns: ['ns1.gtm.example.com'],
      records: [{ name: 'ns1', type: 'A', ttl: 3600, data: ['192.0.2.53'] }],
    },
  ],
  regions: [
    { id: 'eu-west', location: { latitude: 53.35, longitude: -6.26 } },
    { id: 'us-east', location: { latitude: 39.04, longitude: -77.49 } },
    { id: 'ap-north', location: { latitude: 35.6, longitude: 139.7 } },
  ],
  monitors: [{ id: 'web', type: 'tcp', port: 80 }],
};

export type Fixture = {
  readonly configuration: WholeConfiguration;
  readonly placeMap: PlaceMap;
  readonly snapshot: Snapshot;
  readonly rankings: readonly Ranking[];
  readonly state: State;
  readonly serving: Serving;
  readonly desk: Desk;
};

/** The records of each zone in one part. */
export function inputOf(
  configuration: WholeConfiguration,
  serial: number,
  copies: readonly Copy[] = [],
): SnapshotInput {
  const records = configuration.zones.map((zone) => {
    const copy = copies.find(({ head }) => head.zone === zone.name);
    return [readZonePart(zone.name, copy ? parseRecords(copy.records, zone.name, true).records : zone.records)];
  });
  return { configuration, records, serial };
}

export type FixtureOptions = {
  readonly seed?: number;
  readonly placeMap?: PlaceMap;
  readonly serial?: number;
  /** By zone: those are signed, if their dnssec says so. */
  readonly keys?: ReadonlyMap<string, ZoneKeys>;
  /** When they are signed; now when not given. */
  readonly nowSeconds?: number;
  readonly conduct?: Conduct;
  /** What has been copied of zones that have primaries. */
  readonly copies?: readonly Copy[];
};

/** `document`: YAML, or an object; its keys stand above those of BASE. */
export function createFixture(
  document: string | Readonly<Record<string, unknown>>,
  {
    seed = 1,
    placeMap = placeMapOf(WORLD),
    serial = 7,
    keys,
    nowSeconds = Date.now() / 1000,
    conduct = PLAIN_CONDUCT,
    copies = [],
  }: FixtureOptions = {},
): Fixture {
  const own = typeof document === 'string' ? (parse(document) ?? {}) : document;
  const heads = new Map(copies.map(({ head }) => [head.zone, head]));
  const options = { resolveLocation: () => undefined, checkRecordData, copies: heads };
  const parsed = parseConfiguration({ ...BASE, ...own }, options);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const compiled = compileSnapshot(
    { ...inputOf(parsed.value, serial, copies), signing: keys && { keys, nowSeconds: Math.floor(nowSeconds), sign } },
    createRankMapCache(() => placeMap),
  );
  if (!compiled.ok) throw new Error(compiled.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const { snapshot, rankings } = compiled.value;
  const state = createState(snapshot);
  const manifest = {
    id: { generation: 1, number: 1 },
    parent: null,
    author: '',
    message: '',
    createdAtMs: 0,
    objects: {},
  };
  const revision = { manifest, objects: new Map() };
  const serving: Serving = { revision, configuration: parsed.value, snapshot, rankings, state, newBytes: 0 };
  return {
    configuration: parsed.value,
    placeMap,
    snapshot,
    rankings,
    state,
    serving,
    desk: createDesk(snapshot, state, seed, 0, conduct, keys && sign),
  };
}

/** What the vantages and the operators say; whatever is not named is up and automatic. */
export type Health = {
  /** `cluster/endpoint`, or a whole `cluster`. */
  readonly down?: readonly string[];
  readonly overrides?: readonly Pick<Override, 'kind' | 'id' | 'state'>[];
};

export function setHealth({ serving }: Pick<Fixture, 'serving'>, { down = [], overrides = [] }: Health): void {
  const { configuration } = serving;
  const targets = listTargets(configuration);
  const isDown = new Map(
    targets.map(({ id, cluster, endpoint }) => [id, down.includes(cluster) || down.includes(`${cluster}/${endpoint}`)]),
  );
  const judged = {
    ...configuration,
    overrides: overrides.map((override) => ({ ...override, reason: 'a test', author: 'test' })),
  };
  const judgement = judgeClusters(judged, (target) => (isDown.get(target) ? 'down' : 'up'), 0);
  applyHealth(serving, judgement, new Map());
}

/** New load reports, all of them fresh; who is not named reports nothing. */
export function setLoads({ serving }: Pick<Fixture, 'serving'>, reports: readonly LoadReport[]): void {
  const bySubject = new Map(reports.map((report) => [report.subject, report]));
  applyLoads(serving, bySubject, new Set(bySubject.keys()));
}

export type Question = QueryShape & {
  /** Where the query comes from; 192.0.2.1, which is nowhere, when not given. */
  readonly source?: string;
  readonly protocol?: 'udp' | 'tcp' | 'tls' | 'https';
  readonly outSize?: number;
};

export type Answer = {
  readonly rcode: string;
  /** `name ttl type data`. */
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
  /** Data of the answer records alone. */
  readonly data: readonly string[];
  readonly ttl: number | undefined;
  /** Scope prefix length; undefined where the answer has no client subnet. */
  readonly scope: number | undefined;
  readonly message: DecodedMessage;
  readonly bytes: Uint8Array;
};

/** Asks, and decodes the answer; fails when there is none. */
export function ask(desk: Desk, question: Question): Answer {
  const bytes = askBytes(desk, encodeQuery(question), question);
  if (bytes.length === 0) throw new Error('there is no answer');
  return describeAnswer(bytes);
}

export function describeAnswer(bytes: Uint8Array): Answer {
  const message = decodeAnswer(bytes);
  return {
    rcode: formatResponseCode(message.rcode),
    answers: message.answers.map(formatRecord),
    authorities: message.authorities.map(formatRecord),
    additionals: message.additionals.map(formatRecord),
    data: message.answers.map(({ type, data }) => formatRecordData(type, data)),
    ttl: message.answers[0]?.ttlSeconds,
    scope: message.edns?.clientSubnet?.scopePrefixLength,
    message,
    bytes,
  };
}

/** Asks with bytes as they are; no bytes come back for what deserves no answer. */
export function askBytes(
  desk: Desk,
  query: Uint8Array,
  { source = '192.0.2.1', protocol = 'udp', outSize = protocol === 'udp' ? 1232 : 65_535 }: Question = {},
): Uint8Array {
  const address = parseAddress(source);
  if (address === undefined) throw new Error(`${source} is no address`);
  desk.client.family = address.family;
  desk.client.words.fill(0);
  desk.client.words.set(address.words);
  const out = new Uint8Array(outSize);
  const length = answerQuery(desk, query, 0, query.length, out, 0, outSize, PROTOCOL_NUMBERS[protocol]);
  return out.slice(0, length);
}

const PROTOCOL_NUMBERS = { udp: UDP, tcp: TCP, tls: TLS, https: HTTPS } as const;

function formatRecord({ name, ttlSeconds, type, data }: DecodedRecord): string {
  return `${formatName(name)} ${ttlSeconds} ${formatRecordType(type)} ${formatRecordData(type, data)}`;
}

/** Every counter that is not 0, as `family label label …: value`. */
export function readCounters({ desk }: Pick<Fixture, 'desk'>): Readonly<Record<string, number>> {
  const totals = new CounterTotals();
  totals.follow(desk.snapshot, desk.counters);
  const families = [
    'requests',
    'responses',
    'answers',
    'dropped',
    'limited',
    'silenced',
    'signatures',
    'transfers',
    'hints',
  ] as const;
  return Object.fromEntries(
    families.flatMap((family) =>
      totals.read(family).map(({ labels, value }) => [[family, ...Object.values(labels)].join(' '), value]),
    ),
  );
}

/** What `run` added to the counters, steered answers alone unless another family is named. */
export function countersMoved(
  fixture: Pick<Fixture, 'desk'>,
  run: () => void,
  family = 'answers',
): Readonly<Record<string, number>> {
  const before = readCounters(fixture);
  run();
  const moved = Object.entries(readCounters(fixture)).flatMap(([key, value]) => {
    const by = value - (before[key] ?? 0);
    return by !== 0 && key.startsWith(`${family} `) ? [[key.slice(family.length + 1), by] as const] : [];
  });
  return Object.fromEntries(moved);
}

/** How often each answer was given. */
export function tally(count: number, give: (turn: number) => string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let turn = 0; turn < count; turn++) {
    const key = give(turn);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Whether the address, given as text, lies in the prefix. */
export function isWithin(address: string, prefix: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && isInPrefix(parsed, prefixOf(prefix));
}

/** A service that tells by its answer whether the client came by IPv4 (198.51.100.4) or by IPv6 (198.51.100.6) from loopback. */
export const RESOLVER_DOCUMENT = `
clusters:
  - { id: four, region: eu-west, endpoints: [{ id: a, address: 198.51.100.4 }] }
  - { id: six, region: us-east, endpoints: [{ id: a, address: 198.51.100.6 }] }
services:
  - name: www
    zone: gtm.example.com
    clusters: [four, six]
    rank: [{ match: { cidr: ["::1/128"] }, use: [six] }, { by: priority }]
`;
