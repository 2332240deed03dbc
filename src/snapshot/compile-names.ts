// Flattens built zones into the name and RRset tables. Where zones nest, a name belongs to the deepest zone above it: what
// the outer zone says at or below the inner one's apex is hidden by it and is left out.

import { createFlatName, readFlatName } from '../wire/flat-name.ts';
import { targetNameOf } from '../wire/record-data.ts';
import { TYPE_A, TYPE_AAAA, TYPE_SOA } from '../wire/record-types.ts';
import type { BuiltNode, BuiltRrset, BuiltZone } from '../zone/build-zone.ts';
import { createSuffixHashes, findNode, hashSuffixes, insertNode, slotCountFor } from './name-table.ts';
import { sharedUint8, sharedUint16From, sharedUint32, sharedUint32From } from './shared-array.ts';
import type { NameTable, RrsetTable, ZoneTable } from './snapshot.ts';
import { NONE } from './snapshot.ts';

/** Where services stand: the full name in wire form, lower case, and the service's index. */
export type ServiceName = { readonly name: Uint8Array; readonly service: number };

export type CompiledNames = { readonly names: NameTable; readonly rrsets: RrsetTable; readonly zones: ZoneTable };

type Entry = { readonly node: BuiltNode; readonly zone: number };

export function compileNames(zones: readonly BuiltZone[], serviceNames: readonly ServiceName[]): CompiledNames {
  const entries = visibleEntries(zones);
  const names = indexNames(entries);
  linkServices(names, serviceNames);
  linkAncestors(names, entries);
  const rrsets = flattenRrsets(names, entries);
  return { names, rrsets, zones: tabulateZones(zones, names, rrsets) };
}

/** All nodes that can be reached, each in the deepest zone that holds it. */
function visibleEntries(zones: readonly BuiltZone[]): Entry[] {
  const zoneOfApex = new Map(zones.map((zone, index) => [nameKey(zone.name, 0), index]));
  const deepestZoneOf = (name: Uint8Array): number | undefined => {
    for (let at = 0; ; at += 1 + (name[at] ?? 0)) {
      const zone = zoneOfApex.get(nameKey(name, at));
      if (zone !== undefined || name[at] === 0) return zone;
    }
  };
  return zones.flatMap((zone, index) =>
    zone.nodes.filter((node) => deepestZoneOf(node.name) === index).map((node) => ({ node, zone: index })),
  );
}

function nameKey(name: Uint8Array, start: number): string {
  return String.fromCharCode(...name.subarray(start));
}

function indexNames(entries: readonly Entry[]): NameTable {
  const count = entries.length;
  const text = sharedUint8(entries.reduce((bytes, { node }) => bytes + node.name.length, 0));
  const names: NameTable = {
    slots: sharedUint32(slotCountFor(count)),
    hashes: sharedUint32(count),
    textStarts: sharedUint32(count),
    textLengths: sharedUint8(count),
    text,
    labelCounts: sharedUint8(count),
    zones: sharedUint32From(entries.map(({ zone }) => zone)),
    services: sharedUint32(count).fill(NONE),
    cuts: sharedUint32(count).fill(NONE),
    wildcards: sharedUint32(count).fill(NONE),
    rrsetStarts: sharedUint32(count + 1),
  };
  const name = createFlatName();
  const hashes = createSuffixHashes();
  let at = 0;
  for (const [index, { node }] of entries.entries()) {
    readFlatName(name, node.name, 0, node.name.length);
    hashSuffixes(name, hashes);
    const hash = hashes[0] ?? 0;
    names.hashes[index] = hash;
    names.textStarts[index] = at;
    names.textLengths[index] = node.name.length;
    names.labelCounts[index] = name.labelCount;
    text.set(node.name, at);
    at += node.name.length;
    insertNode(names.slots, index, hash);
  }
  return names;
}

function linkServices(names: NameTable, serviceNames: readonly ServiceName[]): void {
  const find = nodeFinder(names);
  for (const { name, service } of serviceNames) {
    const node = find(name, 0);
    if (node !== NONE) names.services[node] = service;
  }
}

/** Notes for each node the delegation that covers it and, at the parent, that there is a wildcard. */
function linkAncestors(names: NameTable, entries: readonly Entry[]): void {
  const find = nodeFinder(names);
  for (const [index, { node, zone }] of entries.entries()) {
    if (node.name[0] === 1 && node.name[1] === 0x2a) {
      const parent = find(node.name, 1);
      if (parent !== NONE) names.wildcards[parent] = index;
    }
    if (!node.isDelegation && !node.isBelowDelegation) continue;
    // The highest delegation counts: what an occluded NS below it says is never seen (RFC 2181 section 6).
    for (let label = 0; label <= (names.labelCounts[index] ?? 0); label++) {
      const ancestor = find(node.name, label);
      if (ancestor !== NONE && names.zones[ancestor] === zone && entries[ancestor]?.node.isDelegation) {
        names.cuts[index] = ancestor;
      }
    }
  }
}

/** Finds the node of a wire name from its label `label` on. */
function nodeFinder(names: NameTable): (wireName: Uint8Array, label: number) => number {
  const name = createFlatName();
  const hashes = createSuffixHashes();
  return (wireName, label) => {
    if (readFlatName(name, wireName, 0, wireName.length) < 0) return NONE;
    hashSuffixes(name, hashes);
    return findNode(names, name, label, hashes[label] ?? 0);
  };
}

function flattenRrsets(names: NameTable, entries: readonly Entry[]): RrsetTable {
  const find = nodeFinder(names);
  const rrsets: BuiltRrset[] = [];
  const targetStarts: number[] = [];
  const targets: number[] = [];
  for (const [index, { node }] of entries.entries()) {
    names.rrsetStarts[index] = rrsets.length;
    for (const rrset of node.rrsets) {
      rrsets.push(rrset);
      targetStarts.push(targets.length);
      targets.push(...addressNodes(rrset, find, entries));
    }
  }
  names.rrsetStarts[entries.length] = rrsets.length;
  targetStarts.push(targets.length);
  return { ...packRecords(rrsets), targetStarts: sharedUint32From(targetStarts), targets: sharedUint32From(targets) };
}

/** The nodes named by a record set's data (NS, MX, SRV) that hold addresses. */
function addressNodes(
  rrset: BuiltRrset,
  find: (name: Uint8Array, label: number) => number,
  entries: readonly Entry[],
): number[] {
  const nodes = rrset.data.flatMap((data) => {
    const target = targetNameOf(rrset.type, data);
    const node = target === undefined ? NONE : find(target, 0);
    const hasAddress = entries[node]?.node.rrsets.some(({ type }) => type === TYPE_A || type === TYPE_AAAA);
    return hasAddress ? [node] : [];
  });
  return [...new Set(nodes)];
}

function packRecords(rrsets: readonly BuiltRrset[]): Omit<RrsetTable, 'targetStarts' | 'targets'> {
  const size = rrsets.reduce((sum, { data }) => sum + data.reduce((bytes, record) => bytes + 2 + record.length, 0), 0);
  const data = sharedUint8(size);
  const dataStarts = sharedUint32(rrsets.length);
  let at = 0;
  for (const [index, rrset] of rrsets.entries()) {
    dataStarts[index] = at;
    for (const record of rrset.data) {
      data[at] = record.length >>> 8;
      data[at + 1] = record.length;
      data.set(record, at + 2);
      at += 2 + record.length;
    }
  }
  return {
    types: sharedUint16From(rrsets.map(({ type }) => type)),
    ttls: sharedUint32From(rrsets.map(({ ttlSeconds }) => ttlSeconds)),
    recordCounts: sharedUint16From(rrsets.map((rrset) => rrset.data.length)),
    dataStarts,
    data,
  };
}

function tabulateZones(zones: readonly BuiltZone[], names: NameTable, rrsets: RrsetTable): ZoneTable {
  const find = nodeFinder(names);
  const apexes = zones.map((zone) => find(zone.name, 0));
  const soaRrsets = apexes.map((apex) => {
    const start = names.rrsetStarts[apex] ?? 0;
    const end = names.rrsetStarts[apex + 1] ?? 0;
    for (let rrset = start; rrset < end; rrset++) if (rrsets.types[rrset] === TYPE_SOA) return rrset;
    return NONE;
  });
  return {
    names: zones.map(({ nameText }) => nameText),
    apexes: sharedUint32From(apexes),
    soaRrsets: sharedUint32From(soaRrsets),
    negativeTtls: sharedUint32From(soaRrsets.map((rrset) => negativeTtl(rrsets, rrset))),
  };
}

function negativeTtl(rrsets: RrsetTable, soaRrset: number): number {
  const start = rrsets.dataStarts[soaRrset] ?? 0;
  const length = ((rrsets.data[start] ?? 0) << 8) | (rrsets.data[start + 1] ?? 0);
  const minimumAt = start + 2 + length - 4;
  const view = new DataView(rrsets.data.buffer, rrsets.data.byteOffset);
  return Math.min(rrsets.ttls[soaRrset] ?? 0, view.getUint32(minimumAt));
}
