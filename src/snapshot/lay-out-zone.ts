// Lays the draft of a zone out as its image, in two passes over its nodes: how much memory each takes, then what is in it.

import { lowerCaseName } from '../wire/name.ts';
import { firstSlot, slotCountFor } from '../wire/name-hash.ts';
import { additionalNameOf } from '../wire/record-data.ts';
import {
  TYPE_AFSDB,
  TYPE_HTTPS,
  TYPE_KX,
  TYPE_MX,
  TYPE_NAPTR,
  TYPE_NS,
  TYPE_RT,
  TYPE_SOA,
  TYPE_SRV,
  TYPE_SVCB,
} from '../wire/record-types.ts';
import { NONE } from '../zone/draft-nodes.ts';
import { dataOf, findCuts, type ZoneDraft } from '../zone/draft-zone.ts';
import { sharedInt32, sharedInt32From, sharedUint8From } from './shared-array.ts';
import { APEX_NODE, dataStartOf, findRrset, NODE_WORDS, RRSET_WORDS, ttlOf, type ZoneImage } from './zone-image.ts';
import type { ZoneSigning } from './zone-signing.ts';

/** What is said of a zone's signing, by the nodes of the draft. */
export type DraftSigning = Omit<ZoneSigning, 'chain'> & { readonly chain: readonly number[] };

/** What is said of a zone beside its content: see ZoneImage. */
export type Standing = Pick<ZoneImage, 'hasOwnSerial' | 'isWithheld'>;
const OUR_OWN: Standing = { hasOwnSerial: false, isWithheld: false };

export function layOutZone(draft: ZoneDraft, signing?: DraftSigning, standing = OUR_OWN): ZoneImage {
  const { nodes } = draft;
  const starts = measureNodes(draft);
  const words = sharedInt32(starts[nodes.count] ?? 0);
  const bytes = new Uint8Array(words.buffer);
  const slots = sharedInt32(2 * slotCountFor(nodes.count));
  const cuts = findCuts(draft);
  let depth = 0;
  for (let node = 0; node < nodes.count; node++) {
    const at = starts[node] ?? 0;
    depth = Math.max(depth, nodes.labelCounts[node] ?? 0);
    words[at + 1] = nodes.steered[node] ?? NONE;
    words[at + 2] = startOf(starts, cuts[node] ?? NONE);
    words[at + 3] = startOf(starts, nodes.wildcards[node] ?? NONE);
    writeNode(draft, node, at, words, bytes);
    enterSlot(slots, at, nodes.hashes[node] ?? 0);
  }
  const name = sharedUint8From(draft.name);
  const image = {
    slots,
    words,
    bytes,
    name,
    labelCount: draft.labelCount,
    depth,
    soaRrset: NONE,
    negativeTtlSeconds: 0,
    ...standing,
    signing: signing && { ...signing, chain: sharedInt32From(signing.chain.map((node) => startOf(starts, node))) },
  };
  const withSoa = { ...image, soaRrset: findRrset(image, APEX_NODE, TYPE_SOA) };
  return { ...withSoa, negativeTtlSeconds: negativeTtl(withSoa) };
}

function startOf(starts: Int32Array, node: number): number {
  return node === NONE ? NONE : (starts[node] ?? NONE);
}

/** The word at which each node begins, and behind the last one the end. */
function measureNodes(draft: ZoneDraft): Int32Array {
  const { nodes, next } = draft;
  const starts = new Int32Array(nodes.count + 1);
  let at = 0;
  for (let node = 0; node < nodes.count; node++) {
    starts[node] = at;
    at += NODE_WORDS + wordsFor(nodes.textLengths[node] ?? 0);
    for (let rrset = nodes.rrsets[node] ?? NONE; rrset !== NONE; rrset = next[rrset] ?? NONE) {
      at += RRSET_WORDS + targetWords(listTargets(draft, rrset)) + wordsFor(measureData(draft, rrset));
    }
  }
  starts[nodes.count] = at;
  return starts;
}

function wordsFor(bytes: number): number {
  return (bytes + 3) >>> 2;
}

function targetWords(targets: readonly number[]): number {
  return targets.length === 0 ? 0 : 1 + targets.length;
}

function measureData(draft: ZoneDraft, rrset: number): number {
  const { dataStarts } = draft.records;
  if (draft.more[rrset] === NONE) return (dataStarts[rrset + 1] ?? 0) - (dataStarts[rrset] ?? 0);
  return dataOf(draft, rrset).reduce((bytes, { length }) => bytes + 2 + length, 0);
}

/** The name, the RRsets, and behind them for each its targets and its data. */
function writeNode(draft: ZoneDraft, node: number, start: number, words: Int32Array, bytes: Uint8Array): void {
  const { nodes, next, records } = draft;
  const textStart = nodes.textStarts[node] ?? 0;
  const textLength = nodes.textLengths[node] ?? 0;
  copyBytes(bytes, 4 * (start + NODE_WORDS), nodes.text, textStart, textLength);
  const first = start + NODE_WORDS + wordsFor(textLength);
  const count = countRrsets(draft, node);
  words[start] = (count << 16) | ((nodes.labelCounts[node] ?? 0) << 8) | textLength;
  let at = first;
  let behind = first + RRSET_WORDS * count;
  for (let rrset = nodes.rrsets[node] ?? NONE; rrset !== NONE; rrset = next[rrset] ?? NONE) {
    const targets = listTargets(draft, rrset);
    const dataAt = 4 * (behind + targetWords(targets));
    words[at] = ((records.types[rrset] ?? 0) << 16) | countRecords(draft, rrset);
    words[at + 1] = records.ttls[rrset] ?? 0;
    words[at + 2] = dataAt;
    if (targets.length > 0) {
      words[at + 3] = behind;
      words[behind] = targets.length;
      for (const [index, offset] of targets.entries()) words[behind + 1 + index] = dataAt + offset;
    }
    behind = dataAt / 4 + wordsFor(writeData(draft, rrset, bytes, dataAt));
    at += RRSET_WORDS;
  }
}

function countRrsets({ nodes, next }: ZoneDraft, node: number): number {
  let count = 0;
  for (let rrset = nodes.rrsets[node] ?? NONE; rrset !== NONE; rrset = next[rrset] ?? NONE) count++;
  return count;
}

function countRecords(draft: ZoneDraft, rrset: number): number {
  return draft.more[rrset] === NONE ? (draft.records.recordCounts[rrset] ?? 0) : dataOf(draft, rrset).length;
}

/** Returns how many bytes were written. Most RRsets are stated in one place, as they are to be written. */
function writeData(draft: ZoneDraft, rrset: number, bytes: Uint8Array, start: number): number {
  const { data, dataStarts } = draft.records;
  if (draft.more[rrset] === NONE) {
    const from = dataStarts[rrset] ?? 0;
    const length = (dataStarts[rrset + 1] ?? 0) - from;
    copyBytes(bytes, start, data, from, length);
    return length;
  }
  let at = start;
  for (const record of dataOf(draft, rrset)) {
    bytes[at] = record.length >>> 8;
    bytes[at + 1] = record.length;
    bytes.set(record, at + 2);
    at += 2 + record.length;
  }
  return at - start;
}

function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): void {
  for (let index = 0; index < length; index++) to[at + index] = from[start + index] ?? 0;
}

const NO_TARGETS: readonly number[] = [];

/** Where in an RRset's data the distinct names stand whose addresses go with it. */
function listTargets(draft: ZoneDraft, rrset: number): readonly number[] {
  if (!TYPES_WITH_TARGETS.has(draft.records.types[rrset] ?? 0)) return NO_TARGETS;
  const offsets = new Map<string, number>();
  let at = 0;
  for (const record of dataOf(draft, rrset)) {
    const target = additionalNameOf(draft.records.types[rrset] ?? 0, record);
    if (target !== undefined) {
      const key = lowerCaseName(target).join();
      if (!offsets.has(key)) offsets.set(key, at + 2 + target.byteOffset - record.byteOffset);
    }
    at += 2 + record.length;
  }
  return [...offsets.values()];
}

const TYPES_WITH_TARGETS: ReadonlySet<number> = new Set([
  ...[TYPE_NS, TYPE_MX, TYPE_SRV, TYPE_AFSDB, TYPE_RT, TYPE_KX, TYPE_NAPTR, TYPE_SVCB, TYPE_HTTPS],
]);

function enterSlot(slots: Int32Array, node: number, hash: number): void {
  const mask = (slots.length >>> 1) - 1;
  let slot = firstSlot(hash, mask);
  while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  slots[2 * slot] = hash;
  slots[2 * slot + 1] = node + 1;
}

function negativeTtl(image: ZoneImage): number {
  const { soaRrset, bytes } = image;
  const start = dataStartOf(image, soaRrset);
  const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  const minimum = new DataView(bytes.buffer).getUint32(start + 2 + length - 4);
  return Math.min(ttlOf(image, soaRrset), minimum);
}
