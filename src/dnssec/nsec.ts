// The NSEC record (RFC 4034 section 4): the next name of the zone, and the types that there are at this one.
//
//   | next name … | window | length | bitmap … | window …        a window for each 256 types of which there is any

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
  const octets: number[] = [];
  let window = -1;
  let start = 0;
  for (const type of [...types].sort((a, b) => a - b)) {
    if (type >>> 8 !== window) {
      window = type >>> 8;
      octets.push(window, 0);
      start = octets.length;
    }
    const at = start + ((type & 0xff) >>> 3);
    while (octets.length <= at) octets.push(0);
    octets[at] = (octets[at] ?? 0) | (0x80 >>> (type & 7));
    octets[start - 1] = octets.length - start;
  }
  return new Uint8Array(octets);
}
