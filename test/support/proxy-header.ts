// Headers of the PROXY protocol, version 2, for tests.

import { octetsOfAddress, parseAddress } from '../../src/model/address.ts';
import { bytes16 } from './dns-client.ts';

export const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

export type ProxyShape = {
  /** The client; its port is 4242, and where it went to does not matter. Absent: an unknown family. */
  readonly client?: string;
  readonly version?: number;
  /** 0 LOCAL, 1 PROXY. */
  readonly command?: number;
  /** 1 stream, 2 datagram. */
  readonly transport?: number;
  /** Instead of that of the client. */
  readonly family?: number;
  /** Type-length-values, or whatever else stands behind the addresses. */
  readonly tail?: Uint8Array;
  /** Instead of the true one. */
  readonly length?: number;
};

export function encodeProxyHeader({
  client,
  version = 2,
  command = 1,
  transport = 1,
  ...shape
}: ProxyShape): Uint8Array {
  const address = client === undefined ? undefined : parseAddress(client);
  const family = shape.family ?? (address === undefined ? 0 : address.family === 4 ? 1 : 2);
  const octets = address === undefined ? [] : [...octetsOfAddress(address)];
  const addresses = address === undefined ? [] : [...octets, ...octets.map(() => 9), ...bytes16(4242), ...bytes16(53)];
  const body = [...addresses, ...(shape.tail ?? [])];
  return Uint8Array.from([
    ...SIGNATURE,
    (version << 4) | command,
    (family << 4) | transport,
    ...bytes16(shape.length ?? body.length),
    ...body,
  ]);
}
