// Composes a NOTIFY (RFC 1996 section 3): "the zone has changed", with the SOA that it has now.

import { HEADER_BYTES } from './query.ts';
import { CLASS_IN, OPCODE_NOTIFY, TYPE_SOA } from './record-types.ts';

/** `zone`: wire form; `soa`: record data. Behind the message there is room for `spareBytes` more. */
export function composeNotify(
  id: number,
  zone: Uint8Array,
  soa: { readonly ttlSeconds: number; readonly data: Uint8Array },
  spareBytes: number,
): { readonly bytes: Uint8Array; readonly length: number } {
  const questionEnd = HEADER_BYTES + zone.length + 4;
  const length = questionEnd + 12 + soa.data.length;
  const bytes = new Uint8Array(length + spareBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  // AA: section 3.6 fills in what is known.
  view.setUint16(2, (OPCODE_NOTIFY << 11) | 0x0400);
  view.setUint16(4, 1);
  view.setUint16(6, 1);
  bytes.set(zone, HEADER_BYTES);
  view.setUint16(questionEnd - 4, TYPE_SOA);
  view.setUint16(questionEnd - 2, CLASS_IN);
  view.setUint16(questionEnd, 0xc000 | HEADER_BYTES);
  view.setUint16(questionEnd + 2, TYPE_SOA);
  view.setUint16(questionEnd + 4, CLASS_IN);
  view.setUint32(questionEnd + 6, soa.ttlSeconds);
  view.setUint16(questionEnd + 10, soa.data.length);
  bytes.set(soa.data, questionEnd + 12);
  return { bytes, length };
}
