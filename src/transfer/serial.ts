// Serials of zones, which come round (RFC 1982 section 3.2, with 32 bits).

/** Whether `a` is newer than `b`. Neither is where they lie exactly half of all serials apart. */
export function isNewerSerial(a: number, b: number): boolean {
  const ahead = (a - b) >>> 0;
  return ahead !== 0 && ahead < 0x80000000;
}
