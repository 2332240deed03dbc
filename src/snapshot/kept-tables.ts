// What was compiled last, kept for as long as what it was compiled from stays the same: the table of services, and an image
// for each zone. A change of one zone builds that zone.

import type { SignatureTable } from '../dnssec/signature-table.ts';
import type { Configuration } from '../model/configuration.ts';
import { listAncestors } from '../model/name.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { ZoneHead } from '../model/zone.ts';
import { type CompiledServices, compileServices } from './compile-services.ts';
import { compileZone, type ReadPart, type ZoneSigningInput } from './compile-zone.ts';
import { createZoneSigner, type Signing, typesOfService } from './plan-signing.ts';
import { NO_SIGNATURES } from './sign-ahead.ts';
import type { ZoneImage } from './zone-image.ts';
import { isDue } from './zone-signing.ts';

export type KeptTables = {
  services: KeptServices | undefined;
  /** By the name of the zone. */
  images: ReadonlyMap<string, KeptImage>;
  ahead: SignatureTable;
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
  return { services: undefined, images: new Map(), ahead: NO_SIGNATURES };
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
  { steered, compiled }: KeptServices,
  records: readonly (readonly ReadPart[])[],
  signing: Signing | undefined,
): Parsed<readonly ZoneImage[]> {
  const images = new Map<string, KeptImage>();
  const problems: Problem[] = [];
  const nested = findNested(zones);
  for (const [index, zone] of zones.entries()) {
    const own = steered[index] ?? [];
    const steeredNames = own.map((service) => services[service]?.id ?? '');
    const nestedZones = nested.get(zone.name) ?? [];
    const before = kept.images.get(zone.name);
    const signer = signing && createZoneSigner(signing, zone);
    const zoneSigning = signer && {
      signer,
      steeredTypes: own.map((service) => typesOfService(compiled.services, service)),
      before: before?.image,
    };
    const renewed = renewImage(before, zone, nestedZones, records[index] ?? [], steeredNames, zoneSigning);
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
  signing: ZoneSigningInput | undefined,
): Parsed<KeptImage> {
  const { name, soa, ns, nsTtlSeconds, copy } = zone;
  const isCopied = zone.primaries !== undefined;
  const signed = signing && describeSigning(signing);
  const head = JSON.stringify({ name, soa, ns, nsTtlSeconds, copy, isCopied, nestedZones, signed });
  const isSame =
    before?.head === head &&
    isSameList(before.parts, parts) &&
    isSameList(before.steeredNames, steeredNames) &&
    !(before.image.signing && signing && isDue(before.image.signing, signing.signer.nowSeconds));
  if (isSame) return { ok: true, value: before };
  const compiled = compileZone(zone, parts, steeredNames, nestedZones, signing);
  return compiled.ok ? { ok: true, value: { head, parts, steeredNames, image: compiled.value } } : compiled;
}

/** Everything beside the zone's own content and the time on which its signatures depend. */
function describeSigning({ signer, steeredTypes }: ZoneSigningInput): unknown {
  const { keys, keyTtlSeconds, validitySeconds, hasChain } = signer;
  const { published, cds, cdnskey } = keys;
  const data = [published, cds, cdnskey].map((list) => list.map((record) => record.join()));
  const tags = [keys.keySigners, keys.zoneSigners].map((list) => list.map(({ dnskey }) => dnskey.join()));
  return { data, tags, keyTtlSeconds, validitySeconds, hasChain, steeredTypes };
}

function isSameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
