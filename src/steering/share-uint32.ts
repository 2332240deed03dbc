// Numbers for all threads.

/** A copy of the first `length` numbers in shared memory. */
export function shareUint32(numbers: Uint32Array, length: number): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * length));
  shared.set(numbers.subarray(0, length));
  return shared;
}
