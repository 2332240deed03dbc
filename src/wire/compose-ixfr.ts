// Composes a query for what has changed since a version that is held (RFC 1995 section 3): "with the authority section
// containing the SOA record of client's version of the zone". The serial alone counts; names and timers are empty.

import { HEADER_BYTES } from './query.ts';
import { CLASS_IN, TYPE_IXFR, TYPE_SOA } from './record-types.ts';

/** Two names of the root, five numbers. */
const SOA_BYTES = 22;

/** `zone`: wire form. */
export function composeIxfr(id: number, zone: Uint8Array, heldSerial: number): Uint8Array {
  const questionEnd = HEADER_BYTES + zone.length + 4;
  const bytes = new Uint8Array(questionEnd + 12 + SOA_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(4, 1);
  view.setUint16(8, 1);
  bytes.set(zone, HEADER_BYTES);
  view.setUint16(questionEnd - 4, TYPE_IXFR);
  view.setUint16(questionEnd - 2, CLASS_IN);
  view.setUint16(questionEnd, 0xc000 | HEADER_BYTES);
  view.setUint16(questionEnd + 2, TYPE_SOA);
  view.setUint16(questionEnd + 4, CLASS_IN);
  view.setUint16(questionEnd + 10, SOA_BYTES);
  view.setUint32(questionEnd + 14, heldSerial);
  return bytes;
}
