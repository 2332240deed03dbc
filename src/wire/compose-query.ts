// Composes a query: for asking ourselves (canaries, explain, rehearsals) exactly as a client would.

import { maskPrefix, octetsOfAddress, type Prefix } from '../model/address.ts';
import { HEADER_BYTES } from './query.ts';
import { CLASS_IN, OPTION_CLIENT_SUBNET, TYPE_OPT } from './record-types.ts';

export type QueryParts = {
  readonly id: number;
  /** Uncompressed wire form. */
  readonly name: Uint8Array;
  readonly type: number;
  /** On whose behalf: adds EDNS with a client subnet, host bits cleared (RFC 7871 section 6). */
  readonly subnet?: Prefix;
  /** Adds EDNS with the DO bit (RFC 3225). */
  readonly dnssecOk?: boolean;
};

const UDP_PAYLOAD = 1232;

export function composeQuery({ id, name, type, subnet, dnssecOk = false }: QueryParts): Uint8Array {
  const addressBytes = subnet === undefined ? 0 : (subnet.length + 7) >>> 3;
  const hasOpt = subnet !== undefined || dnssecOk;
  const optionBytes = subnet === undefined ? 0 : 8 + addressBytes;
  const optBytes = hasOpt ? 11 + optionBytes : 0;
  const bytes = new Uint8Array(HEADER_BYTES + name.length + 4 + optBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(4, 1);
  view.setUint16(10, hasOpt ? 1 : 0);
  bytes.set(name, HEADER_BYTES);
  let at = HEADER_BYTES + name.length;
  view.setUint16(at, type);
  view.setUint16(at + 2, CLASS_IN);
  if (!hasOpt) return bytes;
  at += 5;
  view.setUint16(at, TYPE_OPT);
  view.setUint16(at + 2, UDP_PAYLOAD);
  if (dnssecOk) bytes[at + 6] = 0x80;
  view.setUint16(at + 8, optionBytes);
  if (subnet === undefined) return bytes;
  view.setUint16(at + 10, OPTION_CLIENT_SUBNET);
  view.setUint16(at + 12, 4 + addressBytes);
  view.setUint16(at + 14, subnet.family === 4 ? 1 : 2);
  bytes[at + 16] = subnet.length;
  bytes.set(octetsOfAddress(maskPrefix(subnet)).subarray(0, addressBytes), at + 18);
  return bytes;
}
