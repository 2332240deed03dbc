// The draft of a zone: the records of its parts, put at their nodes, with every name between them and the apex. All of it
// in flat arrays, for a zone may have a million names. Record sets are numbered through all parts; the nodes of the names
// above a node have lower numbers than it, so that one pass from first to last hands down what holds for all below.

import type { Problem } from '../model/problem.ts';
import { createFlatName, type FlatName, readFlatName } from '../wire/flat-name.ts';
import { formatName } from '../wire/name.ts';
import { createSuffixHashes, firstSlot, hashSuffixes } from '../wire/name-hash.ts';
import { TYPE_NS } from '../wire/record-types.ts';
import { APEX, createNodes, enterSlot, growNodes, NONE, type Nodes } from './draft-nodes.ts';
import { joinParts } from './join-parts.ts';
import { type RecordPart, withoutDuplicates } from './record-part.ts';

export type ZoneDraft = {
  /** Wire form, lower case. */
  readonly name: Uint8Array;
  readonly labelCount: number;
  readonly records: RecordPart;
  /** The next record set of the same node and another type. */
  readonly next: Int32Array;
  /** The next record set of the same node and type: both are one RRset. */
  readonly more: Int32Array;
  readonly nodes: Nodes;
};

/** In `sources` of a part, which are signed: not a record, but the zone's own. */
export const SOURCE_SOA = -2;
export const SOURCE_NS = -3;

/**
 * `name` in wire form, lower case. `steeredNames`, likewise, get nodes even without records, and are numbered as they come; so
 * do `nestedZones`, for what stands above another zone exists (RFC 8020), whether or not this one delegates it.
 */
export function draftZone(
  name: Uint8Array,
  parts: readonly RecordPart[],
  steeredNames: readonly Uint8Array[],
  nestedZones: readonly Uint8Array[],
  problems: Problem[],
): ZoneDraft {
  const records = joinParts(parts);
  const count = records.types.length;
  const owner = createFlatName();
  const hashes = createSuffixHashes();
  readName(owner, hashes, name);
  const draft: ZoneDraft = {
    name,
    labelCount: owner.labelCount,
    records,
    next: new Int32Array(count).fill(NONE),
    more: new Int32Array(count).fill(NONE),
    nodes: createNodes(count + steeredNames.length + nestedZones.length),
  };
  addNode(draft, owner, 0, hashes[0] ?? 0, NONE);
  addRrsets(draft, 0, problems);
  for (const [ordinal, steered] of steeredNames.entries()) {
    readName(owner, hashes, steered);
    draft.nodes.steered[nodeAt(draft, owner, hashes)] = ordinal;
  }
  for (const nested of nestedZones) {
    readName(owner, hashes, nested);
    nodeAt(draft, owner, hashes);
  }
  return draft;
}

/** The same names with further records at them: those of `part`, none of which is of a type that its name has already. */
export function extendDraft(draft: ZoneDraft, part: RecordPart): ZoneDraft {
  const before = draft.records.types.length;
  const records = joinParts([draft.records, part]);
  const count = records.types.length;
  const extended = { ...draft, records, next: lengthen(draft.next, count), more: lengthen(draft.more, count) };
  addRrsets(extended, before, []);
  return extended;
}

function lengthen(indices: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length).fill(NONE);
  longer.set(indices);
  return longer;
}

/** Puts the record sets from `first` on at their nodes. */
function addRrsets(draft: ZoneDraft, first: number, problems: Problem[]): void {
  const { name, records } = draft;
  const owner = createFlatName();
  const hashes = createSuffixHashes();
  const full = new Uint8Array(255);
  for (let rrset = first; rrset < records.types.length; rrset++) {
    const start = records.nameStarts[rrset] ?? 0;
    const length = (records.nameStarts[rrset + 1] ?? 0) - start;
    for (let at = 0; at < length; at++) full[at] = records.names[start + at] ?? 0;
    full.set(name, length);
    readName(owner, hashes, full);
    addRrset(draft, nodeAt(draft, owner, hashes), rrset, problems);
  }
}

function readName(name: FlatName, hashes: Int32Array, wire: Uint8Array): void {
  if (readFlatName(name, wire, 0, wire.length) < 0) throw new Error('a name that was read is no name');
  hashSuffixes(name, hashes);
}

/** The node of a name in the zone; new ones come with all nodes between them and the apex. */
function nodeAt(draft: ZoneDraft, name: FlatName, hashes: Int32Array): number {
  let label = 0;
  let node = findDraftNode(draft, name, label, hashes[label] ?? 0);
  // Ends at the apex at the latest.
  while (node === NONE) {
    label++;
    node = findDraftNode(draft, name, label, hashes[label] ?? 0);
  }
  while (label > 0) {
    label--;
    node = addNode(draft, name, label, hashes[label] ?? 0, node);
  }
  return node;
}

/** The node of the name's suffix from label `label` on, or NONE. The name must be in the zone. */
export function findDraftNode({ name: zone, nodes }: ZoneDraft, name: FlatName, label: number, hash: number): number {
  const { slots, hashes, text, textStarts, textLengths } = nodes;
  const mask = slots.length - 1;
  const start = name.labelStarts[label] ?? 0;
  const length = name.length - zone.length - start;
  for (let slot = firstSlot(hash, mask); ; slot = (slot + 1) & mask) {
    const node = (slots[slot] ?? 0) - 1;
    if (node < 0) return NONE;
    if (hashes[node] !== hash || textLengths[node] !== length) continue;
    const textStart = textStarts[node] ?? 0;
    let at = 0;
    while (at < length && text[textStart + at] === name.bytes[start + at]) at++;
    if (at === length) return node;
  }
}

const ASTERISK = 0x2a;

function addNode(draft: ZoneDraft, name: FlatName, label: number, hash: number, parent: number): number {
  const { nodes } = draft;
  const node = nodes.count++;
  const start = name.labelStarts[label] ?? 0;
  const length = name.length - draft.name.length - start;
  if (node === nodes.hashes.length || nodes.textEnd + length > nodes.text.length) growNodes(nodes);
  nodes.hashes[node] = hash;
  nodes.parents[node] = parent;
  nodes.textStarts[node] = nodes.textEnd;
  nodes.textLengths[node] = length;
  nodes.labelCounts[node] = name.labelCount - label - draft.labelCount;
  for (let at = 0; at < length; at++) nodes.text[nodes.textEnd++] = name.bytes[start + at] ?? 0;
  if (isWildcardNode(draft, node)) nodes.wildcards[parent] = node;
  enterSlot(nodes.slots, node, hash);
  return node;
}

/** What is stated of one name and type in several places is one RRset, which has one TTL (RFC 2181 section 5.2). */
function addRrset(draft: ZoneDraft, node: number, added: number, problems: Problem[]): void {
  const { records, next, more, nodes } = draft;
  const first = nodes.rrsets[node] ?? NONE;
  if (first === NONE) {
    nodes.rrsets[node] = added;
    return;
  }
  let last = first;
  for (let rrset = first; rrset !== NONE; rrset = next[rrset] ?? NONE) {
    if (records.types[rrset] !== records.types[added]) {
      last = rrset;
      continue;
    }
    if (records.ttls[rrset] !== records.ttls[added]) {
      const message = `${pathOf(draft, rrset)} gives this name and type a TTL of ${records.ttls[rrset]}: all its records have one TTL, write the same.`;
      problems.push({ path: `${pathOf(draft, added)}/ttl`, message });
    }
    let tail = rrset;
    while (more[tail] !== NONE) tail = more[tail] ?? NONE;
    more[tail] = added;
    return;
  }
  next[last] = added;
}

/** The RRset of `type` at `node`, or NONE. */
export function findDraftRrset({ nodes, next, records }: ZoneDraft, node: number, type: number): number {
  for (let rrset = nodes.rrsets[node] ?? NONE; rrset !== NONE; rrset = next[rrset] ?? NONE) {
    if (records.types[rrset] === type) return rrset;
  }
  return NONE;
}

/** The records of an RRset, from all places where it is stated; no two are the same. */
export function dataOf({ records, more }: ZoneDraft, rrset: number): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let part = rrset; part !== NONE; part = more[part] ?? NONE) {
    const end = records.dataStarts[part + 1] ?? 0;
    for (let at = records.dataStarts[part] ?? 0; at < end; ) {
      const length = ((records.data[at] ?? 0) << 8) | (records.data[at + 1] ?? 0);
      found.push(records.data.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  // Within one place there are none.
  return more[rrset] === NONE ? found : withoutDuplicates(records.types[rrset] ?? 0, found);
}

/** JSON pointer, relative to the zone, of where the record set is stated. */
export function pathOf({ records }: ZoneDraft, rrset: number): string {
  const source = records.sources[rrset] ?? 0;
  if (source === SOURCE_SOA) return '/soa';
  return source === SOURCE_NS ? '/ns' : `/records/${source}`;
}

/** For each node the delegation at or above it. The highest counts: what an occluded NS below it says is never seen. */
export function findCuts(draft: ZoneDraft): Int32Array {
  const { nodes } = draft;
  const cuts = new Int32Array(nodes.count).fill(NONE);
  for (let node = APEX + 1; node < nodes.count; node++) {
    const above = cuts[nodes.parents[node] ?? APEX] ?? NONE;
    const isCut = above === NONE && findDraftRrset(draft, node, TYPE_NS) !== NONE;
    cuts[node] = isCut ? node : above;
  }
  return cuts;
}

export function isWildcardNode({ nodes }: ZoneDraft, node: number): boolean {
  const start = nodes.textStarts[node] ?? 0;
  return (nodes.textLengths[node] ?? 0) > 0 && nodes.text[start] === 1 && nodes.text[start + 1] === ASTERISK;
}

/** The full name of a node, as people write it. */
export function nameOfNode(draft: ZoneDraft, node: number): string {
  return formatName(wireNameOfNode(draft, node));
}

/** In wire form, lower case. */
export function wireNameOfNode({ name, nodes }: ZoneDraft, node: number): Uint8Array {
  const start = nodes.textStarts[node] ?? 0;
  const length = nodes.textLengths[node] ?? 0;
  const wire = new Uint8Array(length + name.length);
  wire.set(nodes.text.subarray(start, start + length));
  wire.set(name, length);
  return wire;
}
