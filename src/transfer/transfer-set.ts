// Records as transfers handle them: a whole RRset as it stands in an image, and one record with its owner.

/** An RRset: `count` records in `data` from `start` on, each behind its length in two bytes. */
export type TransferSet = {
  readonly type: number;
  readonly ttlSeconds: number;
  readonly data: Uint8Array;
  readonly start: number;
  readonly count: number;
};

/** A set of these records. */
export function packData(type: number, ttlSeconds: number, records: readonly Uint8Array[]): TransferSet {
  const data = new Uint8Array(records.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const record of records) {
    data[at] = record.length >>> 8;
    data[at + 1] = record.length;
    data.set(record, at + 2);
    at += 2 + record.length;
  }
  return { type, ttlSeconds, data, start: 0, count: records.length };
}

/** One record. Whoever yields it fills the same object again for the next. */
export type TransferRecord = {
  /** The owner without the zone's own labels: nothing for the apex. */
  owner: Uint8Array;
  ownerStart: number;
  ownerLength: number;
  type: number;
  ttlSeconds: number;
  data: Uint8Array;
  dataStart: number;
  dataLength: number;
};

export function createTransferRecord(): TransferRecord {
  const nothing = new Uint8Array(0);
  return {
    owner: nothing,
    ownerStart: 0,
    ownerLength: 0,
    type: 0,
    ttlSeconds: 0,
    data: nothing,
    dataStart: 0,
    dataLength: 0,
  };
}
