// Typed arrays over shared memory: what a snapshot consists of. A thread that is handed such an array sees the same
// bytes, not a copy of them.

export function sharedUint8(length: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(length));
}

export function sharedUint16(length: number): Uint16Array<SharedArrayBuffer> {
  return new Uint16Array(new SharedArrayBuffer(2 * length));
}

export function sharedInt32(length: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

export function sharedFloat32(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

export function sharedFloat64(length: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(8 * length));
}

export function sharedUint8From(values: ArrayLike<number>): Uint8Array<SharedArrayBuffer> {
  const array = sharedUint8(values.length);
  array.set(values);
  return array;
}

export function sharedUint16From(values: ArrayLike<number>): Uint16Array<SharedArrayBuffer> {
  const array = sharedUint16(values.length);
  array.set(values);
  return array;
}

export function sharedInt32From(values: ArrayLike<number>): Int32Array<SharedArrayBuffer> {
  const array = sharedInt32(values.length);
  array.set(values);
  return array;
}

export function sharedFloat32From(values: ArrayLike<number>): Float32Array<SharedArrayBuffer> {
  const array = sharedFloat32(values.length);
  array.set(values);
  return array;
}
