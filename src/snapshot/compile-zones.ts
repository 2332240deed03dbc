// Puts zone images together into the zone table: a small index of apexes, in which the deepest zone above a name is found,
// and which service each steered name of each zone is. Where zones nest, a name belongs to the deepest zone above it: what
// the outer zone says at or below the inner one's apex is never looked for there.

import { parseAddress, parsePrefix } from '../model/address.ts';
import type { DnsServer } from '../model/dns-server.ts';
import type { Transfers } from '../model/transfers.ts';
import { createFlatName, readFlatName } from '../wire/flat-name.ts';
import { createSuffixHashes, firstSlot, hashSuffixes, slotCountFor } from '../wire/name-hash.ts';
import { sharedInt32, sharedInt32From } from './shared-array.ts';
import type { CompiledPrimary, CompiledRule, ZoneTable } from './snapshot.ts';
import type { ZoneImage } from './zone-image.ts';

/** `steered`: for each zone its services, in the order in which its image numbers their names. */
export function compileZones(
  names: readonly string[],
  images: readonly ZoneImage[],
  steered: readonly (readonly number[])[],
  transfers: readonly (Transfers | undefined)[] = [],
  primaries: readonly (readonly DnsServer[] | undefined)[] = [],
): ZoneTable {
  const serviceStarts = [0];
  for (const services of steered) serviceStarts.push((serviceStarts.at(-1) ?? 0) + services.length);
  return {
    names,
    images,
    apexSlots: indexApexes(images),
    deepestApex: images.reduce((deepest, { labelCount }) => Math.max(deepest, labelCount), 0),
    serviceStarts: sharedInt32From(serviceStarts),
    services: sharedInt32From(steered.flat()),
    transfers: transfers.map((stated) => stated && compileRules(stated.allow)),
    primaries: primaries.map((stated) => stated?.flatMap(compilePrimary)),
  };
}

function compileRules(rules: Transfers['allow']): readonly CompiledRule[] {
  return rules.map(({ key, prefix }) => ({ key, prefix: prefix === undefined ? undefined : parsePrefix(prefix) }));
}

function compilePrimary({ address, key }: DnsServer): readonly CompiledPrimary[] {
  const parsed = parseAddress(address);
  return parsed === undefined ? [] : [{ address: parsed, key }];
}

function indexApexes(images: readonly ZoneImage[]): Int32Array {
  const slots = sharedInt32(slotCountFor(images.length));
  const mask = slots.length - 1;
  const name = createFlatName();
  const hashes = createSuffixHashes();
  for (const [zone, image] of images.entries()) {
    readFlatName(name, image.name, 0, image.name.length);
    hashSuffixes(name, hashes);
    let slot = firstSlot(hashes[0] ?? 0, mask);
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = zone + 1;
  }
  return slots;
}
