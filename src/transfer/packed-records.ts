// Records packed into shared memory, as the journal keeps them and hands them to answer threads by reference:
//
//   owner's length 8 | owner, without the zone's labels | type 16 | TTL 32 | data's length 16 | data | …

import { createTransferRecord, type TransferRecord } from './transfer-set.ts';

export type RecordPacker = { bytes: Uint8Array; length: number };

const FIRST_BYTES = 256;
const FIXED_BYTES = 9;

export function createPacker(): RecordPacker {
  return { bytes: new Uint8Array(FIRST_BYTES), length: 0 };
}

export function packRecord(packer: RecordPacker, record: TransferRecord): void {
  const { owner, ownerStart, ownerLength, type, ttlSeconds, data, dataStart, dataLength } = record;
  const end = packer.length + FIXED_BYTES + ownerLength + dataLength;
  if (end > packer.bytes.length) {
    const larger = new Uint8Array(2 * end);
    larger.set(packer.bytes.subarray(0, packer.length));
    packer.bytes = larger;
  }
  const { bytes } = packer;
  const view = new DataView(bytes.buffer);
  let at = packer.length;
  bytes[at] = ownerLength;
  bytes.set(owner.subarray(ownerStart, ownerStart + ownerLength), at + 1);
  at += 1 + ownerLength;
  view.setUint16(at, type);
  view.setUint32(at + 2, ttlSeconds);
  view.setUint16(at + 6, dataLength);
  bytes.set(data.subarray(dataStart, dataStart + dataLength), at + 8);
  packer.length = end;
}

/** What was packed, in shared memory. */
export function finishPacking({ bytes, length }: RecordPacker): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(length));
  shared.set(bytes.subarray(0, length));
  return shared;
}

/** Yields one object again and again. */
export function* unpackRecords(packed: Uint8Array): Generator<TransferRecord> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const record = createTransferRecord();
  record.owner = packed;
  record.data = packed;
  for (let at = 0; at < packed.length; ) {
    record.ownerLength = packed[at] ?? 0;
    record.ownerStart = at + 1;
    at += 1 + record.ownerLength;
    record.type = view.getUint16(at);
    record.ttlSeconds = view.getUint32(at + 2);
    record.dataLength = view.getUint16(at + 6);
    record.dataStart = at + 8;
    yield record;
    at = record.dataStart + record.dataLength;
  }
}
