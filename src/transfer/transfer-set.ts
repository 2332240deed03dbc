// Records as transfers handle them: a whole RRset as it stands in an image, and one record with its owner.

/** An RRset: `count` records in `data` from `start` on, each behind its length in two bytes. */
export type TransferSet = {
  readonly type: number;
  readonly ttlSeconds: number;
  readonly data: Uint8Array;
  readonly start: number;
  readonly count: number;
};

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
