// A name as the answer path handles it: lower case, uncompressed, in memory that is reused, with its labels found.

/** `bytes` and `labelStarts` are reused; `length` (with the root label) and `labelCount` (without) say what is valid. */
export type FlatName = {
  readonly bytes: Uint8Array;
  length: number;
  /** Offset of each label in `bytes`; the entry behind the last one is that of the root label. */
  readonly labelStarts: Uint8Array;
  labelCount: number;
};

/** RFC 1035 section 2.3.4. */
export const MAX_NAME_BYTES = 255;
export const MAX_LABEL_BYTES = 63;
/** 127 labels of one byte and the root fill 255 bytes. */
export const MAX_LABELS = 127;

export function createFlatName(): FlatName {
  return {
    bytes: new Uint8Array(MAX_NAME_BYTES),
    length: 0,
    labelStarts: new Uint8Array(MAX_LABELS + 1),
    labelCount: 0,
  };
}

/**
 * Reads an uncompressed name from the wire, between `at` and `end`, folding ASCII case (RFC 4343). Returns the offset
 * behind it, or -1 when it is longer than it may be, runs out, or holds anything but plain labels (a compression pointer).
 */
export function readFlatName(name: FlatName, source: Uint8Array, at: number, end: number): number {
  const { bytes, labelStarts } = name;
  let written = 0;
  let labels = 0;
  for (;;) {
    if (at >= end) return -1;
    const labelLength = source[at++] ?? 0;
    bytes[written] = labelLength;
    labelStarts[labels] = written;
    if (labelLength === 0) break;
    // Beside the label itself there must be room for its length and for the root label.
    if (labelLength > MAX_LABEL_BYTES || at + labelLength > end || written + labelLength + 2 > MAX_NAME_BYTES)
      return -1;
    labels++;
    written++;
    for (const labelEnd = at + labelLength; at < labelEnd; at++) {
      const byte = source[at] ?? 0;
      bytes[written++] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    }
  }
  name.length = written + 1;
  name.labelCount = labels;
  return at;
}
