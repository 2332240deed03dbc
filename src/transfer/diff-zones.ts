// What changed in a zone from one snapshot to the next, as its secondaries see it: found by looking each name of one image up
// in the other. A generator, which gives its caller the processor back every few thousand names: a zone may have a million.

import { NONE } from '../snapshot/snapshot.ts';
import { APEX_NODE, findNode, nextNode, steeredOf, type ZoneImage } from '../snapshot/zone-image.ts';
import { createFlatName, type FlatName } from '../wire/flat-name.ts';
import { createSuffixHashes, hashSuffixes } from '../wire/name-hash.ts';
import { createPacker, finishPacking, packRecord, type RecordPacker } from './packed-records.ts';
import type { TransferSet } from './transfer-set.ts';
import { listSets, ownerOf, recordsOfSet, soaOf, type ZoneView } from './zone-records.ts';

export type ZoneChange = {
  /** The SOAs, with the serials that the images have: see ZoneImage. */
  readonly soaBefore: TransferSet;
  readonly soaAfter: TransferSet;
  /** As packed-records.ts has them. */
  readonly deletions: Uint8Array;
  readonly additions: Uint8Array;
};

const NODES_PER_TURN = 2048;

/** Returns what changed, undefined where nothing did, or `too-large` where it takes more than `maxBytes` to say. */
export function* diffZones(
  before: ZoneView,
  after: ZoneView,
  maxBytes: number,
): Generator<void, ZoneChange | 'too-large' | undefined> {
  const deletions = createPacker();
  const additions = createPacker();
  const isSameImage = yield* compareImages(before.image, after.image);
  const size = () => deletions.length + additions.length;
  let turn = 0;
  for (let node = APEX_NODE; node !== NONE; node = nextNode(after.image, node)) {
    if (++turn % NODES_PER_TURN === 0) yield;
    // Of an image that was kept, nothing can be different but what its steered names are.
    if (isSameImage && steeredOf(after.image, node) === NONE) continue;
    const old = isSameImage ? node : findSameNode(after.image, node, before.image);
    diffSets(before, old, after, node, deletions, additions);
    if (size() > maxBytes) return 'too-large';
  }
  for (let node = isSameImage ? NONE : APEX_NODE; node !== NONE; node = nextNode(before.image, node)) {
    if (++turn % NODES_PER_TURN === 0) yield;
    if (findSameNode(before.image, node, after.image) !== NONE) continue;
    diffSets(before, node, after, NONE, deletions, additions);
    if (size() > maxBytes) return 'too-large';
  }
  const soaBefore = soaOf(before, undefined);
  const soaAfter = soaOf(after, undefined);
  if (size() === 0 && isSameSet(soaBefore, soaAfter)) return undefined;
  return { soaBefore, soaAfter, deletions: finishPacking(deletions), additions: finishPacking(additions) };
}

/** An image that was kept comes with every snapshot as another object over the same memory. */
function* compareImages({ words: a }: ZoneImage, { words: b }: ZoneImage): Generator<void, boolean> {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
    if (index % WORDS_PER_TURN === WORDS_PER_TURN - 1) yield;
  }
  return true;
}

const WORDS_PER_TURN = 1 << 20;

const name = createFlatName();
const hashes = createSuffixHashes();

function findSameNode(image: ZoneImage, node: number, other: ZoneImage): number {
  readNodeName(name, image, node);
  hashSuffixes(name, hashes);
  return findNode(other, name, 0, hashes[0] ?? 0);
}

/** The whole name of the node: names of images are in lower case. */
function readNodeName(flat: FlatName, image: ZoneImage, node: number): void {
  const { owner, ownerStart, ownerLength } = ownerOf(image, node);
  flat.bytes.set(owner.subarray(ownerStart, ownerStart + ownerLength));
  flat.bytes.set(image.name, ownerLength);
  flat.length = ownerLength + image.name.length;
  let labels = 0;
  for (let at = 0; ; at += 1 + (flat.bytes[at] ?? 0)) {
    flat.labelStarts[labels] = at;
    if (flat.bytes[at] === 0) break;
    labels++;
  }
  flat.labelCount = labels;
}

/** `NONE` for a node that one side does not have. */
function diffSets(
  before: ZoneView,
  oldNode: number,
  after: ZoneView,
  newNode: number,
  deletions: RecordPacker,
  additions: RecordPacker,
): void {
  const old = oldNode === NONE ? NO_SETS : listSets(before, oldNode);
  const fresh = newNode === NONE ? NO_SETS : listSets(after, newNode);
  const owner = newNode === NONE ? ownerOf(before.image, oldNode) : ownerOf(after.image, newNode);
  for (const set of old) packMissing(set, findSet(fresh, set.type), owner, deletions);
  for (const set of fresh) packMissing(set, findSet(old, set.type), owner, additions);
}

const NO_SETS: readonly TransferSet[] = [];

function findSet(sets: readonly TransferSet[], type: number): TransferSet | undefined {
  return sets.find((set) => set.type === type);
}

/** Packs the records of `set` that `other` lacks: all of them where their TTLs differ, for that is part of each record. */
function packMissing(
  set: TransferSet,
  other: TransferSet | undefined,
  owner: ReturnType<typeof ownerOf>,
  packer: RecordPacker,
): void {
  if (other !== undefined && isSameSet(set, other)) return;
  const known = new Set<string>();
  if (other?.ttlSeconds === set.ttlSeconds) {
    for (const { data, dataStart, dataLength } of recordsOfSet(other)) {
      known.add(data.subarray(dataStart, dataStart + dataLength).join());
    }
  }
  for (const record of recordsOfSet(set, owner)) {
    const { data, dataStart, dataLength } = record;
    if (!known.has(data.subarray(dataStart, dataStart + dataLength).join())) packRecord(packer, record);
  }
}

function isSameSet(a: TransferSet, b: TransferSet): boolean {
  if (a.ttlSeconds !== b.ttlSeconds || a.count !== b.count) return false;
  if (a.data === b.data && a.start === b.start) return true;
  let at = 0;
  for (let index = 0; index < a.count; index++) {
    const length = 2 + (((a.data[a.start + at] ?? 0) << 8) | (a.data[a.start + at + 1] ?? 0));
    for (const end = at + length; at < end; at++) if (a.data[a.start + at] !== b.data[b.start + at]) return false;
  }
  return true;
}
