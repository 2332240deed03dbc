// Serials of zones, which come round (RFC 1982 section 3.2, with 32 bits).

/** Whether `a` is newer than `b`. Neither is where they lie exactly half of all serials apart. */
export function isNewerSerial(a: number, b: number): boolean {
  const ahead = (a - b) >>> 0;
  return ahead !== 0 && ahead < 0x80000000;
}

/** Behind its two names an SOA has five numbers, of which the serial is the first (RFC 1035 section 3.3.13). */
export const SOA_NUMBER_BYTES = 20;

/** `data`: of an SOA; what stands before it does not matter. */
export function serialOfSoa(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(data.length - SOA_NUMBER_BYTES);
}
