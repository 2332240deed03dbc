// What was compiled last, kept for as long as what it was compiled from stays the same: the table of services, and an image
// for each zone. A change of one zone builds that zone.

import type { Configuration } from '../model/configuration.ts';
import { listAncestors } from '../model/name.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { ZoneHead } from '../model/zone.ts';
import { type CompiledServices, compileServices } from './compile-services.ts';
import { compileZone, type ReadPart } from './compile-zone.ts';
import type { ZoneImage } from './zone-image.ts';

export type KeptTables = {
  services: KeptServices | undefined;
  /** By the name of the zone. */
  images: ReadonlyMap<string, KeptImage>;
};

export type KeptServices = {
  readonly configuration: Configuration;
  readonly compiled: CompiledServices;
  /** The services of each zone, in the order in which its image numbers their names. */
  readonly steered: readonly (readonly number[])[];
};

type KeptImage = {
  /** As text: each reading of a configuration makes objects of its own. */
  readonly head: string;
  readonly parts: readonly ReadPart[];
  readonly steeredNames: readonly string[];
  readonly image: ZoneImage;
};

export function createKeptTables(): KeptTables {
  return { services: undefined, images: new Map() };
}

export function renewServices(kept: KeptTables, configuration: Configuration): KeptServices {
  if (kept.services?.configuration === configuration) return kept.services;
  const { services, zones } = configuration;
  const byZone = Map.groupBy(services.keys(), (service) => services[service]?.zone ?? '');
  const steered = zones.map(({ name }) => byZone.get(name) ?? []);
  kept.services = { configuration, compiled: compileServices(configuration), steered };
  return kept.services;
}

/** The image of each zone, or what is wrong with any. */
export function renewImages(
  kept: KeptTables,
  { zones, services }: Configuration,
  steered: KeptServices['steered'],
  records: readonly (readonly ReadPart[])[],
): Parsed<readonly ZoneImage[]> {
  const images = new Map<string, KeptImage>();
  const problems: Problem[] = [];
  const nested = findNested(zones);
  for (const [index, zone] of zones.entries()) {
    const steeredNames = (steered[index] ?? []).map((service) => services[service]?.id ?? '');
    const nestedZones = nested.get(zone.name) ?? [];
    const renewed = renewImage(kept.images.get(zone.name), zone, nestedZones, records[index] ?? [], steeredNames);
    if (renewed.ok) images.set(zone.name, renewed.value);
    else problems.push(...renewed.problems.map(({ path, message }) => ({ path: `/zones/${index}${path}`, message })));
  }
  if (problems.length > 0) return { ok: false, problems };
  kept.images = images;
  return { ok: true, value: Array.from(images.values(), ({ image }) => image) };
}

/** By the name of a zone, the zones right below it, in their order. */
function findNested(zones: readonly ZoneHead[]): ReadonlyMap<string, readonly string[]> {
  const names = new Set(zones.map(({ name }) => name));
  const nested = new Map<string, string[]>();
  for (const name of names) {
    const above = listAncestors(name).find((each) => each !== name && names.has(each));
    if (above === undefined) continue;
    const others = nested.get(above);
    if (others === undefined) nested.set(above, [name]);
    else others.push(name);
  }
  return nested;
}

function renewImage(
  before: KeptImage | undefined,
  zone: ZoneHead,
  nestedZones: readonly string[],
  parts: readonly ReadPart[],
  steeredNames: readonly string[],
): Parsed<KeptImage> {
  const { name, soa, ns, nsTtlSeconds } = zone;
  const head = JSON.stringify({ name, soa, ns, nsTtlSeconds, nestedZones });
  const isSame =
    before?.head === head && isSameList(before.parts, parts) && isSameList(before.steeredNames, steeredNames);
  if (isSame) return { ok: true, value: before };
  const compiled = compileZone(zone, parts, steeredNames, nestedZones);
  return compiled.ok ? { ok: true, value: { head, parts, steeredNames, image: compiled.value } } : compiled;
}

function isSameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
