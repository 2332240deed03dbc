// The two messages of gRPC's health protocol (grpc.health.v1, health.proto), by hand: each has one field.
//
//    frame      1 octet compressed or not, 4 octets length, the message       (gRPC over HTTP/2, "Length-Prefixed-Message")
//    request    0A len service            field 1, text                       empty: the server as a whole
//    response   08 status                 field 1, a varint                   absent: 0

export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

const SERVING_STATUSES: readonly ServingStatus[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

const FRAME_BYTES = 5;

/** A frame with the request; `service` has at most 255 octets. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  if (name.length === 0) return new Uint8Array(FRAME_BYTES);
  const length = encodeVarint(name.length);
  const size = 1 + length.length + name.length;
  return Uint8Array.of(0, 0, 0, size >>> 8, size & 0xff, 0x0a, ...length, ...name);
}

function encodeVarint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >>> 7];
}

/** What the one frame says; undefined when it is none, is compressed, or is not whole. Never throws. */
export function readHealthResponse(bytes: Uint8Array): ServingStatus | undefined {
  if (bytes.length < FRAME_BYTES || bytes[0] !== 0) return undefined;
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (bytes.length !== FRAME_BYTES + size) return undefined;
  const reader: Reader = { bytes: bytes.subarray(FRAME_BYTES), at: 0 };
  let status = 0;
  while (reader.at < size) {
    const key = readVarint(reader);
    if (key === undefined) return undefined;
    if (key === STATUS_KEY) {
      const value = readVarint(reader);
      if (value === undefined) return undefined;
      status = value;
    } else if (!skipField(reader, key & 7)) return undefined;
  }
  // Numbers that a later version of the protocol may know.
  return SERVING_STATUSES[status] ?? 'UNKNOWN';
}

/** Field 1, a varint. */
const STATUS_KEY = 0x08;

type Reader = { readonly bytes: Uint8Array; at: number };

/** Up to ten octets, of which we need no more than 32 bits. */
function readVarint(reader: Reader): number | undefined {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) return undefined;
    if (index < 5) value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  return undefined;
}

/** False for groups, which proto3 does not have, and for what is not whole. */
function skipField(reader: Reader, wireType: number): boolean {
  if (wireType === 0) return readVarint(reader) !== undefined;
  const size = wireType === 2 ? readVarint(reader) : wireType === 1 ? 8 : wireType === 5 ? 4 : undefined;
  if (size === undefined || reader.at + size > reader.bytes.length) return false;
  reader.at += size;
  return true;
}

/** The status codes of gRPC, by their numbers. */
const GRPC_STATUSES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** `NOT_FOUND` for `5`; undefined for what is no status. */
export function nameGrpcStatus(text: string): string | undefined {
  return /^\d{1,2}$/.test(text) ? (GRPC_STATUSES[Number(text)] ?? `code ${Number(text)}`) : undefined;
}
