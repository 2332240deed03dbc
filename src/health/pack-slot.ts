// Slots, deltas and removals as bytes: what a worker writes to the store each heartbeat and what every node reads. All
// numbers are big-endian, all texts UTF-8. Unpacking takes any bytes whatever and yields undefined rather than throwing.
//
//    0     1     2          10         18
//   | 'A' | 4   | epoch    | sequence | vantage | worker |  then, by kind:
//   | magic, kind | two 53-bit integers | texts, 1 byte of length each
//
//   slot      count (4 bytes), then that many votes
//   delta     the same for what changed, then count (4 bytes) and the targets that were removed
//   removal   nothing more
//
// and at the end of each the seal: 0 where there is none, else 1, the public key (32 bytes) and the signature (64 bytes) of
// the same message with a 0 in its place.
//
//   vote      | target length (14 bits) and vote (2 bits) | target | share (1 byte, 0 to 100) | reason length (1 byte) | reason |
//   target    | target length (2 bytes) | target |
//
// The kind doubles as the version of the format: another format is another set of kinds. Kinds 1 to 3 were votes without a
// share; they are not understood any more, nor are these by whoever knew those: each takes the other for silent.

import { PUBLIC_KEY_BYTES, packPublicKey, SIGNATURE_BYTES, unpackPublicKey } from './pack-key.ts';
import type { Seal, Slot, SlotDelta, SlotRemoval, SlotVersion, TargetVote, Vote } from './slot.ts';

/** How many votes, or removed targets, one message may carry. */
export const PACKED_VOTE_LIMIT = 200_000;

/** Reasons are for people: longer ones are cut at a whole character. */
export const REASON_LIMIT_BYTES = 120;

/** The longest target, vantage id and worker name. */
export const TARGET_LIMIT_BYTES = 0x3fff;
export const NAME_LIMIT_BYTES = 0xff;

const MAGIC = 0x41;
const SLOT_KIND = 4;
const DELTA_KIND = 5;
const REMOVAL_KIND = 6;
const VOTES: readonly Vote[] = ['up', 'down', 'suspect', 'abstain'];
const WHOLE_SHARE = 100;
const HIGH_WORD = 2 ** 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What came over the channel of deltas. */
export type SlotMessage =
  | { readonly kind: 'delta'; readonly delta: SlotDelta }
  | { readonly kind: 'removal'; readonly last: SlotRemoval };

/** What is signed. */
export type SealedMessage = Slot | SlotDelta | SlotRemoval;

/** The bytes that a seal of `message` signs. Their kind is among them: a delta never stands for a slot. */
export function sealedBytes({ seal: _, ...message }: SealedMessage): Uint8Array {
  if ('votes' in message) return packSlot(message);
  return 'changed' in message ? packSlotDelta(message) : packSlotRemoval(message);
}

/**
 * @throws RangeError for names, targets and shares beyond their limits, or more votes than PACKED_VOTE_LIMIT: bugs of the
 * caller.
 */
export function packSlot(slot: Slot): Uint8Array {
  const writer = startPacking(SLOT_KIND, slot, slot.votes, []);
  writeVotes(writer, slot.votes);
  writeSeal(writer, slot.seal);
  return writer.bytes.slice(0, writer.at);
}

/** @throws RangeError like `packSlot`. */
export function packSlotDelta(delta: SlotDelta): Uint8Array {
  const writer = startPacking(DELTA_KIND, delta, delta.changed, delta.removed);
  writeVotes(writer, delta.changed);
  writeCount(writer, delta.removed.length);
  for (const target of delta.removed) writeTarget(writer, target, 0, 0);
  writeSeal(writer, delta.seal);
  return writer.bytes.slice(0, writer.at);
}

/** Says that the worker left in order, and what its last version was. @throws RangeError like `packSlot`. */
export function packSlotRemoval(last: SlotRemoval): Uint8Array {
  const writer = startPacking(REMOVAL_KIND, last, [], []);
  writeSeal(writer, last.seal);
  return writer.bytes.slice(0, writer.at);
}

/** Inverse of `packSlot`, reasons cut and shares of 100 left out; undefined for any other bytes. */
export function unpackSlot(bytes: Uint8Array): Slot | undefined {
  const reader: Reader = { bytes, view: viewOf(bytes), at: 0, failed: false };
  if (readHead(reader) !== SLOT_KIND) return undefined;
  const slot: Slot = { ...readVersion(reader), votes: readVotes(reader), ...readSeal(reader) };
  return isWhole(reader) ? slot : undefined;
}

/** Inverse of `packSlotDelta` and `packSlotRemoval`; undefined for any other bytes. */
export function unpackSlotMessage(bytes: Uint8Array): SlotMessage | undefined {
  const reader: Reader = { bytes, view: viewOf(bytes), at: 0, failed: false };
  const kind = readHead(reader);
  if (kind !== DELTA_KIND && kind !== REMOVAL_KIND) return undefined;
  const version = readVersion(reader);
  const message: SlotMessage =
    kind === REMOVAL_KIND
      ? { kind: 'removal', last: { ...version, ...readSeal(reader) } }
      : {
          kind: 'delta',
          delta: {
            ...version,
            changed: readVotes(reader),
            removed: readTargets(reader),
            ...readSeal(reader),
          },
        };
  return isWhole(reader) ? message : undefined;
}

type Writer = { readonly bytes: Uint8Array; readonly view: DataView; at: number };

/** A writer with room for the worst case (3 bytes of UTF-8 per UTF-16 unit), and the head written. */
function startPacking(
  kind: number,
  version: SlotVersion,
  votes: readonly TargetVote[],
  targets: readonly string[],
): Writer {
  let room = 32 + PUBLIC_KEY_BYTES + SIGNATURE_BYTES + 3 * (version.vantage.length + version.worker.length);
  for (const { target, reason } of votes) room += 7 + 3 * (target.length + reason.length);
  for (const target of targets) room += 2 + 3 * target.length;
  const bytes = new Uint8Array(room);
  const writer: Writer = { bytes, view: viewOf(bytes), at: 0 };
  writer.bytes[writer.at++] = MAGIC;
  writer.bytes[writer.at++] = kind;
  writeInteger(writer, version.epoch);
  writeInteger(writer, version.sequence);
  writeName(writer, version.vantage);
  writeName(writer, version.worker);
  return writer;
}

function writeInteger(writer: Writer, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no epoch or sequence`);
  writer.view.setUint32(writer.at, Math.floor(value / HIGH_WORD));
  writer.view.setUint32(writer.at + 4, value % HIGH_WORD);
  writer.at += 8;
}

function writeCount(writer: Writer, count: number): void {
  if (count > PACKED_VOTE_LIMIT) throw new RangeError(`${count} votes are more than a slot holds`);
  writer.view.setUint32(writer.at, count);
  writer.at += 4;
}

function writeName(writer: Writer, name: string): void {
  const length = writeText(writer, name, 1);
  if (length > NAME_LIMIT_BYTES) throw new RangeError(`the name ${name} is longer than ${NAME_LIMIT_BYTES} bytes`);
  writer.bytes[writer.at - length - 1] = length;
}

function writeVotes(writer: Writer, votes: readonly TargetVote[]): void {
  writeCount(writer, votes.length);
  for (const { target, vote, reason, share } of votes) {
    writeTarget(writer, target, 2, VOTES.indexOf(vote));
    writeShare(writer, share ?? WHOLE_SHARE);
    writeReason(writer, reason);
  }
}

function writeShare(writer: Writer, share: number): void {
  if (!Number.isInteger(share) || share < 0 || share > WHOLE_SHARE) throw new RangeError(`${share} is no share`);
  writer.bytes[writer.at++] = share;
}

function writeTarget(writer: Writer, target: string, shift: number, lowBits: number): void {
  const length = writeText(writer, target, 2);
  if (length > TARGET_LIMIT_BYTES) throw new RangeError(`the target ${target.slice(0, 80)}… is too long`);
  writer.view.setUint16(writer.at - length - 2, (length << shift) | lowBits);
}

function writeSeal(writer: Writer, seal: Seal | undefined): void {
  writer.bytes[writer.at++] = seal === undefined ? 0 : 1;
  if (seal === undefined) return;
  const key = packPublicKey(seal.publicKey);
  if (key === undefined || seal.signature.length !== SIGNATURE_BYTES) throw new RangeError('no seal of Ed25519');
  writer.bytes.set(key, writer.at);
  writer.bytes.set(seal.signature, writer.at + PUBLIC_KEY_BYTES);
  writer.at += PUBLIC_KEY_BYTES + SIGNATURE_BYTES;
}

function writeReason(writer: Writer, reason: string): void {
  const whole = writeText(writer, reason, 1);
  const start = writer.at - whole;
  const length = Math.min(whole, cutLength(writer.bytes, start, whole));
  writer.bytes[start - 1] = length;
  writer.at = start + length;
}

/** The greatest length up to the limit that does not end inside a character (continuation bytes are 10xxxxxx). */
function cutLength(bytes: Uint8Array, start: number, length: number): number {
  if (length <= REASON_LIMIT_BYTES) return length;
  let cut = REASON_LIMIT_BYTES;
  while (cut > 0 && ((bytes[start + cut] ?? 0) & 0xc0) === 0x80) cut--;
  return cut;
}

/** Leaves `lengthBytes` free for the length, writes the text behind them, and returns its length in bytes. */
function writeText(writer: Writer, text: string, lengthBytes: number): number {
  const { written } = encoder.encodeInto(text, writer.bytes.subarray(writer.at + lengthBytes));
  writer.at += lengthBytes + written;
  return written;
}

/** Once `failed`, every further read yields zeroes or empty texts, so that only the end needs a check. */
type Reader = { readonly bytes: Uint8Array; readonly view: DataView; at: number; failed: boolean };

function isWhole(reader: Reader): boolean {
  return !reader.failed && reader.at === reader.bytes.length;
}

/** Moves on by `length` bytes and returns where they start; undefined, and failed, when there are not so many. */
function take(reader: Reader, length: number): number | undefined {
  if (reader.failed || reader.at + length > reader.bytes.length) {
    reader.failed = true;
    return undefined;
  }
  const start = reader.at;
  reader.at += length;
  return start;
}

function readHead(reader: Reader): number | undefined {
  const start = take(reader, 2);
  return start !== undefined && reader.bytes[start] === MAGIC ? reader.bytes[start + 1] : undefined;
}

function readVersion(reader: Reader): SlotVersion {
  const epoch = readInteger(reader);
  const sequence = readInteger(reader);
  const vantage = readText(reader, readByte(reader));
  const worker = readText(reader, readByte(reader));
  return { vantage, worker, epoch, sequence };
}

function readInteger(reader: Reader): number {
  const start = take(reader, 8);
  if (start === undefined) return 0;
  const value = reader.view.getUint32(start) * HIGH_WORD + reader.view.getUint32(start + 4);
  if (!Number.isSafeInteger(value)) reader.failed = true;
  return value;
}

function readByte(reader: Reader): number {
  const start = take(reader, 1);
  return start === undefined ? 0 : reader.view.getUint8(start);
}

function readPair(reader: Reader): number {
  const start = take(reader, 2);
  return start === undefined ? 0 : reader.view.getUint16(start);
}

/** How many entries follow; failed when that is more than may, or than there are bytes for. */
function readCount(reader: Reader): number {
  const start = take(reader, 4);
  const count = start === undefined ? 0 : reader.view.getUint32(start);
  if (count > PACKED_VOTE_LIMIT || count * 2 > reader.bytes.length - reader.at) reader.failed = true;
  return reader.failed ? 0 : count;
}

function readVotes(reader: Reader): TargetVote[] {
  const votes: TargetVote[] = [];
  const count = readCount(reader);
  for (let index = 0; index < count && !reader.failed; index++) {
    const lengthAndVote = readPair(reader);
    const vote = VOTES[lengthAndVote & 3] ?? 'abstain';
    const target = readText(reader, lengthAndVote >> 2);
    const share = readShare(reader);
    const reason = readReason(reader);
    votes.push(share === WHOLE_SHARE ? { target, vote, reason } : { target, vote, reason, share });
  }
  return votes;
}

function readSeal(reader: Reader): { readonly seal?: Seal } {
  const isSealed = readByte(reader);
  if (isSealed === 0) return {};
  if (isSealed !== 1) reader.failed = true;
  const start = take(reader, PUBLIC_KEY_BYTES + SIGNATURE_BYTES);
  if (start === undefined) return {};
  const bytes = reader.bytes.slice(start, reader.at);
  const publicKey = unpackPublicKey(bytes.subarray(0, PUBLIC_KEY_BYTES));
  return { seal: { publicKey, signature: bytes.subarray(PUBLIC_KEY_BYTES) } };
}

function readShare(reader: Reader): number {
  const share = readByte(reader);
  if (share > WHOLE_SHARE) reader.failed = true;
  return share;
}

function readReason(reader: Reader): string {
  const length = readByte(reader);
  if (length > REASON_LIMIT_BYTES) reader.failed = true;
  return readText(reader, length);
}

function readTargets(reader: Reader): string[] {
  const targets: string[] = [];
  const count = readCount(reader);
  for (let index = 0; index < count && !reader.failed; index++) {
    const length = readPair(reader);
    if (length > TARGET_LIMIT_BYTES) reader.failed = true;
    targets.push(readText(reader, length));
  }
  return targets;
}

function readText(reader: Reader, length: number): string {
  const start = take(reader, length);
  if (start === undefined || length === 0) return '';
  try {
    return decoder.decode(reader.bytes.subarray(start, start + length));
  } catch {
    reader.failed = true;
    return '';
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
