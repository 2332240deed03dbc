// Random zones for the differential tests: a few that belong together, from few labels, so that names meet. In them stands what
// lookup is hard about: wildcards, empty non-terminals, delegations with glue and hidden names below, DNAMEs, aliases within a
// zone, into another, out of all, and in rings, nested zones that are delegated or not, names with odd octets.
//
// What we would refuse is left out again: whoever makes zones asks our checks which records these are.

import type { Random } from '../../fuzz/mutate.ts';

/** All names are full and end in a dot. */
export type RandomRrset = {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: readonly string[];
};
export type RandomZone = {
  readonly name: string;
  readonly minimum: number;
  readonly soaTtl: number;
  readonly ns: readonly string[];
  readonly records: readonly RandomRrset[];
};

export const SERIAL = 7;
const LABELS = ['a', 'b', 'c', 'a', 'b', '_x', 'Mixed', '*', '*', 'x\\.y', '\\000\\255', 'www', 'n'.repeat(63)];
const OUTSIDE = ['www.elsewhere.example.', 'a.b.elsewhere.example.', 'elsewhere.example.'];
const TTLS = [0, 1, 60, 300, 3600, 86_400];
const MAX_SETS = 40;

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

/** Zones under one name that no other world has. */
export function makeZones(random: Random, world: number): RandomZone[] {
  const outer = `w${world}.test.`;
  const names = [outer];
  if (random() < 0.7) names.push(`${pick(random, ['a', 'b', 'a.b', 'c.b.a'])}.${outer}`);
  if (random() < 0.3) names.push(`${pick(random, ['a', 'b', '_x'])}.${names.at(-1)}`);
  names.push(`w${world}.other.`);
  return names.map((name) => makeZone(random, name, names));
}

function makeZone(random: Random, zone: string, all: readonly string[]): RandomZone {
  const sets = new Map<string, RandomRrset>();
  const add = (name: string, type: string, data: readonly string[]): void => {
    const key = `${name.toLowerCase()} ${type}`;
    if (!sets.has(key)) sets.set(key, { name, type, ttl: pick(random, TTLS), data: [...new Set(data)] });
  };
  // Below a DNAME at the apex there is nothing, so that its name servers are elsewhere. (A nested zone has
  // glue in the outer one, which NSD takes for records below that DNAME.)
  const isNested = all.some((other) => zone.endsWith(`.${other}`));
  const isRedirected = !isNested && random() < 0.07;
  if (isRedirected) add(zone, 'DNAME', [makeTarget(random, all)]);
  else add(`ns1.${zone}`, 'A', ['192.0.2.1']);
  const count = 4 + Math.floor(random() * MAX_SETS);
  for (let index = 0; index < count; index++) {
    const owner = makeName(random, zone);
    const type = pick(random, TYPES);
    if (owner === zone && (type === 'DNAME' || type === 'NS')) continue;
    if (type === 'NS') addCut(random, owner, all, add);
    else add(owner, type, makeData(random, type, all));
  }
  // What an outer zone says of names in a nested one is never seen; NSD, all of whose zones share one table of names, refuses
  // the nested zone where it has a DNAME above them.
  for (const [key, { name }] of sets) {
    if (all.some((other) => other.endsWith(`.${zone}`) && name.toLowerCase().endsWith(`.${other}`))) sets.delete(key);
  }
  for (const nested of all) {
    if (nested === zone || !nested.endsWith(`.${zone}`) || random() < 0.4) continue;
    add(nested, 'NS', [`ns1.${nested}`]);
    add(`ns1.${nested}`, 'A', ['192.0.2.1']);
    if (random() < 0.5) add(nested, 'DS', [DS]);
  }
  const ns = isRedirected
    ? ['ns.elsewhere.example.']
    : random() < 0.5
      ? [`ns1.${zone}`]
      : [`ns1.${zone}`, 'ns.elsewhere.example.'];
  return {
    name: zone,
    minimum: pick(random, [5, 60, 900]),
    soaTtl: pick(random, [5, 300, 3600]),
    ns,
    records: [...sets.values()],
  };
}

const TYPES = [
  ...['A', 'A', 'A', 'AAAA', 'TXT', 'TXT', 'MX', 'SRV', 'CNAME', 'CNAME', 'CNAME', 'DNAME', 'NS', 'NS'],
  ...['PTR', 'CAA', 'NAPTR', 'HTTPS', 'SVCB', 'TYPE65280', 'LOC', 'KX', 'RT', 'AFSDB'],
];
const DS = '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118';

/** A delegation, most often with servers of its own, their glue, and what it hides. */
function addCut(
  random: Random,
  cut: string,
  all: readonly string[],
  add: (name: string, type: string, data: readonly string[]) => void,
): void {
  const servers = [random() < 0.6 ? `ns.${cut}` : makeTarget(random, all)];
  if (random() < 0.5) servers.push(makeTarget(random, all));
  add(cut, 'NS', servers);
  if (servers[0] === `ns.${cut}`) add(`ns.${cut}`, 'A', [makeAddress(random)]);
  if (random() < 0.3) add(`ns.${cut}`, 'AAAA', ['2001:db8::53']);
  if (random() < 0.4) add(cut, 'DS', [DS]);
  if (random() < 0.4) add(cut, 'TXT', ['"hidden at the cut"']);
  if (random() < 0.4) add(`hidden.${cut}`, 'TXT', ['"hidden below"']);
  if (random() < 0.2) add(`*.${cut}`, 'A', [makeAddress(random)]);
  if (random() < 0.2) add(`deeper.${cut}`, 'NS', ['ns.elsewhere.example.']);
}

/** A name in the zone, one to three labels below its apex, or the apex. */
export function makeName(random: Random, zone: string): string {
  const depth = Math.floor(random() * 3.6);
  let name = zone;
  for (let label = 0; label < depth; label++) name = `${pick(random, LABELS)}.${name}`;
  return name;
}

/** What an alias or a mail exchanger may be: in any of the zones, or outside all. */
export function makeTarget(random: Random, all: readonly string[]): string {
  return random() < 0.15 ? pick(random, OUTSIDE) : makeName(random, pick(random, all));
}

function makeAddress(random: Random): string {
  return `198.51.100.${Math.floor(random() * 256)}`;
}

function makeData(random: Random, type: string, all: readonly string[]): readonly string[] {
  const single = type === 'CNAME' || type === 'DNAME';
  const count = single ? 1 : 1 + Math.floor(random() * 3);
  return Array.from({ length: count }, () => makeDatum(random, type, makeTarget(random, all)));
}

function makeDatum(random: Random, type: string, target: string): string {
  const number = Math.floor(random() * 100);
  switch (type) {
    case 'A':
      return makeAddress(random);
    case 'AAAA':
      return `2001:db8::${number}`;
    case 'TXT':
      return random() < 0.1 ? `"${'long'.repeat(60)}" "${number}"` : `"text ${number}"`;
    case 'MX':
    case 'KX':
    case 'RT':
    case 'AFSDB':
      return `${number} ${target}`;
    case 'SRV':
      return `${number} 1 5060 ${target}`;
    case 'CAA':
      return `0 issue "ca${number}.example"`;
    case 'NAPTR':
      return `${number} 1 "${pick(random, ['s', 'a', 'u', ''])}" "SIP+D2U" "" ${target}`;
    case 'HTTPS':
    case 'SVCB':
      return random() < 0.4 ? `0 ${target}` : `${1 + number} ${random() < 0.4 ? '.' : target} alpn=h2 port=8443`;
    case 'TYPE65280':
      return '\\# 3 0a0b0c';
    case 'LOC':
      return '52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m';
    default:
      return target;
  }
}

/** The zone as a master file. Data in full, each record on a line. */
export function formatZone({ name, minimum, soaTtl, ns, records }: RandomZone): string {
  const soa = `${name} ${soaTtl} IN SOA ns1.${name} hostmaster.${name} ${SERIAL} 1800 600 604800 ${minimum}`;
  const servers = ns.map((server) => `${name} 3600 IN NS ${server}`);
  const lines = records.flatMap((rrset) =>
    rrset.data.map((data) => `${rrset.name} ${rrset.ttl} IN ${rrset.type} ${data}`),
  );
  return `${[soa, ...servers, ...lines].join('\n')}\n`;
}
