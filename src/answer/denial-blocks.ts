// Denials that were written before, as they stood in the message: an SOA, one or two NSEC records and their signatures, some
// 400 octets that are the same for every name that the same NSECs deny. To write them once more is to copy them, and to put
// right where compression pointers lead: owners end in a pointer to the zone's name, which stands elsewhere in each question, or are
// one to an owner within the block; data has none.
//
//   zone, NSEC, NSEC → | ↑zone SOA … | ↑zone RRSIG … | a.b ↑zone NSEC … | ↑block RRSIG … |
//
// A block is kept when it is wanted for the second time, so that names that are asked for once cost nothing more.

import { NONE, type Snapshot } from '../snapshot/snapshot.ts';
import type { Response } from '../wire/response.ts';

export type DenialBlocks = {
  /** What the blocks were written from; with another one, nothing is known. */
  snapshot: Snapshot | undefined;
  /** Per slot: zone + 1 and two nodes; all 0: empty. */
  readonly keys: Int32Array;
  /** Per slot: octets, or 0 while it was wanted once; and records. */
  readonly lengths: Int32Array;
  readonly counts: Int32Array;
  /** Per slot and pointer: where in the block it stands, and where it leads to in the block, or NONE for the zone. A place of NONE ends them. */
  readonly pointers: Int32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Memory of the response that was written last. */
  out: Uint8Array;
  outView: DataView;
};

/** A few hundred thousand octets a thread: the denials of the names that are asked for most. */
const SLOTS = 512;
const SLOT_BYTES = 1024;
const KEY_WORDS = 3;
const MAX_POINTERS = 12;
const POINTER_WORDS = 2 * (MAX_POINTERS + 1);

export function createDenialBlocks(): DenialBlocks {
  const bytes = new Uint8Array(SLOTS * SLOT_BYTES);
  const out = new Uint8Array(0);
  return {
    snapshot: undefined,
    keys: new Int32Array(KEY_WORDS * SLOTS),
    lengths: new Int32Array(SLOTS),
    counts: new Int32Array(SLOTS),
    pointers: new Int32Array(POINTER_WORDS * SLOTS),
    bytes,
    view: new DataView(bytes.buffer),
    out,
    outView: new DataView(out.buffer),
  };
}

/**
 * The slot for the denial by these NSECs of a zone, or NONE, with a note of it, where it is wanted for the first time. `second`:
 * NONE where one is enough.
 */
export function findBlock(
  blocks: DenialBlocks,
  snapshot: Snapshot,
  zone: number,
  first: number,
  second: number,
): number {
  if (blocks.snapshot !== snapshot) {
    blocks.keys.fill(0);
    blocks.snapshot = snapshot;
  }
  const { keys } = blocks;
  const slot =
    (Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b) ^ Math.imul(zone, 0xc2b2ae35)) >>> SLOT_SHIFT;
  const at = KEY_WORDS * slot;
  if (keys[at] === zone + 1 && keys[at + 1] === first && keys[at + 2] === second) return slot;
  keys[at] = zone + 1;
  keys[at + 1] = first;
  keys[at + 2] = second;
  blocks.lengths[slot] = 0;
  return NONE;
}

/** 32 bits less those of a slot. */
const SLOT_SHIFT = 23;

/** Writes the block of the slot, if it is there and has room. `zoneOffset`: where in the message the zone's name stands. */
export function writeBlock(blocks: DenialBlocks, slot: number, response: Response, zoneOffset: number): boolean {
  const length = blocks.lengths[slot] ?? 0;
  const start = response.at;
  if (length === 0 || start + length > response.limit) return false;
  if (blocks.out !== response.bytes) {
    const { buffer, byteOffset, byteLength } = response.bytes;
    blocks.out = response.bytes;
    blocks.outView = new DataView(buffer, byteOffset, byteLength);
  }
  copyView(blocks.outView, start, blocks.view, slot * SLOT_BYTES, length);
  const { pointers } = blocks;
  const blockOffset = start - response.start;
  for (let at = slot * POINTER_WORDS; ; at += 2) {
    const place = pointers[at] ?? NONE;
    if (place === NONE) break;
    const within = pointers[at + 1] ?? NONE;
    const target = within === NONE ? zoneOffset : blockOffset + within;
    blocks.outView.setUint16(start + place, 0xc000 | target);
  }
  response.at = start + length;
  response.authorities += blocks.counts[slot] ?? 0;
  return true;
}

/** Eight octets at a time: a third of what one at a time takes. */
function copyView(to: DataView, at: number, from: DataView, start: number, length: number): void {
  let done = 0;
  for (; done + 8 <= length; done += 8) to.setBigInt64(at + done, from.getBigInt64(start + done));
  for (; done < length; done++) to.setUint8(at + done, from.getUint8(start + done));
}

/** Keeps what was written from `start` on, `count` records, as the block of the slot. */
export function keepBlock(blocks: DenialBlocks, slot: number, response: Response, start: number, count: number): void {
  const length = response.at - start;
  if (length > SLOT_BYTES || !notePointers(blocks, slot, response, start)) return;
  for (let at = 0; at < length; at++) blocks.bytes[slot * SLOT_BYTES + at] = response.bytes[start + at] ?? 0;
  blocks.counts[slot] = count;
  blocks.lengths[slot] = length;
}

/** Goes through the records; false where there are more pointers than a slot has room for. */
function notePointers({ pointers }: DenialBlocks, slot: number, response: Response, start: number): boolean {
  const { bytes } = response;
  const first = slot * POINTER_WORDS;
  let noted = 0;
  for (let at = start; at < response.at; ) {
    while ((bytes[at] ?? 0) < POINTER && bytes[at] !== 0) at += 1 + (bytes[at] ?? 0);
    // Each owner ends in a pointer, for the name of the zone stands in the question.
    if ((bytes[at] ?? 0) < POINTER || noted === MAX_POINTERS) return false;
    const target = (((bytes[at] ?? 0) & 0x3f) << 8) | (bytes[at + 1] ?? 0);
    const within = target - (start - response.start);
    pointers[first + 2 * noted] = at - start;
    pointers[first + 2 * noted + 1] = within < 0 ? NONE : within;
    noted++;
    at += RECORD_HEAD + (((bytes[at + RECORD_HEAD - 2] ?? 0) << 8) | (bytes[at + RECORD_HEAD - 1] ?? 0));
  }
  pointers[first + 2 * noted] = NONE;
  return true;
}

const POINTER = 0xc0;
/** A pointer, type, class, TTL, length. */
const RECORD_HEAD = 12;
