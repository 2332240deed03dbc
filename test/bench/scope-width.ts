// The part `scope`: over how much of the address space an answer may be shared. The same random clients are asked for with
// Azimuth and with gdnsd; the shorter the scope, the more clients a resolver serves with one answer. Where the two send a
// client to different places, the database says why.

import { readFileSync } from 'node:fs';
import { type CityResponse, Reader } from 'maxmind';
import { askMany, type SteeredAnswer } from './ask-many.ts';
import type { BenchContext } from './bench-context.ts';
import { FOUR_DATA_CENTRES, rankByDistance, STEERED_NAME } from './bench-zone.ts';
import { createRandom, drawSubnetV4, drawSubnetV6, type Random } from './compose-queries.ts';
import { openCityDatabase } from './database/city-database.ts';
import { mean, round } from './figures.ts';
import type { PartResult } from './report/report.ts';
import { AZIMUTH } from './servers/azimuth.ts';
import { GDNSD, startGdnsd } from './servers/gdnsd.ts';
import { describeMissing, isInstalled } from './servers/server-kinds.ts';

const CLIENTS = 25_000;
const SEED = 871;
/** Two data centres whose distances differ by less than this share are called equally far. */
const NEAR_TIE_SHARE = 0.01;
const EXAMPLES = 5;

const CLIENT_KINDS: readonly { readonly label: string; readonly draw: (random: Random) => string }[] = [
  { label: 'IPv4 /24', draw: (random) => drawSubnetV4(random, 24) },
  { label: 'IPv4 /32', draw: (random) => drawSubnetV4(random, 32) },
  { label: 'IPv6 /56', draw: (random) => drawSubnetV6(random, 56) },
];

type ScopeFigures = {
  readonly clients: string;
  /** Mean SCOPE PREFIX-LENGTH, by server. */
  readonly meanScope: Readonly<Record<string, number>>;
  readonly differences?: Differences;
};

type Differences = {
  /** Of all clients. */
  readonly share: number;
  readonly withoutLocation: number;
  readonly equallyFar: number;
  readonly others: number;
  readonly examples: readonly string[];
  /** Clients for which our scope is shorter, equally long, longer. */
  readonly scopes: { readonly shorter: number; readonly equal: number; readonly longer: number };
};

/** Answers of gdnsd whose lists hold all data centres are compared with ours; its default holds three. */
const ALL = 'gdnsd, lists of all';

export async function benchScopeWidth({ processes, say }: BenchContext): Promise<PartResult> {
  const database = openCityDatabase(say).path;
  const setup = { processes, database, dataCentres: FOUR_DATA_CENTRES, prefix: [] };
  const servers = new Map([['Azimuth', await AZIMUTH.start(setup)]]);
  if (isInstalled(GDNSD)) {
    servers.set('gdnsd, lists of 3 (default)', await GDNSD.start(setup));
    servers.set(ALL, await startGdnsd(setup, { listLimit: 0 }));
  }
  const places = new Reader<CityResponse>(readFileSync(database));
  const figures: ScopeFigures[] = [];
  for (const { label, draw } of CLIENT_KINDS) {
    const random = createRandom(SEED);
    const subnets = Array.from({ length: CLIENTS }, () => draw(random));
    const answers = new Map<string, readonly SteeredAnswer[]>();
    for (const [name, { port }] of servers) {
      say(`${label}: ${CLIENTS} clients, ${name}`);
      answers.set(name, await askMany(port, STEERED_NAME, subnets));
    }
    const [ours, theirs] = [answers.get('Azimuth') ?? [], answers.get(ALL)];
    figures.push({
      clients: label,
      meanScope: Object.fromEntries([...answers].map(([name, given]) => [name, meanScopeOf(given)])),
      ...(theirs === undefined ? {} : { differences: compare(places, subnets, ours, theirs) }),
    });
  }
  return { figures: { clientsEach: CLIENTS, kinds: figures }, ...describeFigures(figures, [...servers.keys()]) };
}

function meanScopeOf(answers: readonly SteeredAnswer[]): number {
  return round(mean(answers.map(({ scope }) => scope ?? Number.NaN)), 2);
}

function compare(
  places: Reader<CityResponse>,
  subnets: readonly string[],
  ours: readonly SteeredAnswer[],
  theirs: readonly SteeredAnswer[],
): Differences {
  const counts = { withoutLocation: 0, equallyFar: 0, others: 0 };
  const scopes = { shorter: 0, equal: 0, longer: 0 };
  const examples: string[] = [];
  subnets.forEach((subnet, index) => {
    const [our, their] = [ours[index], theirs[index]];
    if (our === undefined || their === undefined) return;
    const wider = Math.sign((our.scope ?? 0) - (their.scope ?? 0));
    scopes[wider < 0 ? 'shorter' : wider > 0 ? 'longer' : 'equal']++;
    if (our.address === their.address) return;
    const reason = explain(places, subnet);
    counts[reason]++;
    if (reason === 'others' && examples.length < EXAMPLES) {
      examples.push(`${subnet}: ${our.address} here, ${their.address} there`);
    }
  });
  const differing = counts.withoutLocation + counts.equallyFar + counts.others;
  return { share: round(differing / subnets.length, 5), ...counts, examples, scopes };
}

function explain(places: Reader<CityResponse>, subnet: string): 'withoutLocation' | 'equallyFar' | 'others' {
  const location = places.get(subnet.split('/')[0] ?? '')?.location;
  if (location === undefined) return 'withoutLocation';
  const [nearest, next] = rankByDistance(FOUR_DATA_CENTRES, location);
  const gap = 1 - (nearest?.km ?? 0) / (next?.km ?? 1);
  return gap < NEAR_TIE_SHARE ? 'equallyFar' : 'others';
}

function describeFigures(figures: readonly ScopeFigures[], names: readonly string[]): Omit<PartResult, 'figures'> {
  const scopeTable = {
    title: 'Mean scope of answers to random clients, in bits: shorter is better',
    columns: ['server', ...figures.map(({ clients }) => clients)],
    rows: names.map((name) => [name, ...figures.map(({ meanScope }) => meanScope[name]?.toFixed(2) ?? '–')]),
  };
  const compared = figures.flatMap(({ clients, differences }) => (differences ? [{ clients, ...differences }] : []));
  const differenceTable = {
    title: `Azimuth against gdnsd with lists of all data centres, ${CLIENTS} clients each`,
    columns: ['clients', 'scope shorter', 'equal', 'longer', 'other data centre', 'no location', 'equally far', 'else'],
    rows: compared.map(({ clients, scopes, share, withoutLocation, equallyFar, others }) => [
      clients,
      ...[scopes.shorter, scopes.equal, scopes.longer].map(String),
      `${(share * 100).toFixed(2)} %`,
      ...[withoutLocation, equallyFar, others].map(String),
    ]),
  };
  const notes = [
    'Clients are drawn at random: IPv4 over all unicast addresses, IPv6 over the five /12 blocks of the registries.',
    `"Equally far": the two nearest data centres differ by less than ${NEAR_TIE_SHARE * 100} % in distance.`,
    'Our map of IPv6 ends at /64: a few longer prefixes, mostly of routers, split scopes of gdnsd and not ours.',
    ...describeMissing([GDNSD]),
  ];
  return { tables: compared.length === 0 ? [scopeTable] : [scopeTable, differenceTable], notes };
}
