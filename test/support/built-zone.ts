// A zone as it stands in its image, read back into objects: what tests of building a zone look at.

import type { Parsed } from '../../src/model/problem.ts';
import type { Zone } from '../../src/model/zone.ts';
import { compileZone, readZonePart } from '../../src/snapshot/compile-zone.ts';
import { NONE } from '../../src/snapshot/snapshot.ts';
import {
  cutOf,
  dataStartOf,
  labelCountOf,
  NODE_WORDS,
  RRSET_WORDS,
  recordCountOf,
  rrsetCountOf,
  steeredOf,
  ttlOf,
  typeOf,
  wildcardOf,
  type ZoneImage,
} from '../../src/snapshot/zone-image.ts';
import { compareNames, formatName } from '../../src/wire/name.ts';

export type BuiltRrset = { readonly type: number; readonly ttlSeconds: number; readonly data: readonly Uint8Array[] };

export type BuiltNode = {
  /** Wire form, lower case. */
  readonly name: Uint8Array;
  readonly rrsets: readonly BuiltRrset[];
  readonly isApex: boolean;
  readonly isSteered: boolean;
  readonly isDelegation: boolean;
  readonly isBelowDelegation: boolean;
  readonly isEmptyNonTerminal: boolean;
  readonly hasWildcardChild: boolean;
};

/** `nodes` in canonical order. */
export type BuiltZone = { readonly name: Uint8Array; readonly nodes: readonly BuiltNode[] };

/** Builds the zone from parts of at most `partSize` records. */
export function buildZone(zone: Zone, steered: readonly string[] = [], partSize = 1000): Parsed<BuiltZone> {
  const { records, ...head } = zone;
  const parts = [];
  for (let start = 0; start < records.length; start += partSize) {
    parts.push(readZonePart(zone.name, records.slice(start, start + partSize)));
  }
  const compiled = compileZone(head, parts, steered);
  return compiled.ok ? { ok: true, value: readImage(compiled.value) } : compiled;
}

export function readImage(image: ZoneImage): BuiltZone {
  const nodes = listNodes(image).map((node) => readNode(image, node));
  return { name: image.name, nodes: nodes.sort((a, b) => compareNames(a.name, b.name)) };
}

/** Every node that the table leads to. */
export function listNodes({ slots }: ZoneImage): number[] {
  return Array.from({ length: slots.length / 2 }, (_, slot) => slots[2 * slot + 1] ?? 0)
    .filter((entry) => entry !== 0)
    .map((entry) => entry - 1);
}

export function nameOfNode(image: ZoneImage, node: number): string {
  return node === NONE ? '' : formatName(wireNameOf(image, node));
}

function wireNameOf({ words, bytes, name }: ZoneImage, node: number): Uint8Array {
  const start = 4 * (node + NODE_WORDS);
  return Uint8Array.from([...bytes.subarray(start, start + ((words[node] ?? 0) & 0xff)), ...name]);
}

function readNode(image: ZoneImage, node: number): BuiltNode {
  const rrsets = listRrsets(image, node).map((rrset) => {
    return { type: typeOf(image, rrset), ttlSeconds: ttlOf(image, rrset), data: readData(image, rrset) };
  });
  const isSteered = steeredOf(image, node) !== NONE;
  return {
    name: wireNameOf(image, node),
    rrsets,
    isApex: labelCountOf(image, node) === image.labelCount,
    isSteered,
    isDelegation: cutOf(image, node) === node,
    isBelowDelegation: cutOf(image, node) !== NONE && cutOf(image, node) !== node,
    isEmptyNonTerminal: rrsets.length === 0 && !isSteered,
    hasWildcardChild: wildcardOf(image, node) !== NONE,
  };
}

export function listRrsets(image: ZoneImage, node: number): number[] {
  const first = node + NODE_WORDS + Math.ceil(((image.words[node] ?? 0) & 0xff) / 4);
  return Array.from({ length: rrsetCountOf(image, node) }, (_, index) => first + RRSET_WORDS * index);
}

function readData(image: ZoneImage, rrset: number): Uint8Array[] {
  const { bytes } = image;
  let at = dataStartOf(image, rrset);
  return Array.from({ length: recordCountOf(image, rrset) }, () => {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const data = bytes.slice(at + 2, at + 2 + length);
    at += 2 + length;
    return data;
  });
}
