// The NSEC record (RFC 4034 section 4): the next name of the zone, and the types that there are at this one.
//
//   | next name … | window | length | bitmap … | window …        a window for each 256 types of which there is any

const WINDOW_TYPES = 256;
const WINDOW_BYTES = 32;

/** `next` in wire form; its case is kept (RFC 6840 section 5.1). `types` in any order, doubles allowed. */
export function composeNsec(next: Uint8Array, types: Iterable<number>): Uint8Array {
  const bitmap = composeTypeBitmap(types);
  const bytes = new Uint8Array(next.length + bitmap.length);
  bytes.set(next);
  bytes.set(bitmap, next.length);
  return bytes;
}

/** Section 4.1.2: windows in ascending order, without zero octets at their end, none that is empty. */
export function composeTypeBitmap(types: Iterable<number>): Uint8Array {
  const windows = Map.groupBy(types, (type) => Math.floor(type / WINDOW_TYPES));
  const octets: number[] = [];
  for (const window of [...windows.keys()].sort((a, b) => a - b)) {
    const bitmap = new Uint8Array(WINDOW_BYTES);
    let length = 0;
    for (const type of windows.get(window) ?? []) {
      const bit = type % WINDOW_TYPES;
      bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) | (0x80 >>> (bit & 7));
      length = Math.max(length, (bit >>> 3) + 1);
    }
    octets.push(window, length, ...bitmap.subarray(0, length));
  }
  return Uint8Array.from(octets);
}
