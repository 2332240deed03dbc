// Numbers and bytes into memory, in network order; each returns the offset behind what it wrote.

/** A loop, not `set` on a subarray: these are tens of bytes, and a subarray is an allocation. */
export function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  for (let index = 0; index < length; index++) to[at + index] = from[start + index] ?? 0;
  return at + length;
}

export function write16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

export function write32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}
