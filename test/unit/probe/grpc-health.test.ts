import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeHealthRequest, nameGrpcStatus, readHealthResponse } from '../../../src/probe/grpc-health.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (array: Uint8Array) => Buffer.from(array).toString('hex');

test('asks for the server as a whole with an empty message, and for a service by its name', () => {
  assert.equal(hex(encodeHealthRequest('')), '0000000000');
  assert.equal(hex(encodeHealthRequest('a.B')), `00000000050a03${Buffer.from('a.B').toString('hex')}`);
  const long = encodeHealthRequest('x'.repeat(200));
  assert.equal(hex(long.subarray(0, 8)), '00000000cb0ac801');
  assert.equal(long.length, 5 + 1 + 2 + 200);
});

const RESPONSES: readonly [hex: string, status: string | undefined][] = [
  ['00 00000002 0801', 'SERVING'],
  ['00 00000002 0802', 'NOT_SERVING'],
  ['00 00000002 0803', 'SERVICE_UNKNOWN'],
  ['00 00000002 0800', 'UNKNOWN'],
  ['00 00000000', 'UNKNOWN'],
  ['00 00000003 08ff01', 'UNKNOWN'],
  // The last of a field counts, and what is not known is stepped over.
  ['00 00000004 08020801', 'SERVING'],
  ['00 0000000c 1203616263 0801 1d01020304', 'SERVING'],
  ['00 0000000b 0801 110102030405060708', 'SERVING'],
  ['01 00000002 0801', undefined],
  ['00 00000003 0801', undefined],
  ['00 00000002 0801 00', undefined],
  ['00 00000001 08', undefined],
  ['00 00000002 1205', undefined],
  ['00 00000001 0b', undefined],
  ['00 0000000b 08ffffffffffffffffffff', undefined],
  ['00 00', undefined],
  ['', undefined],
];

for (const [message, status] of RESPONSES) {
  test(`reads the response ${message || 'of no bytes'} as ${status ?? 'none'}`, () => {
    assert.equal(readHealthResponse(bytes(message)), status);
  });
}

test('reads whatever comes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (array) => void readHealthResponse(array)));
});

test('names the status codes of gRPC', () => {
  assert.deepEqual(['0', '5', '16', '17', '-1', 'x', '100'].map(nameGrpcStatus), [
    'OK',
    'NOT_FOUND',
    'UNAUTHENTICATED',
    'code 17',
    undefined,
    undefined,
    undefined,
  ]);
});
