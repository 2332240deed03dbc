// What a transfer brings, as its receiver gives it: read, checked to be of the zone, and not looked into further. And how much
// that may be.

/** `owner`: wire form, lower case. `data`: decompressed, in the case in which it came. */
export type ReceivedRecord = {
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly data: Uint8Array;
};

/** From the version before to the one after, in the order in which they came. The SOAs are not among the records. */
export type ReceivedChange = {
  readonly fromSerial: number;
  readonly toSerial: number;
  readonly soaAfter: ReceivedRecord;
  readonly deletions: readonly ReceivedRecord[];
  readonly additions: readonly ReceivedRecord[];
};

export type Received =
  /** The primary has the serial that is held. */
  | { readonly status: 'current' }
  /** It has an older one, or one that cannot be compared (RFC 1982 section 3.2). */
  | { readonly status: 'behind'; readonly serial: number }
  /** The SOA first, and once. A record that was sent twice is there twice. */
  | { readonly status: 'whole'; readonly serial: number; readonly records: readonly ReceivedRecord[] }
  | { readonly status: 'changes'; readonly serial: number; readonly changes: readonly ReceivedChange[] };

/** `reason`: a sentence. */
export type ReceiveEnd =
  | { readonly status: 'done'; readonly received: Received }
  | { readonly status: 'failed'; readonly reason: string };
export type ReceiveStep = { readonly status: 'more' } | ReceiveEnd;

/** `octets`: of owners and data, as they are kept. */
export type ReceiveLimits = { readonly messages: number; readonly records: number; readonly octets: number };
/** As many records as a zone may have sets (MAX_RECORDS_PER_ZONE): half a gigabyte of memory, or twice that. */
export const RECEIVE_LIMITS: ReceiveLimits = { messages: 2_000_000, records: 2_000_000, octets: 256 * 1024 * 1024 };
