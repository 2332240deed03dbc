// The image of a zone: all that it holds, in two blocks of shared memory, which does not depend on any other zone, on the
// revision (where that gives the serial of its SOA, it is put in by whoever answers) nor on how services are numbered. So it is kept while other things change.
//
// A name is one piece of memory with everything that an answer needs of it, for in a zone of a million names every other
// place that is looked at is a wait for memory. A search reads one line of the table, and the node, one or two lines:
//
//   slots   hash | node + 1         open addressing, linear probing; 0: empty
//
//   node    rrsets 16 | labels 8 | bytes of the name 8      labels and name without the zone's own
//           which of the zone's steered names it is         NONE: none
//           the delegation at or above it                   NONE: none
//           its child `*`                                   NONE: none
//           the name …                                      in whole words
//           rrset …                                         four words each
//           targets …, data …
//
//   rrset   type 16 | records 16
//           ttl
//           where its data begins (a byte)                  records one behind another, each with its length in two bytes
//           where its targets begin (a word), or 0          how many, then where the name of each begins (a byte)
//
// Nodes and RRsets are known by the word at which they begin; the apex is node 0.

import type { FlatName } from '../wire/flat-name.ts';
import { firstSlot } from '../wire/name-hash.ts';
import { NONE } from '../zone/draft-nodes.ts';
import { sharedInt32 } from './shared-array.ts';
import type { ZoneSigning } from './zone-signing.ts';

export type ZoneImage = {
  readonly slots: Int32Array;
  /** The same memory twice: nodes as words, and as bytes. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Wire form, lower case. */
  readonly name: Uint8Array;
  readonly labelCount: number;
  /** Labels below the apex of the deepest name. */
  readonly depth: number;
  readonly soaRrset: number;
  /** RFC 2308 section 5: the lesser of the SOA's own TTL and its last field. */
  readonly negativeTtlSeconds: number;
  /** Undefined where the zone is not signed. */
  readonly signing: ZoneSigning | undefined;
  /** The serial of its SOA is that of the server it was copied from, and stands in the image. */
  readonly hasOwnSerial: boolean;
  /** What it holds is not known (any more), but for its steered names: nothing was copied yet, or that has expired. */
  readonly isWithheld: boolean;
};

export const APEX_NODE = 0;
export const NODE_WORDS = 4;
export const RRSET_WORDS = 4;
/** Words of a slot: an even one holds the hash, the odd one behind it the node. */
export const SLOT_WORDS = 2;

/** What no name is in. */
export const EMPTY_IMAGE: ZoneImage = {
  slots: sharedInt32(SLOT_WORDS),
  words: sharedInt32(0),
  bytes: new Uint8Array(new SharedArrayBuffer(0)),
  name: new Uint8Array(new SharedArrayBuffer(0)),
  labelCount: 0,
  depth: 0,
  soaRrset: NONE,
  negativeTtlSeconds: 0,
  signing: undefined,
  hasOwnSerial: false,
  isWithheld: false,
};

/** The node of the name's suffix that begins at label `label`, or NONE. The name must be in the zone. */
export function findNode(image: ZoneImage, name: FlatName, label: number, hash: number): number {
  const { slots, words, bytes } = image;
  const mask = (slots.length >>> 1) - 1;
  const start = name.labelStarts[label] ?? 0;
  const length = name.length - image.name.length - start;
  // At most half of the slots are taken, so an empty one ends every search.
  for (let slot = firstSlot(hash, mask); ; slot = (slot + 1) & mask) {
    const node = (slots[2 * slot + 1] ?? 0) - 1;
    if (node < 0) return NONE;
    if (slots[2 * slot] !== hash || ((words[node] ?? 0) & 0xff) !== length) continue;
    if (sameBytes(bytes, 4 * (node + NODE_WORDS), name.bytes, start, length)) return node;
  }
}

function sameBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (a[aStart + index] !== b[bStart + index]) return false;
  }
  return true;
}

/** The RRset of `type` at `node`, or NONE: nodes have few, so they are looked through. */
export function findRrset(image: ZoneImage, node: number, type: number): number {
  const { words } = image;
  let rrset = firstRrsetOf(image, node);
  const end = rrset + RRSET_WORDS * rrsetCountOf(image, node);
  for (; rrset < end; rrset += RRSET_WORDS) if ((words[rrset] ?? 0) >>> 16 === type) return rrset;
  return NONE;
}

/** The first of the RRsets of a node; the others follow it, RRSET_WORDS apart. */
export function firstRrsetOf({ words }: ZoneImage, node: number): number {
  return node + NODE_WORDS + ((((words[node] ?? 0) & 0xff) + 3) >>> 2);
}

export function rrsetCountOf({ words }: ZoneImage, node: number): number {
  return (words[node] ?? 0) >>> 16;
}

/** Words that the node's name takes, between its first four words and its RRsets. */
export function wordsOfNodeName({ words }: ZoneImage, node: number): number {
  return (((words[node] ?? 0) & 0xff) + 3) >>> 2;
}

/** The node behind this one in memory, or NONE behind the last: nodes stand one behind another, the data of the last RRset last. */
export function nextNode(image: ZoneImage, node: number): number {
  const { words, bytes } = image;
  const count = rrsetCountOf(image, node);
  let end = node + NODE_WORDS + wordsOfNodeName(image, node);
  if (count > 0) {
    const rrset = end + RRSET_WORDS * (count - 1);
    let at = dataStartOf(image, rrset);
    for (let record = recordCountOf(image, rrset); record > 0; record--) {
      at += 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
    }
    end = (at + 3) >>> 2;
  }
  return end < words.length ? end : NONE;
}

/** Labels of the whole name of a node. */
export function labelCountOf({ words, labelCount }: ZoneImage, node: number): number {
  return labelCount + (((words[node] ?? 0) >>> 8) & 0xff);
}

/** The whole name of a node, in wire form, as fresh bytes: not for the answer path. */
export function wireNameOf({ words, bytes, name }: ZoneImage, node: number): Uint8Array {
  const length = (words[node] ?? 0) & 0xff;
  const start = 4 * (node + NODE_WORDS);
  const wire = new Uint8Array(length + name.length);
  wire.set(bytes.subarray(start, start + length));
  wire.set(name, length);
  return wire;
}

/** The position of the node's name among the zone's steered names, or NONE. */
export function steeredOf({ words }: ZoneImage, node: number): number {
  return words[node + 1] ?? NONE;
}

/** The delegation at or above the node and below the apex, or NONE. */
export function cutOf({ words }: ZoneImage, node: number): number {
  return words[node + 2] ?? NONE;
}

/** The node's child `*`, or NONE. */
export function wildcardOf({ words }: ZoneImage, node: number): number {
  return words[node + 3] ?? NONE;
}

export function typeOf({ words }: ZoneImage, rrset: number): number {
  return (words[rrset] ?? 0) >>> 16;
}

export function recordCountOf({ words }: ZoneImage, rrset: number): number {
  return (words[rrset] ?? 0) & 0xffff;
}

export function ttlOf({ words }: ZoneImage, rrset: number): number {
  return words[rrset + 1] ?? 0;
}

/** Where in `bytes` the records begin. */
export function dataStartOf({ words }: ZoneImage, rrset: number): number {
  return words[rrset + 2] ?? 0;
}

/** Where in `words` the targets stand: how many, then where in `bytes` each begins; 0: it has none. */
export function targetsOf({ words }: ZoneImage, rrset: number): number {
  return words[rrset + 3] ?? 0;
}

/** Data of the records of an RRset, where they stand, as a list: not for the answer path. */
export function listRecords(image: ZoneImage, rrset: number): readonly Uint8Array[] {
  if (rrset === NONE) return [];
  const { bytes } = image;
  const records: Uint8Array[] = [];
  let at = dataStartOf(image, rrset);
  for (let record = recordCountOf(image, rrset); record > 0; record--) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    records.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return records;
}
